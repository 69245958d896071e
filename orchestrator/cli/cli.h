/* cli: everything that a command line can ask for but to run: the flags that only look, and the commands. */
#pragma once

#include "orchestrator/cli/command.h"

struct config;

/* Does it and returns the exit code. argv: for --complete, whose words are no options. */
int cli_run(const struct command *command, int argc, char **argv);

/* What is to run: the configuration in a file, the built-in one, or one that is made from an image. False: what is wrong was
 * said on standard error, and *code is the exit code. */
bool cli_config(const struct command *command, struct config **config, int *code);
