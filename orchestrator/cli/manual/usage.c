/* usage: rows of the command table as one line. */
#include "orchestrator/cli/manual/usage.h"

#include <string.h>

void usage_option(const struct command_option *option, char text[USAGE_SIZE])
{
	char letter[8] = "    ";

	if (option->letter != 0)
		snprintf(letter, sizeof(letter), "-%c, ", option->letter);
	snprintf(text, USAGE_SIZE, "%s--%s%s%s", letter, option->name, option->argument != NULL ? " " : "",
	         option->argument != NULL ? option->argument : "");
}

void usage_verb(const struct command_verb *verb, char text[USAGE_SIZE])
{
	snprintf(text, USAGE_SIZE, "%s", verb->name);
	for (int i = 0; i < COMMAND_WORDS && verb->words[i].name != NULL; i++) {
		const struct command_word *word = &verb->words[i];
		size_t len = strlen(text);
		snprintf(text + len, USAGE_SIZE - len, word->optional ? " [%s]" : " %s", word->name);
	}
}
