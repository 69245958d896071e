/* usage: pieces that help, manual pages and completions have in common. */
#pragma once

#include "orchestrator/cli/command_table.h"

#include <stdio.h>

#define USAGE_SIZE 128

/* "-c, --config FILE", "    --json" */
void usage_option(const struct command_option *option, char text[USAGE_SIZE]);

/* "scale NAME N", "help [COMMAND]" */
void usage_verb(const struct command_verb *verb, char text[USAGE_SIZE]);
