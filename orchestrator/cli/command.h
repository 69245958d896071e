/* command: what is to be done, as the command line said it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct command_verb;

enum command_action {
	COMMAND_RUN,
	COMMAND_CHECK,
	COMMAND_PRINT_CONFIG,
	COMMAND_DOCUMENT,
	COMMAND_DOCUMENT_ADMIN,
	COMMAND_DOCUMENT_METRICS,
	COMMAND_SIMULATE,
	COMMAND_VERSION,
	COMMAND_HELP, /* about verb */
	COMMAND_INIT, /* words: IMAGE */
	COMMAND_STATUS,
	COMMAND_EVENTS,
	COMMAND_SCALE, /* words: NAME N, and so on */
	COMMAND_REPLACE,
	COMMAND_ROLL,
	COMMAND_RELOAD,
	COMMAND_DRAIN,
	COMMAND_CERTIFICATES,
	COMMAND_RENEW,
	COMMAND_COMPLETION,
	COMMAND_COMPLETE, /* what may stand in place of the last word? Asked by the completion scripts */
	COMMAND_MAN,
	COMMAND_BAD_USAGE, /* it was told why */
};

#define COMMAND_WORDS 2
#define COMMAND_TEXTS_MAX 64

/* The values of an option that may be there several times. */
struct command_texts {
	const char *items[COMMAND_TEXTS_MAX];
	size_t count;
};

struct command {
	enum command_action action;
	const struct command_verb *verb;
	const char *words[COMMAND_WORDS]; /* what stands behind the verb; NULL: not given */
	const char *config_path;          /* NULL: the built-in configuration */
	const char *admin;                /* the verbs that speak to a running orchestrator; NULL: as configured */
	const char *token_file;
	bool json;
	bool watch;
	bool lately;
	bool follow;
	const char *trace_path; /* SIMULATE, and what follows */
	const char *service;    /* NULL: the first one */
	const char *chart_path; /* NULL: no chart */
	int64_t start_ms;
	bool take_over;     /* RUN: containers of another orchestrator of this name */
	const char *image;  /* RUN: with a configuration made from it; NULL: from config_path */
	const char *name;   /* of INIT and of RUN with an image, as what follows: the service; NULL: after the image */
	const char *listen; /* NULL: as without a file */
	const char *health; /* NULL: to be found out */
	int64_t port;       /* 0: to be found out */
	struct command_texts env;
	const char *output; /* INIT; NULL: standard output */
};
