/* command_line: argv -> what is to be done.
 *
 * What may be said is in command_table.c; this reads it. It opens, prints and does nothing but usage errors on stderr.
 */
#pragma once

#include "orchestrator/cli/command.h"

/* Reads argv, and may reorder it; the texts of the result are borrowed from it. */
struct command command_line_read(int argc, char **argv);
