/* complete: walks along the words as command.c would, and never complains: what is wrong is left to it. */
#include "orchestrator/cli/manual/complete.h"

#include <string.h>

/* "--name", "--name=value" or "-c"; NULL: the verb has no such option. */
static const struct command_option *option_of(const struct command_verb *verb, const char *word)
{
	size_t len = strcspn(word, "=");

	for (const struct command_option *option = verb->options; option->name != NULL; option++) {
		bool is_long = len > 2 && strncmp(word, "--", 2) == 0 && strlen(option->name) == len - 2 &&
		               memcmp(option->name, word + 2, len - 2) == 0;
		bool is_short = word[0] == '-' && word[1] != '\0' && word[1] == option->letter && word[2] == '\0';
		if (is_long || is_short)
			return option;
	}
	return NULL;
}

static void note_access(struct command *access, const struct command_option *option, const char *value)
{
	if (option->effect == COMMAND_SETS_TEXT)
		*(const char **)((char *)access + option->at) = value;
}

/* An option at words[at]: how many words it takes. */
static int skip_option(struct completion *completion, int at, int last, char **words)
{
	const struct command_option *option = option_of(completion->verb, words[at]);
	const char *value = strchr(words[at], '=');

	if (option == NULL || option->argument == NULL)
		return 1;
	if (value == NULL && at + 1 == last) {
		completion->kind = option->kind;
		return 2;
	}
	note_access(&completion->access, option, value != NULL ? value + 1 : words[at + 1]);
	return value != NULL ? 1 : 2;
}

static void read_last(struct completion *completion, const char *word, int position)
{
	const struct command_option *option = option_of(completion->verb, word);
	const char *value = strchr(word, '=');

	completion->begun = word;
	if (word[0] == '-' && value != NULL && option != NULL) {
		completion->kind = option->kind;
		completion->begun = value + 1;
	} else if (word[0] == '-') {
		completion->is_option = true;
	} else if (completion->verb == command_verbs) {
		completion->kind = COMMAND_VERB;
	} else if (position < COMMAND_WORDS) {
		completion->kind = completion->verb->words[position].kind;
		completion->choices = completion->verb->words[position].choices;
	}
}

struct completion complete_read(int count, char **words)
{
	struct completion completion = {.verb = command_verbs, .begun = ""};
	int last = count - 1, position = 0, at = 0;

	while (at < last) {
		if (words[at][0] == '-' && words[at][1] != '\0') {
			at += skip_option(&completion, at, last, words);
			continue;
		}
		if (completion.verb == command_verbs) {
			completion.verb = command_verb_find(words[at]);
			if (completion.verb == NULL)
				return (struct completion){.verb = command_verbs, .begun = ""};
		} else if (position++ == 0) {
			completion.service = words[at];
		}
		at++;
	}
	if (at == last)
		read_last(&completion, words[last], position);
	else if (count > 0)
		completion.begun = words[last]; /* the value of the option before it */
	return completion;
}

void complete_candidate(const struct completion *completion, const char *text, const char *help, FILE *to)
{
	if (strncmp(text, completion->begun, strlen(completion->begun)) == 0)
		fprintf(to, "%s%s%s\n", text, help != NULL ? "\t" : "", help != NULL ? help : "");
}

static void print_verbs(const struct completion *completion, FILE *to)
{
	for (const struct command_verb *verb = command_verbs + 1; verb->name != NULL; verb++)
		complete_candidate(completion, verb->name, verb->summary, to);
}

static void print_options(const struct completion *completion, FILE *to)
{
	char text[64];

	for (const struct command_option *option = completion->verb->options; option->name != NULL; option++) {
		snprintf(text, sizeof(text), "--%s", option->name);
		complete_candidate(completion, text, option->help, to);
	}
}

bool complete_print(const struct completion *completion, FILE *to)
{
	if (completion->is_option) {
		print_options(completion, to);
		return true;
	}
	switch (completion->kind) {
	case COMMAND_VERB:
		print_verbs(completion, to);
		return true;
	case COMMAND_CHOICE:
		for (const char *const *choice = completion->choices; *choice != NULL; choice++)
			complete_candidate(completion, *choice, NULL, to);
		return true;
	case COMMAND_FILE:
		fputs(":files\n", to);
		return true;
	default:
		return false;
	}
}
