/* command: a table of options; the help text is made from it. */
#include "orchestrator/command.h"

#include <errno.h>
#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#define START_MS 300 /* a Docker container's, about */
#define START_MS_MAX 3600000

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
        {{"document-admin", no_argument, NULL, 'a'}, NULL, "print the reference of the admin API, in Markdown"},
        {{"document-metrics", no_argument, NULL, 'M'}, NULL, "print the reference of all metrics, in Markdown"},
        {{"simulate", required_argument, NULL, 's'},
         "TRACE",
         "run the scaler over TRACE, lines of seconds,count, and print what it decides"},
        {{"service", required_argument, NULL, 'n'}, "NAME", "simulate: with this service's scale (default: the first)"},
        {{"start-ms", required_argument, NULL, 'm'}, "MS", "simulate: time that a container takes to start (300)"},
        {{"chart", required_argument, NULL, 'g'}, "FILE", "simulate: draw it, as SVG"},
        {{"json", no_argument, NULL, 'j'}, NULL, "simulate: print JSON instead"},
        {{"version", no_argument, NULL, 'V'}, NULL, "print the version"},
        {{"help", no_argument, NULL, 'h'}, NULL, "print this help"},
};
#define ROWS (sizeof rows / sizeof rows[0])

static void print_help(FILE *to)
{
	fputs("Usage: orchestrator [-c FILE] [--check | --print-config]\n"
	      "       orchestrator [-c FILE] --simulate TRACE [--service NAME] [--chart FILE] [--json] [--start-ms MS]\n\n"
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

static bool read_start_ms(const char *text, int64_t *ms)
{
	char *end;
	errno = 0;
	*ms = strtoll(text, &end, 10);
	if (end != text && *end == '\0' && errno == 0 && *ms >= 0 && *ms <= START_MS_MAX)
		return true;
	fprintf(stderr, "orchestrator: --start-ms: \"%s\" is not a whole number from 0 to %d\n", text, START_MS_MAX);
	return false;
}

/* One of those that go with --simulate; false: it was told why not. */
static bool read_simulate_option(struct command *command, int option, const char *argument)
{
	switch (option) {
	case 'n':
		command->service = argument;
		break;
	case 'g':
		command->chart_path = argument;
		break;
	case 'j':
		command->json = true;
		break;
	default:
		return read_start_ms(argument, &command->start_ms);
	}
	return true;
}

struct command command_read(int argc, char **argv)
{
	struct option options[ROWS + 1] = {0};
	for (size_t i = 0; i < ROWS; i++)
		options[i] = rows[i].option;
	struct command command = {.action = COMMAND_RUN, .start_ms = START_MS};
	bool of_simulate = false;
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
		case 'a':
			command.action = COMMAND_DOCUMENT_ADMIN;
			break;
		case 'M':
			command.action = COMMAND_DOCUMENT_METRICS;
			break;
		case 's':
			command.action = COMMAND_SIMULATE;
			command.trace_path = optarg;
			break;
		case 'n':
		case 'm':
		case 'g':
		case 'j':
			of_simulate = true;
			if (!read_simulate_option(&command, option, optarg))
				return usage_error();
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
	if (of_simulate && command.action != COMMAND_SIMULATE) {
		fputs("orchestrator: --service, --start-ms, --chart and --json go with --simulate TRACE alone\n",
		      stderr);
		return usage_error();
	}
	return command;
}
