/* json_yajl: memory, what is switched on, and what went wrong. */
#include "common/json_yajl.h"

#include "common/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *on_yajl_alloc(void *arg, size_t size)
{
	(void)arg;
	return mem_alloc(size);
}

static void *on_yajl_grow(void *arg, void *old, size_t size)
{
	(void)arg;
	return mem_grow(old, size);
}

static void on_yajl_free(void *arg, void *old)
{
	(void)arg;
	free(old);
}

yajl_handle json_yajl_new(const yajl_callbacks *callbacks, bool comments, void *arg)
{
	yajl_alloc_funcs memory = {.malloc = on_yajl_alloc, .realloc = on_yajl_grow, .free = on_yajl_free};
	yajl_handle yajl = yajl_alloc(callbacks, &memory, arg); /* it copies them */

	yajl_config(yajl, yajl_allow_comments, comments ? 1 : 0);
	yajl_config(yajl, yajl_dont_validate_strings, 1);
	return yajl;
}

bool json_yajl_explain(yajl_handle yajl, char words[JSON_YAJL_WORDS])
{
	char *text = (char *)yajl_get_error(yajl, 0, NULL, 0), *colon = strstr(text, ": ");
	bool lexical = strncmp(text, "lexical", 7) == 0;

	text[strcspn(text, "\n")] = '\0';
	snprintf(words, JSON_YAJL_WORDS, "%s", colon != NULL ? colon + 2 : text);
	yajl_free_error(yajl, (unsigned char *)text);
	return lexical;
}
