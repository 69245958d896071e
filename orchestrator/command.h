/* command: the command line of the orchestrator. */
#pragma once

enum command_action { COMMAND_RUN, COMMAND_CHECK, COMMAND_PRINT_CONFIG, COMMAND_DOCUMENT, COMMAND_EXIT };

struct command {
	enum command_action action;
	const char *config_path; /* NULL: the built-in configuration */
	int exit_code;           /* EXIT */
};

/* Reads argv; --help, --version and usage errors are answered here (EXIT). */
struct command command_read(int argc, char **argv);
