/* command: a table of options; the help text is made from it. */
#include "orchestrator/command.h"

#include <getopt.h>
#include <stddef.h>
#include <stdio.h>

static const struct {
	struct option option;
	const char *argument;
	const char *help;
} rows[] = {
        {{"config", required_argument, NULL, 'c'},
         "FILE",
         "read the configuration from FILE (default: built in; see --print-config)"},
        {{"check", no_argument, NULL, 'k'}, NULL, "only check the configuration: exit 0 if it is good, 2 if not"},
        {{"print-config", no_argument, NULL, 'p'}, NULL, "print the whole configuration, defaults filled in, as JSON"},
        {{"document-config", no_argument, NULL, 'd'}, NULL, "print the reference of all keys, in Markdown"},
        {{"version", no_argument, NULL, 'V'}, NULL, "print the version"},
        {{"help", no_argument, NULL, 'h'}, NULL, "print this help"},
};
#define ROWS (sizeof rows / sizeof rows[0])

static void print_help(FILE *to)
{
	fputs("Usage: orchestrator [-c FILE] [--check | --print-config]\n\n"
	      "Serves containers on one Docker host: proxies requests to them, replaces them when they fail, and starts\n"
	      "and stops them by the number of requests.\n\n",
	      to);
	for (size_t i = 0; i < ROWS; i++) {
		char left[40];
		const char *argument = rows[i].argument != NULL ? rows[i].argument : "";
		if (rows[i].option.val == 'c' || rows[i].option.val == 'h')
			snprintf(left, sizeof left, "-%c, --%s %s", rows[i].option.val, rows[i].option.name, argument);
		else
			snprintf(left, sizeof left, "    --%s %s", rows[i].option.name, argument);
		fprintf(to, "  %-24s %s\n", left, rows[i].help);
	}
	fputs("\nSignals: TERM stops when what is in flight is done and leaves the containers to the next start; INT\n"
	      "(Ctrl-C) removes them as well. HUP reads FILE again and applies it whole, or refuses it whole. USR1 reopens\n"
	      "the access log.\n"
	      "Exit codes: 0 clean, 2 bad configuration or usage, 1 anything else.\n",
	      to);
}

static struct command leave(int exit_code)
{
	return (struct command){.action = COMMAND_EXIT, .exit_code = exit_code};
}

static struct command usage_error(void)
{
	fputs("Try: orchestrator --help\n", stderr);
	return leave(2);
}

struct command command_read(int argc, char **argv)
{
	struct option options[ROWS + 1] = {0};
	for (size_t i = 0; i < ROWS; i++)
		options[i] = rows[i].option;
	struct command command = {.action = COMMAND_RUN};
	int option;
	while ((option = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
		switch (option) {
		case 'c':
			command.config_path = optarg;
			break;
		case 'k':
			command.action = COMMAND_CHECK;
			break;
		case 'p':
			command.action = COMMAND_PRINT_CONFIG;
			break;
		case 'd':
			command.action = COMMAND_DOCUMENT;
			break;
		case 'V':
			puts("orchestrator " SELFLESS_VERSION);
			return leave(0);
		case 'h':
			print_help(stdout);
			return leave(0);
		default:
			return usage_error();
		}
	}
	if (optind < argc) {
		fprintf(stderr, "orchestrator: what is \"%s\"?\n", argv[optind]);
		return usage_error();
	}
	return command;
}
