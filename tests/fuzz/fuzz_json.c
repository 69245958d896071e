/* Whatever json_parse accepts must have places inside the text, no duplicate keys, and mean the same when written and
 * read again. The first byte chooses whether comments are allowed. */
#include "common/json.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <string.h>

static void write_value(struct json_writer *w, const struct json_value *value);

static void write_children(struct json_writer *w, const struct json_value *value)
{
	size_t count = 0;

	for (const struct json_value *child = value->first; child != NULL; child = child->next, count++) {
		if (value->type == JSON_OBJECT) {
			assert(child->key != NULL && child->key[child->key_len] == '\0');
			/* json_key takes text that ends in NUL; a key with a NUL inside is written as far as it goes */
			json_key(w, child->key);
		} else {
			assert(child->key == NULL);
		}
		write_value(w, child);
	}
	assert(count == value->count);
}

static void write_value(struct json_writer *w, const struct json_value *value)
{
	assert(value->line > 0 && value->column > 0);
	switch (value->type) {
	case JSON_NULL:
		json_null(w);
		break;
	case JSON_BOOL:
		json_bool(w, value->boolean);
		break;
	case JSON_NUMBER:
		json_raw(w, value->text, value->len);
		break;
	case JSON_STRING:
		json_text_n(w, value->text, value->len);
		break;
	case JSON_ARRAY:
		json_begin_array(w);
		write_children(w, value);
		json_end_array(w);
		break;
	case JSON_OBJECT:
		json_begin_object(w);
		write_children(w, value);
		json_end_object(w);
		break;
	}
}

static bool key_has_nul(const struct json_value *value)
{
	if (value->key != NULL && memchr(value->key, '\0', value->key_len) != NULL)
		return true;
	for (const struct json_value *child = value->first; child != NULL; child = child->next) {
		if (key_has_nul(child))
			return true;
	}
	return false;
}

static void check_same(const struct json_value *a, const struct json_value *b)
{
	assert(a->type == b->type && a->boolean == b->boolean && a->count == b->count && a->len == b->len);
	assert(a->len == 0 || memcmp(a->text, b->text, a->len) == 0);
	assert((a->key == NULL) == (b->key == NULL));
	assert(a->key == NULL || (a->key_len == b->key_len && memcmp(a->key, b->key, a->key_len) == 0));
	const struct json_value *y = b->first;
	for (const struct json_value *x = a->first; x != NULL; x = x->next, y = y->next)
		check_same(x, y);
}

static void check_numbers(const struct json_value *value)
{
	int64_t whole;
	double real;

	if (json_int(value, &whole) && json_real(value, &real))
		assert((double)whole == real);
	for (const struct json_value *child = value->first; child != NULL; child = child->next)
		check_numbers(child);
}

static void check_round_trip(const struct json_value *root)
{
	struct json_writer w;
	struct json_doc *again;
	struct err err;
	struct buf buf;

	buf_init(&buf, (size_t)1 << 26);
	json_writer_init(&w, &buf);
	write_value(&w, root);
	assert(json_writer_ok(&w));
	bool ok = json_parse(buf.data, buf.len, NULL, &again, &err);
	assert(ok);
	check_same(root, json_root(again));
	json_free(again);
	buf_clear(&buf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = {.code = 0};
	struct json_doc *doc;

	if (size == 0)
		return 0;
	struct json_limits limits = {.comments = (data[0] & 1) != 0};
	if (!json_parse((const char *)data + 1, size - 1, &limits, &doc, &err)) {
		assert(strncmp(err.message, "line ", 5) == 0 && doc == NULL);
		return 0;
	}
	check_numbers(json_root(doc));
	if (!key_has_nul(json_root(doc)))
		check_round_trip(json_root(doc));
	json_free(doc);
	return 0;
}
