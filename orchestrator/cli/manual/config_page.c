/* config_page: orchestrator.json(5), from the tables of options. */
#include "orchestrator/config/config_tables.h"
#include "orchestrator/cli/manual/manual.h"
#include "orchestrator/cli/manual/roff.h"

#include <stdio.h>
#include <string.h>

#define PATH_SIZE 200
#define ALLOWED_SIZE 400

static bool is_nested(const struct option *row)
{
	return row->type == OPTION_TABLE || row->type == OPTION_TABLES;
}

/* "whole number, 10 to 3600000 ms; default 1000; applied by a reload" */
static void facts(FILE *to, const struct option *row)
{
	char allowed[ALLOWED_SIZE];

	option_allowed(row, "", allowed, sizeof(allowed));
	roff_text(to, option_type_text(row));
	if (allowed[0] != '\0') {
		fputs(row->type == OPTION_ENUM ? ": " : ", ", to);
		roff_text(to, allowed);
	}
	if (row->otherwise != NULL) {
		fputs("; default ", to);
		roff_text(to, row->otherwise);
	} else if (row->fallback == NULL) {
		fputs("; required", to);
	} else if (strcmp(row->fallback, "null") != 0) {
		fputs("; default \\fB", to);
		roff_text(to, row->fallback);
		fputs("\\fR", to);
	}
	fputs(row->reloadable ? "; a reload applies it" : "; a change needs a restart", to);
}

static void key(FILE *to, const struct option *row, const char *path)
{
	char help[OPTION_HELP_SIZE];

	option_help(row, help);
	roff_entry(to, row->key, help);
	fputs(".RS\n.PP\n(", to);
	if (is_nested(row)) {
		char text[PATH_SIZE + 32];
		snprintf(text, sizeof(text), "%s; see %s%s%s%s", option_type_text(row), path,
		         path[0] != '\0' ? "." : "", row->key, row->type == OPTION_TABLES ? "[]" : "");
		roff_text(to, text);
	} else {
		facts(to, row);
	}
	fputs(")\n.RE\n", to);
}

static void table(FILE *to, const struct option *rows, const char *path)
{
	for (const struct option *row = rows; row->key != NULL; row++)
		key(to, row, path);
	for (const struct option *row = rows; row->key != NULL; row++) {
		char inner[PATH_SIZE];
		if (!is_nested(row))
			continue;
		snprintf(inner, sizeof(inner), "%s%s%s%s", path, path[0] != '\0' ? "." : "", row->key,
		         row->type == OPTION_TABLES ? "[]" : "");
		roff_heading(to, "SS", inner);
		table(to, row->table, inner);
	}
}

void manual_config_page(FILE *to)
{
	roff_title(to, "ORCHESTRATOR.JSON", 5);
	fputs(".SH NAME\norchestrator.json \\- configuration of orchestrator(8)\n.SH DESCRIPTION\n", to);
	fputs("One JSON object; C and C++ comments are allowed. Every key but a service\\(aqs name has a default; unknown "
	      "keys are refused.\n\\fBorchestrator \\-\\-check \\-c\\fR \\fIFILE\\fR says what is wrong and where,\n"
	      "\\fB\\-\\-print\\-config\\fR prints all keys with the values that hold.\n"
	      "SIGHUP applies a changed file whole, or refuses it whole.\n"
	      ".SH KEYS\n",
	      to);
	table(to, config_options, "");
	fputs(".SH EXAMPLE\nThe configuration without a file:\n.PP\n.nf\n", to);
	roff_text(to, config_default);
	fputs(".fi\n.SH SEE ALSO\n\\fBorchestrator\\fR(8)\n", to);
}
