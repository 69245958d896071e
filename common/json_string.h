/* json_string: what the escapes of a string may be. Private to the JSON reader. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* raw: a string as written between the quotes, its escapes well-formed. Is every \u of a surrogate one of a pair? */
bool json_escapes_are_paired(const char *raw, size_t len);
