/* docker_json_values: texts and numbers out of what the Docker Engine tells us, whatever it tells. Pure. */
#pragma once

#include "common/json.h"

#include <stdbool.h>
#include <stddef.h>

/* Copies a string value, cut to size; "" where there is none. */
void docker_json_take_text(const struct json_value *value, char *out, size_t size);

/* A whole number that is written as a text, as labels and attributes are; fallback where it is none. */
int docker_json_take_number(const struct json_value *value, int fallback);

/* "12", "-1"; at most nine digits, which an int always holds. */
bool docker_json_read_decimal(const char *text, int *out);
