/* init: a configuration for an image that nothing is known of but its name: it is tried once (trial.h), and what was found is
 * written down (draft.h).
 */
#pragma once

#include "common/err.h"

#include <stddef.h>

struct config;

struct init_settings {
	const char *image;
	const char *name;       /* of the service; NULL: after the image */
	const char *listen;     /* of the proxy; NULL: as without a file */
	int port;               /* in the container; 0: to be found out */
	const char *health;     /* path; NULL: to be found out */
	const char *const *env; /* "KEY=value" */
	size_t env_count;
};

/* Writes it to output (NULL: standard output), which must not be there yet; how it goes, to standard error. Returns the exit
 * code. */
int init_print(const struct init_settings *settings, const char *output);

/* The same, to run with. False: err says what is the matter; *code is the exit code. */
bool init_config(const struct init_settings *settings, struct config **config, int *code, struct err *err) MUST_CHECK;
