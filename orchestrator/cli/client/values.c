/* values: what is not there, or of another type, is shown as "-". */
#include "orchestrator/cli/client/values.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

const struct json_value *value_first(const struct json_value *object, const char *key)
{
	const struct json_value *list = json_get(object, key);

	return list != NULL ? list->first : NULL;
}

const char *value_text(const struct json_value *object, const char *key, char text[VALUE_SIZE])
{
	const struct json_value *value = json_get(object, key);
	bool shown = value != NULL && (value->type == JSON_STRING || value->type == JSON_NUMBER) && value->len > 0;

	snprintf(text, VALUE_SIZE, "%.*s", shown ? (int)(value->len < VALUE_SIZE ? value->len : VALUE_SIZE - 1) : 1,
	         shown ? value->text : "-");
	return text;
}

char *value_dup(const struct json_value *object, const char *key)
{
	char *text = json_dup_text(json_get(object, key));

	if (text != NULL && text[0] != '\0')
		return text;
	free(text);
	return NULL;
}

bool value_bool(const struct json_value *object, const char *key, bool otherwise)
{
	const struct json_value *value = json_get(object, key);

	return value != NULL && value->type == JSON_BOOL ? value->boolean : otherwise;
}

int64_t value_number(const struct json_value *object, const char *key, int64_t otherwise)
{
	int64_t found;

	return json_int(json_get(object, key), &found) ? found : otherwise;
}

const char *value_time(int64_t ms, char text[VALUE_SIZE])
{
	static const struct {
		int64_t below_ms, unit_ms;
		const char *unit;
	} units[] = {{1000, 1, "ms"}, {120000, 1000, "s"}, {7200000, 60000, "min"}, {172800000, 3600000, "h"}};
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (ms < units[i].below_ms) {
			snprintf(text, VALUE_SIZE, "%" PRId64 " %s", ms / units[i].unit_ms, units[i].unit);
			return text;
		}
	snprintf(text, VALUE_SIZE, "%" PRId64 " d", ms / 86400000);
	return text;
}

const char *value_time_of(const struct json_value *object, const char *key, char text[VALUE_SIZE])
{
	int64_t ms = value_number(object, key, -1);

	return ms >= 0 ? value_time(ms, text) : "-";
}

static const char *write_moment(int64_t ms, const char *format, char text[VALUE_SIZE])
{
	time_t second = (time_t)(ms / 1000);
	struct tm parts;

	localtime_r(&second, &parts);
	strftime(text, VALUE_SIZE, format, &parts);
	return text;
}

const char *value_moment(int64_t ms, char text[VALUE_SIZE])
{
	return write_moment(ms, "%m-%d %H:%M:%S", text);
}

const char *value_date(int64_t ms, char text[VALUE_SIZE])
{
	return write_moment(ms, "%Y-%m-%d %H:%M", text);
}
