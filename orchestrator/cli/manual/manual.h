/* manual: what the tables of commands and options say, for people and shells: help, manual pages, the reference of the
 * configuration, completion.
 *
 * Nothing here holds a fact of its own: a sentence is changed in orchestrator/cli/command_table.c or config/config_tables.c.
 */
#pragma once

#include "orchestrator/cli/command_table.h"

#include <stdio.h>

/* --help; the first verb gives the help about the whole. */
void manual_help(const struct command_verb *verb, FILE *to);

/* orchestrator(8) and orchestrator.json(5), as roff with the man macros. */
void manual_command_page(FILE *to);
void manual_config_page(FILE *to);

/* docs/configuration.md */
void manual_config_reference(FILE *to);

/* Scripts that ask `orchestrator --complete WORD...` for what may stand in place of the last word. The answer is one
 * candidate a line, behind a tab what it means; ":files" alone asks for names of files. */
void manual_bash_completion(FILE *to);
void manual_zsh_completion(FILE *to);
