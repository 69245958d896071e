/* json_unique: are the keys of an object all different?
 *
 * Small objects, nearly all of them, are compared each with each; big ones are sorted, so that an object made of
 * 100,000 members costs n log n, not n * n.
 */
#include "common/json_unique.h"

#include "common/mem.h"

#include <stdlib.h>
#include <string.h>

#define FEW_KEYS 8

static bool key_same(const struct json_value *a, const struct json_value *b)
{
	return a->key_len == b->key_len && memcmp(a->key, b->key, a->key_len) == 0;
}

static int text_order(const struct json_value *a, const struct json_value *b)
{
	if (a->key_line != b->key_line)
		return a->key_line < b->key_line ? -1 : 1;
	return a->key_column < b->key_column ? -1 : a->key_column > b->key_column;
}

/* By key; equal keys in the order of the text. */
static int key_order(const void *one, const void *other)
{
	const struct json_value *a = *(const struct json_value *const *)one;
	const struct json_value *b = *(const struct json_value *const *)other;

	if (a->key_len != b->key_len)
		return a->key_len < b->key_len ? -1 : 1;
	int order = memcmp(a->key, b->key, a->key_len);
	return order != 0 ? order : text_order(a, b);
}

static const struct json_value *duplicate_among_few(const struct json_value *object)
{
	for (const struct json_value *b = object->first; b != NULL; b = b->next) {
		for (const struct json_value *a = object->first; a != b; a = a->next) {
			if (key_same(a, b))
				return b;
		}
	}
	return NULL;
}

static const struct json_value *duplicate_among_many(const struct json_value *object)
{
	const struct json_value **sorted = mem_array(NULL, object->count, sizeof(const struct json_value *));
	const struct json_value *duplicate = NULL;
	size_t count = 0;

	for (const struct json_value *a = object->first; a != NULL; a = a->next)
		sorted[count++] = a;
	qsort(sorted, count, sizeof(const struct json_value *), key_order);
	for (size_t i = 1; i < count; i++) {
		if (key_same(sorted[i - 1], sorted[i]) && (duplicate == NULL || text_order(sorted[i], duplicate) < 0))
			duplicate = sorted[i];
	}
	free(sorted);
	return duplicate;
}

const struct json_value *json_find_duplicate(const struct json_value *object)
{
	return object->count <= FEW_KEYS ? duplicate_among_few(object) : duplicate_among_many(object);
}
