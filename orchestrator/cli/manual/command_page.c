/* command_page: orchestrator(8), from the table of commands. */
#include "orchestrator/cli/manual/manual.h"
#include "orchestrator/cli/manual/roff.h"
#include "orchestrator/cli/manual/usage.h"

#include <ctype.h>
#include <string.h>

/* "-c, --config FILE" with the value in italics. */
static void option_entry(FILE *to, const struct command_option *option)
{
	fputs(".TP\n", to);
	if (option->letter != 0)
		fprintf(to, "\\fB\\-%c\\fR, ", option->letter);
	fputs("\\fB\\-\\-", to);
	roff_text(to, option->name);
	fputs("\\fR", to);
	if (option->argument != NULL)
		fprintf(to, " \\fI%s\\fR", option->argument);
	fputc('\n', to);
	roff_text(to, option->help);
	fputc('\n', to);
}

static void options(FILE *to, const struct command_verb *verb)
{
	for (const struct command_option *option = verb->options; option->name != NULL; option++)
		option_entry(to, option);
}

static void notes(FILE *to, const char *title, const struct command_note *note)
{
	roff_heading(to, "SH", title);
	for (; note->term != NULL; note++)
		roff_entry(to, note->term, note->text);
}

static void exit_codes(FILE *to)
{
	roff_heading(to, "SH", "EXIT STATUS");
	for (const struct command_exit_code *row = command_exit_codes; row->text != NULL; row++)
		if (command_exit_code_shown(row))
			roff_entry(to, row->code, row->text);
}

static void examples(FILE *to, const struct command_note *note)
{
	for (; note->term != NULL; note++)
		roff_entry(to, note->term, note->text);
}

/* Those that all commands share are told once, ahead of the commands. */
static bool is_shared(const struct command_option *option)
{
	const struct command_verb *drain = command_verb_find("drain");

	for (const struct command_option *shared = drain->options; shared->name != NULL; shared++)
		if (strcmp(shared->name, option->name) == 0)
			return true;
	return false;
}

static void verb_section(FILE *to, const struct command_verb *verb)
{
	char line[USAGE_SIZE];

	usage_verb(verb, line);
	roff_heading(to, "SS", line);
	fputc(toupper((unsigned char)verb->summary[0]), to);
	roff_text(to, verb->summary + 1);
	fputs(".\n.PP\n", to);
	roff_paragraphs(to, verb->text);
	for (const struct command_option *option = verb->options; option->name != NULL; option++)
		if (!is_shared(option))
			option_entry(to, option);
}

static void synopsis(FILE *to)
{
	roff_heading(to, "SH", "SYNOPSIS");
	fputs("\\fBorchestrator\\fR [\\fB\\-c\\fR \\fIFILE\\fR] [\\fB\\-\\-check\\fR | \\fB\\-\\-print\\-config\\fR]\n"
	      ".br\n"
	      "\\fBorchestrator\\fR [\\fB\\-c\\fR \\fIFILE\\fR] \\fB\\-\\-simulate\\fR \\fITRACE\\fR [\\fIOPTIONS\\fR]\n",
	      to);
	for (const struct command_verb *verb = command_verbs + 1; verb->name != NULL; verb++) {
		char line[USAGE_SIZE];
		usage_verb(verb, line);
		fputs(".br\n\\fBorchestrator ", to);
		roff_text(to, line);
		fputs("\\fR [\\fIOPTIONS\\fR]\n", to);
	}
}

static void all_examples(FILE *to)
{
	roff_heading(to, "SH", "EXAMPLES");
	for (const struct command_verb *verb = command_verbs; verb->name != NULL; verb++)
		examples(to, verb->examples);
}

void manual_command_page(FILE *to)
{
	const struct command_verb *whole = command_verbs;

	roff_title(to, "ORCHESTRATOR", 8);
	roff_heading(to, "SH", "NAME");
	fputs("orchestrator \\- ", to);
	roff_text(to, whole->summary);
	fputc('\n', to);
	synopsis(to);
	roff_heading(to, "SH", "DESCRIPTION");
	roff_paragraphs(to, whole->text);
	roff_heading(to, "SH", "OPTIONS");
	options(to, whole);
	roff_heading(to, "SH", "COMMANDS");
	fputs("Options of the commands that speak to an orchestrator:\n", to);
	options(to, command_verb_find("drain"));
	for (const struct command_verb *verb = command_verbs + 1; verb->name != NULL; verb++)
		verb_section(to, verb);
	all_examples(to);
	notes(to, "FILES", command_files);
	notes(to, "SIGNALS", command_signals);
	notes(to, "ENVIRONMENT", command_variables);
	exit_codes(to);
	roff_heading(to, "SH", "SEE ALSO");
	fputs("\\fBorchestrator.json\\fR(5), \\fBsystemctl\\fR(1)\n", to);
}
