/* json_string: what the bytes of a string may be.  Private to the JSON reader and writer. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Bytes of the UTF-8 sequence at the start of text, 0 if it is none (RFC 3629: shortest form only, no surrogates, up
 * to U+10FFFF). left > 0. */
size_t json_utf8_sequence(const char *text, size_t left);

/* Offset of the first byte that is not UTF-8, len if all is. */
size_t json_utf8_valid(const char *text, size_t len);

/* raw: a string as written between the quotes, its escapes well-formed. Is every \u of a surrogate one of a pair? */
bool json_escapes_are_paired(const char *raw, size_t len);
