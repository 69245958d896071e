/* command: the command line of the orchestrator. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum command_action {
	COMMAND_RUN,
	COMMAND_CHECK,
	COMMAND_PRINT_CONFIG,
	COMMAND_DOCUMENT,
	COMMAND_DOCUMENT_ADMIN,
	COMMAND_DOCUMENT_METRICS,
	COMMAND_SIMULATE,
	COMMAND_EXIT
};

struct command {
	enum command_action action;
	const char *config_path; /* NULL: the built-in configuration */
	const char *trace_path;  /* SIMULATE, and what follows */
	const char *service;     /* NULL: the first one */
	const char *chart_path;  /* NULL: no chart */
	bool json;
	int64_t start_ms;
	int exit_code;           /* EXIT */
};

/* Reads argv; --help, --version and usage errors are answered here (EXIT). */
struct command command_read(int argc, char **argv);
