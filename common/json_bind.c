/* json_bind: an object into a struct, by a const table.
 *
 * Invariant: `out` is only complete where true is returned; what was not named in the object is left as it was.
 */
#include "common/json.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

static const struct json_field *field_find(const struct json_field *fields, size_t count,
                                           const struct json_value *member)
{
	for (size_t i = 0; i < count; i++) {
		if (strlen(fields[i].name) == member->key_len &&
		    memcmp(fields[i].name, member->key, member->key_len) == 0)
			return &fields[i];
	}
	return NULL;
}

static bool bind_text(const struct json_field *field, const struct json_value *value, void *to, struct err *err)
{
	struct json_text *text = to;

	if (value->type != JSON_STRING)
		return err_set(err, "%s: must be a string", field->name);
	if (value->len > INT64_MAX || (int64_t)value->len < field->min || (int64_t)value->len > field->max)
		return err_set(err, "%s: must be %" PRId64 " to %" PRId64 " bytes long", field->name, field->min,
		               field->max);
	*text = (struct json_text){.data = value->text, .len = value->len};
	return true;
}

static bool bind_number(const struct json_field *field, const struct json_value *value, void *to, struct err *err)
{
	int64_t number;

	if (!json_int(value, &number) || number < field->min || number > field->max)
		return err_set(err, "%s: must be a whole number from %" PRId64 " to %" PRId64, field->name, field->min,
		               field->max);
	memcpy(to, &number, sizeof(number));
	return true;
}

/* A string of digits is read as the number it spells: one spelling for each number, so no sign and no leading zero. */
static bool bind_number_or_text(const struct json_field *field, const struct json_value *value, void *to,
                                struct err *err)
{
	if (value->type != JSON_STRING)
		return bind_number(field, value, to, err);
	struct json_value number = {.type = JSON_NUMBER, .text = value->text, .len = value->len};
	bool plain = value->len > 0 && value->text[0] != '-' && (value->len == 1 || value->text[0] != '0');
	if (!plain)
		number.type = JSON_NULL;
	return bind_number(field, &number, to, err);
}

static bool bind_bool(const struct json_field *field, const struct json_value *value, void *to, struct err *err)
{
	if (value->type != JSON_BOOL)
		return err_set(err, "%s: must be true or false", field->name);
	memcpy(to, &value->boolean, sizeof(value->boolean));
	return true;
}

static bool (*const binders[])(const struct json_field *, const struct json_value *, void *, struct err *) = {
        [JSON_FIELD_TEXT] = bind_text,
        [JSON_FIELD_INT] = bind_number,
        [JSON_FIELD_INT_OR_TEXT] = bind_number_or_text,
        [JSON_FIELD_BOOL] = bind_bool,
};

/* Quoting a key that may be anything would put strangers' bytes into the reply, so it is named only where short. */
static bool refuse_unknown(const struct json_value *member, struct err *err)
{
	if (member->key_len > 64 || memchr(member->key, '\0', member->key_len) != NULL)
		return err_set(err, "a key that does not belong here");
	return err_set(err, "%s: unknown key", member->key);
}

bool json_bind(const struct json_value *object, const struct json_field *fields, size_t count, void *out,
               struct err *err)
{
	uint64_t there = 0;

	assert(count <= 64);
	if (object == NULL || object->type != JSON_OBJECT)
		return err_set(err, "must be an object");
	for (const struct json_value *member = json_members(object); member != NULL; member = member->next) {
		const struct json_field *field = field_find(fields, count, member);
		if (field == NULL)
			return refuse_unknown(member, err);
		if (!binders[field->type](field, member, (char *)out + field->offset, err))
			return false;
		there |= UINT64_C(1) << (field - fields);
	}
	for (size_t i = 0; i < count; i++) {
		if (!fields[i].optional && (there >> i & 1) == 0)
			return err_set(err, "%s: missing", fields[i].name);
	}
	return true;
}
