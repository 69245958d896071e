/* json_unique: are the keys of an object all different?  Private to the JSON reader. */
#pragma once

#include "common/json.h"

/* The first member, in the order of the text, whose key an earlier one has as well; NULL if there is none. */
const struct json_value *json_find_duplicate(const struct json_value *object);
