/* docker_json_values: see the header. */
#include "orchestrator/engine/docker/docker_json_values.h"

#include <string.h>

void docker_json_take_text(const struct json_value *value, char *out, size_t size)
{
	size_t len = value != NULL && value->type == JSON_STRING ? value->len : 0;

	if (len >= size)
		len = size - 1;
	if (value != NULL && len > 0)
		memcpy(out, value->text, len);
	out[len] = '\0';
}

bool docker_json_read_decimal(const char *text, int *out)
{
	bool negative = *text == '-';
	int number = 0;
	int digits = 0;

	for (text += negative; *text >= '0' && *text <= '9' && digits < 9; text++, digits++)
		number = number * 10 + (*text - '0');
	*out = negative ? -number : number;
	return digits > 0 && *text == '\0';
}

int docker_json_take_number(const struct json_value *value, int fallback)
{
	char text[16];
	int number;

	docker_json_take_text(value, text, sizeof(text));
	return docker_json_read_decimal(text, &number) ? number : fallback;
}
