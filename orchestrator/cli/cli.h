/* cli: everything that a command line can ask for but to run: the flags that only look, and the commands. */
#pragma once

#include "orchestrator/cli/command.h"

/* Does it and returns the exit code. argv: for --complete, whose words are no options. */
int cli_run(const struct command *command, int argc, char **argv);
