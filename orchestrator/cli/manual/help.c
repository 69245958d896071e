/* help: --help, for a terminal of 80 columns. */
#include "orchestrator/cli/manual/manual.h"
#include "orchestrator/cli/manual/usage.h"

#include <string.h>

#define WIDTH 80
#define TERM_INDENT 2
#define TEXT_INDENT 26

/* Words of text from column `at` on, broken before WIDTH; further lines begin at indent. */
static void wrap(FILE *to, const char *text, int at, int indent)
{
	bool first = true;

	while (*text != '\0') {
		int len = (int)strcspn(text, " \n");
		if (!first && at + 1 + len > WIDTH) {
			fprintf(to, "\n%*s", indent, "");
			at = indent;
		} else if (!first) {
			fputc(' ', to);
			at++;
		}
		fprintf(to, "%.*s", len, text);
		at += len;
		first = false;
		text += len;
		if (strncmp(text, "\n\n", 2) == 0) {
			fprintf(to, "\n\n%*s", indent, "");
			at = indent;
			first = true;
		}
		text += strspn(text, " \n");
	}
	fputc('\n', to);
}

static void entry(FILE *to, const char *term, const char *text)
{
	int len = fprintf(to, "%*s%s", TERM_INDENT, "", term);

	if (len > TEXT_INDENT - 2) {
		fputc('\n', to);
		len = 0;
	}
	fprintf(to, "%*s", TEXT_INDENT - len, "");
	wrap(to, text, TEXT_INDENT, TEXT_INDENT);
}

static void notes(FILE *to, const char *title, const struct command_note *note)
{
	fprintf(to, "\n%s:\n", title);
	for (; note->term != NULL; note++)
		entry(to, note->term, note->text);
}

static void exit_codes(FILE *to)
{
	fputs("\nExit codes:\n", to);
	for (const struct command_exit_code *row = command_exit_codes; row->text != NULL; row++)
		if (command_exit_code_shown(row))
			entry(to, row->code, row->text);
}

static void examples(FILE *to, const struct command_note *note)
{
	fputs("\nExamples:\n", to);
	for (; note->term != NULL; note++) {
		fprintf(to, "  %s\n      ", note->term);
		wrap(to, note->text, 6, 6);
	}
}

static void options(FILE *to, const struct command_option *option)
{
	char term[USAGE_SIZE];

	fputs("\nOptions:\n", to);
	for (; option->name != NULL; option++) {
		usage_option(option, term);
		entry(to, term, option->help);
	}
}

static void verbs(FILE *to)
{
	char term[USAGE_SIZE];

	fputs("\nCommands (`orchestrator help COMMAND` says more):\n", to);
	for (const struct command_verb *verb = command_verbs + 1; verb->name != NULL; verb++) {
		usage_verb(verb, term);
		entry(to, term, verb->summary);
	}
}

static void help_whole(FILE *to)
{
	const struct command_verb *whole = command_verbs;

	fputs("Usage: orchestrator [-c FILE] [--check | --print-config]\n"
	      "       orchestrator [-c FILE] --simulate TRACE [--service NAME] [--chart FILE]\n"
	      "                    [--json] [--start-ms MS]\n"
	      "       orchestrator COMMAND [-c FILE] ...\n\n",
	      to);
	wrap(to, whole->text, 0, 0);
	verbs(to);
	options(to, whole->options);
	examples(to, whole->examples);
	notes(to, "Files", command_files);
	notes(to, "Signals", command_signals);
	notes(to, "Environment", command_variables);
	exit_codes(to);
}

void manual_help(const struct command_verb *verb, FILE *to)
{
	char line[USAGE_SIZE];

	if (verb == command_verbs) {
		help_whole(to);
		return;
	}
	usage_verb(verb, line);
	fprintf(to, "Usage: orchestrator %s [OPTIONS]\n       %s\n\n", line, verb->summary);
	wrap(to, verb->text, 0, 0);
	options(to, verb->options);
	examples(to, verb->examples);
}
