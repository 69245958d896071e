/* strings: an owned list of texts. */
#include "common/mem.h"
#include "orchestrator/base/options.h"

#include <stdlib.h>
#include <string.h>

void strings_clear(struct strings *strings)
{
	for (size_t i = 0; i < strings->count; i++)
		free(strings->items[i]);
	free(strings->items);
	*strings = (struct strings){0};
}

void strings_add(struct strings *strings, const char *text)
{
	strings->items = mem_array(strings->items, strings->count + 1, sizeof(strings->items[0]));
	strings->items[strings->count++] = mem_dup(text);
}

bool strings_equal(const struct strings *a, const struct strings *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		if (strcmp(a->items[i], b->items[i]) != 0)
			return false;
	}
	return true;
}
