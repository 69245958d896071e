/* engines: which engines there are, what each can, and what it wants of the configuration.
 *
 * Another engine is a folder, the declaration of what makes it, and a row in engines.c: the configuration's words, its rules,
 * its help and the program's main go by the table.
 */
#pragma once

#include "orchestrator/engine/engine.h"

#define ENGINE_KEYS_MAX 6 /* in each list of a row, with what ends it */

struct engine_need {
	const char *key;  /* of a service */
	const char *what; /* "an image": for "engine docker needs an image for each service" */
};

struct engine_kind {
	const char *name; /* what the key `engine` says */
	engine_new *make;
	struct engine_can can;
	struct engine_need needs[ENGINE_KEYS_MAX]; /* keys that may not be empty; key NULL ends */
	const char *unused[ENGINE_KEYS_MAX]; /* keys that have no effect, of a service or of the whole; NULL ends */
	/* The engine starts this program anew, with this as its first argument: then helper is all of it, and what it returns
	 * the exit code. NULL: it does not. */
	const char *helper_word;
	int (*helper)(char **words); /* behind helper_word; NULL ends */
};

extern const struct engine_kind engines[]; /* name NULL ends; the first is the default */

/* An engine of engines[index]; otherwise as its make (engine.h). */
bool engines_make(int index, const struct engine_settings *settings, struct engine **engine,
                  struct err *err) MUST_CHECK;

/* Is this program to be the helper of an engine? Then it has been, and *exit_code is what main returns. */
bool engines_help(int argc, char **argv, int *exit_code);

/* Who needs this key, and for whom it has no effect, in sentences with a space in front: " Engine docker needs it."; "" where
 * there is nothing to say. Cut to size. */
void engines_note(const char *key, char *text, size_t size);
