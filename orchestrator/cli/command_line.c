/* command_line: getopt along the rows of command_table.
 *
 *   options of "" up to the first word -> is it a verb? -> its own options, and its words among them
 *
 * Invariant: what is said wrong is told once, on stderr, and gives COMMAND_BAD_USAGE; nothing has been done by then.
 */
#include "orchestrator/cli/command_line.h"

#include "common/alike.h"
#include "orchestrator/cli/command_table.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define START_MS 300 /* a Docker container's, about */
#define OPTIONS_MAX 32
#define LONG_BASE 256 /* + index of the row: above all letters */

static bool complain(const struct command *command)
{
	const char *name = command->verb->name;

	fprintf(stderr, "Try: orchestrator %s%s--help\n", name, name[0] != '\0' ? " " : "");
	return false;
}

/* --- options --------------------------------------------------------------------------------------------------- */

static void make_getopt(const struct command_option *rows, bool stop_at_word, struct option options[OPTIONS_MAX + 1],
                        char letters[2 * OPTIONS_MAX + 2])
{
	size_t at = 0;

	memset(options, 0, (OPTIONS_MAX + 1) * sizeof(*options));
	if (stop_at_word)
		letters[at++] = '+';
	for (int i = 0; i < OPTIONS_MAX && rows[i].name != NULL; i++) {
		options[i].name = rows[i].name;
		options[i].has_arg = rows[i].argument != NULL ? required_argument : no_argument;
		options[i].val = LONG_BASE + i;
		if (rows[i].letter == 0)
			continue;
		letters[at++] = rows[i].letter;
		if (rows[i].argument != NULL)
			letters[at++] = ':';
	}
	letters[at] = '\0';
}

static const struct command_option *row_of(const struct command_option *rows, int found)
{
	if (found >= LONG_BASE)
		return &rows[found - LONG_BASE];
	while (rows->name != NULL && rows->letter != found)
		rows++;
	return rows->name != NULL ? rows : NULL;
}

static bool set_number(const struct command_option *row, int64_t *number, const char *text)
{
	char *end;

	errno = 0;
	*number = strtoll(text, &end, 10);
	if (end != text && *end == '\0' && errno == 0 && *number >= 0 && *number <= row->max)
		return true;
	fprintf(stderr, "orchestrator: --%s: \"%s\" is not a whole number from 0 to %" PRId64 "\n", row->name, text,
	        row->max);
	return false;
}

static bool add_text(const struct command_option *row, struct command_texts *texts, const char *text)
{
	if (texts->count < COMMAND_TEXTS_MAX) {
		texts->items[texts->count++] = text;
		return true;
	}
	fprintf(stderr, "orchestrator: --%s: %d of them at most\n", row->name, COMMAND_TEXTS_MAX);
	return false;
}

static bool apply(struct command *command, const struct command_option *row, const char *argument)
{
	void *member = (char *)command + row->at;

	switch (row->effect) {
	case COMMAND_SETS_ACTION:
		command->action = (enum command_action)row->at;
		break;
	case COMMAND_SETS_FLAG:
		*(bool *)member = true;
		break;
	case COMMAND_SETS_TEXT:
		*(const char **)member = argument;
		break;
	case COMMAND_SETS_NUMBER:
		return set_number(row, member, argument);
	case COMMAND_ADDS_TEXT:
		return add_text(row, member, argument);
	case COMMAND_SETS_TRACE:
		command->action = COMMAND_SIMULATE;
		command->trace_path = argument;
		break;
	}
	return true;
}

/* company: a bit for each kind that the options had. */
static bool check_company(const struct command *command, unsigned company)
{
	if ((company & 1u << COMMAND_WITH_SIMULATE) != 0 && command->action != COMMAND_SIMULATE)
		fputs("orchestrator: --service, --start-ms, --chart and --json go with --simulate TRACE alone\n",
		      stderr);
	else if ((company & 1u << COMMAND_WITH_IMAGE) != 0 && command->image == NULL)
		fputs("orchestrator: --port, --health, --env, --name and --listen go with --image IMAGE alone\n",
		      stderr);
	else if (command->image != NULL && (command->config_path != NULL || command->action != COMMAND_RUN))
		fputs("orchestrator: --image needs no configuration, and has none to be checked or printed: orchestrator init IMAGE "
		      "writes one\n",
		      stderr);
	else
		return true;
	return complain(command);
}

/* argv[0] is what getopt's complaints begin with. */
static bool read_options(struct command *command, int argc, char **argv, bool stop_at_word)
{
	struct option options[OPTIONS_MAX + 1];
	char letters[2 * OPTIONS_MAX + 2];
	const struct command_option *rows = command->verb->options;
	unsigned company = 0;
	int found;

	make_getopt(rows, stop_at_word, options, letters);
	optind = 0; /* glibc: from the beginning, with these letters */
	while ((found = getopt_long(argc, argv, letters, options, NULL)) != -1) {
		const struct command_option *row = row_of(rows, found);
		if (row == NULL || !apply(command, row, optarg))
			return complain(command);
		if (command->action == COMMAND_HELP || command->action == COMMAND_VERSION)
			return true;
		company |= 1u << row->company;
	}
	return check_company(command, company);
}

