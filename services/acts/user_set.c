/* user_set: an open hash table over the strings of the parsed document, at most half full. */
#include "services/acts/user_set.h"

#include "common/hash.h"
#include "common/json.h"
#include "common/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define MOST_USERS 4000000

struct user_set {
	char *text;
	struct json_doc *doc;
	const struct json_value **cells;
	size_t mask;
};

static size_t cell_of(const struct user_set *set, const char *name, size_t len)
{
	return hash_cell(hash_add(HASH_START, name, len), set->mask + 1);
}

static bool is_name(const struct json_value *value, const char *name, size_t len)
{
	return value->len == len && memcmp(value->text, name, len) == 0;
}

static void insert(struct user_set *set, const struct json_value *name)
{
	size_t at = cell_of(set, name->text, name->len);

	while (set->cells[at] != NULL)
		at = (at + 1) & set->mask;
	set->cells[at] = name;
}

static bool fill(struct user_set *set, const struct json_value *array, struct err *err)
{
	size_t size = 16;

	if (array->type != JSON_ARRAY)
		return err_set(err, "the users list is no array");
	while (size < array->count * 2)
		size *= 2;
	set->cells = mem_zero(size * sizeof(*set->cells));
	set->mask = size - 1;
	for (const struct json_value *name = array->first; name != NULL; name = name->next) {
		if (name->type != JSON_STRING)
			return err_set(err, "the users list holds something that is no text");
		insert(set, name);
	}
	return true;
}

bool user_set_new(const char *text, size_t len, struct user_set **set, struct err *err)
{
	static const struct json_limits LIMITS = {.depth = 1, .nodes = MOST_USERS + 1};
	struct user_set *s = mem_zero(sizeof(*s));

	s->text = len > 0 ? mem_dup_n(text, len) : mem_dup("[]");
	if (json_parse(s->text, len > 0 ? len : 2, &LIMITS, &s->doc, err) && fill(s, json_root(s->doc), err)) {
		*set = s;
		return true;
	}
	user_set_free(s);
	return false;
}

bool user_set_has(const struct user_set *set, const char *name, size_t len)
{
	for (size_t at = cell_of(set, name, len); set->cells[at] != NULL; at = (at + 1) & set->mask) {
		if (is_name(set->cells[at], name, len))
			return true;
	}
	return false;
}

void user_set_free(struct user_set *set)
{
	if (set == NULL)
		return;
	free(set->cells);
	json_free(set->doc);
	free(set->text);
	free(set);
}
