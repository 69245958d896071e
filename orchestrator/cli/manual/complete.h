/* complete: a command line half written -> what its last word may become. Pure. */
#pragma once

#include "orchestrator/cli/command_table.h"

#include <stdbool.h>
#include <stdio.h>

struct completion {
	enum command_kind kind; /* of the last word; COMMAND_NO_VALUE: nothing is known about it */
	bool is_option;         /* it begins with a dash: an option of the verb */
	const char *begun;      /* what is there of it; "" if nothing */
	const struct command_verb *verb;
	const char *const *choices; /* kind CHOICE */
	const char *service;        /* kind SLOT: the word before it */
	struct command access;      /* config_path, admin, token_file as they were given */
};

/* words: those behind the program's name; the last one, maybe empty, is the one that is being written. */
struct completion complete_read(int count, char **words);

/* Prints those candidates that the tables know: verbs, options, choices. False: it is none of these kinds. */
bool complete_print(const struct completion *completion, FILE *to);

/* One candidate, if it fits what was begun; help may be NULL. */
void complete_candidate(const struct completion *completion, const char *text, const char *help, FILE *to);
