/* settings: what a service reads from its environment. */
#pragma once

#include "common/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define SETTINGS_IDENTITY_MOST 64

struct settings {
	char *listen;
	char *data_dir;
	char *store_url;
	int64_t max_body_bytes;
	char *users_url;
	int64_t users_timeout_ms;
	char *identity; /* letters and digits; "": nobody gave it one */
};

/* Also sets the log level. False: a variable holds what it may not. */
bool settings_read(struct settings *settings, struct err *err) MUST_CHECK;
void settings_clear(struct settings *settings);

/* The url of the store of that service: STORE_URL, else its file in DATA_DIR. Free it. */
char *settings_store_url(const struct settings *settings, const char *service);

/* The variables with their defaults and meaning, a line each. */
void settings_help(FILE *to);