/* --- words ----------------------------------------------------------------------------------------------------- */

static bool is_choice(const struct command_word *word, const char *text)
{
	for (const char *const *choice = word->choices; *choice != NULL; choice++)
		if (strcmp(*choice, text) == 0)
			return true;
	return false;
}

/* ": did you mean status?", or "". */
static const char *verb_question(const char *typed, char question[ALIKE_QUESTION_SIZE])
{
	struct alike alike;

	alike_begin(&alike, typed);
	for (const struct command_verb *verb = command_verbs + 1; verb->name != NULL; verb++)
		alike_offer(&alike, verb->name);
	return alike_question(&alike, question);
}

static bool word_fits(const struct command_word *word, const char *text)
{
	char question[ALIKE_QUESTION_SIZE];

	switch (word->kind) {
	case COMMAND_NUMBER:
	case COMMAND_SLOT:
		if (text[0] != '\0' && strlen(text) <= 9 && text[strspn(text, "0123456789")] == '\0')
			return true;
		fprintf(stderr, "orchestrator: %s: \"%s\" is not a whole number\n", word->name, text);
		return false;
	case COMMAND_CHOICE:
		if (is_choice(word, text))
			return true;
		fprintf(stderr, "orchestrator: %s: \"%s\" is none of", word->name, text);
		for (const char *const *choice = word->choices; *choice != NULL; choice++)
			fprintf(stderr, " %s", *choice);
		fputc('\n', stderr);
		return false;
	case COMMAND_VERB:
		if (command_verb_find(text) != NULL)
			return true;
		fprintf(stderr, "orchestrator: there is no command \"%s\"%s\n", text, verb_question(text, question));
		return false;
	default:
		if (text[0] != '\0')
			return true;
		fprintf(stderr, "orchestrator: %s must not be empty\n", word->name);
		return false;
	}
}

static bool read_words(struct command *command, int count, char **texts)
{
	const struct command_word *words = command->verb->words;

	for (int i = 0; i < COMMAND_WORDS; i++) {
		if (i < count && words[i].name != NULL) {
			if (!word_fits(&words[i], texts[i]))
				return complain(command);
			command->words[i] = texts[i];
		} else if (words[i].name != NULL && !words[i].optional) {
			fprintf(stderr, "orchestrator %s: %s is missing\n", command->verb->name, words[i].name);
			return complain(command);
		} else if (i < count) {
			break;
		}
	}
	int taken = (command->words[0] != NULL) + (command->words[1] != NULL);
	if (count <= taken)
		return true;
	fprintf(stderr, "orchestrator: what is \"%s\"?\n", texts[taken]);
	return complain(command);
}

/* --- the whole ------------------------------------------------------------------------------------------------- */

/* getopt's complaints begin with both names. */
static bool read_options_of_verb(struct command *command, int argc, char **argv)
{
	char title[32], *name = argv[0];

	snprintf(title, sizeof(title), "orchestrator %s", command->verb->name);
	argv[0] = title;
	bool ok = read_options(command, argc, argv, false);
	argv[0] = name;
	return ok;
}

/* argv[0] is the verb. */
static bool read_verb(struct command *command, int argc, char **argv)
{
	char question[ALIKE_QUESTION_SIZE];
	const struct command_verb *verb = argv[0][0] != '\0' ? command_verb_find(argv[0]) : NULL;

	if (verb == NULL) {
		fprintf(stderr, "orchestrator: there is no command \"%s\"%s\n", argv[0],
		        verb_question(argv[0], question));
		return complain(command);
	}
	if (command->action != COMMAND_RUN || command->image != NULL) {
		fprintf(stderr, "orchestrator: of the options before \"%s\" only -c goes with it\n", argv[0]);
		return complain(command);
	}
	command->verb = verb;
	if (!read_options_of_verb(command, argc, argv))
		return false;
	if (command->action == COMMAND_HELP)
		return true;
	command->action = verb->action;
	if (!read_words(command, argc - optind, argv + optind))
		return false;
	if (verb->action == COMMAND_HELP)
		command->verb = command_verb_find(command->words[0] != NULL ? command->words[0] : "");
	return true;
}

struct command command_line_read(int argc, char **argv)
{
	struct command command = {.action = COMMAND_RUN, .verb = command_verbs, .start_ms = START_MS};

	if (argc > 1 && strcmp(argv[1], "--complete") == 0) { /* no option: what follows is a line half written */
		command.action = COMMAND_COMPLETE;
		return command;
	}
	bool ok = read_options(&command, argc, argv, true);
	int at = optind;
	if (ok && at < argc && command.action != COMMAND_HELP && command.action != COMMAND_VERSION)
		ok = read_verb(&command, argc - at, argv + at);
	if (!ok)
		command.action = COMMAND_BAD_USAGE;
	return command;
}
