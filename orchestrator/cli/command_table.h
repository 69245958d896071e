/* command_table: every command, option, file, signal and exit code there is.
 *
 * command_line.c reads the command line by it; --help, the man page and the completions (manual/) are printed from it.
 */
#pragma once

#include "orchestrator/cli/command.h"

/* What a value is: for checking and for completing it. */
enum command_kind {
	COMMAND_NO_VALUE,
	COMMAND_FILE,
	COMMAND_TEXT,
	COMMAND_ADDRESS,
	COMMAND_NUMBER,
	COMMAND_SERVICE,
	COMMAND_SLOT, /* a number, of a slot of the service before it */
	COMMAND_HOST,
	COMMAND_VERB,
	COMMAND_CHOICE,
};

enum command_effect {
	COMMAND_SETS_ACTION, /* at = enum command_action */
	COMMAND_SETS_FLAG,   /* at = offset in struct command of a bool, */
	COMMAND_SETS_TEXT,   /* of a const char *, */
	COMMAND_SETS_NUMBER, /* of an int64_t, 0 to max */
	COMMAND_ADDS_TEXT,   /* to a struct command_texts */
	COMMAND_SETS_TRACE,  /* the action SIMULATE, and what to simulate */
};

/* Without which other option of the same verb an option means nothing. */
enum command_company { COMMAND_ALONE, COMMAND_WITH_SIMULATE, COMMAND_WITH_IMAGE };

struct command_option {
	const char *name;       /* without its two dashes */
	char letter;            /* 0: none */
	const char *argument;   /* what the value is called; NULL: it takes none */
	enum command_kind kind; /* of the value */
	enum command_effect effect;
	size_t at;
	const char *help; /* no capital, no full stop */
	int64_t max;
	enum command_company company;
};

/* One of the words behind a verb. */
struct command_word {
	const char *name;
	enum command_kind kind;
	const char *const *choices; /* CHOICE: ended by NULL */
	bool optional;
};

/* A term and what it means: an example, a file, a signal, ... */
struct command_note {
	const char *term;
	const char *text;
};

struct command_verb {
	const char *name; /* "": nothing but options */
	enum command_action action;
	const char *summary;                      /* no capital, no full stop */
	const char *text;                         /* paragraphs, an empty line between two */
	struct command_word words[COMMAND_WORDS]; /* name NULL: no more */
	const struct command_option *options;     /* ended by name NULL */
	const struct command_note *examples;      /* ended by term NULL, as all notes */
};

/* The first one is "", the others end with name NULL. */
extern const struct command_verb command_verbs[];

extern const struct command_note command_files[];
extern const struct command_note command_signals[];
extern const struct command_note command_variables[];

/* What the program ends with, and which command alone does: ended by text NULL. The rows of commands that are not there
 * yet are kept for them; command_exit_code_shown leaves them out. */
struct command_exit_code {
	const char *code;
	const char *verb; /* NULL: any */
	const char *text; /* no capital, no full stop */
};

extern const struct command_exit_code command_exit_codes[];

bool command_exit_code_shown(const struct command_exit_code *row);

/* NULL: there is none of that name. */
const struct command_verb *command_verb_find(const char *name);
