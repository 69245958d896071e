/* http_chars: classes of bytes in HTTP messages. Private to the head parser and the chunk decoder.
 *
 * One table of 256 bytes, a bit a class, so that a loop over a name or a value is one load and one test a byte. CR and
 * LF are in no class: every such loop ends at the end of the line at the latest.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum {
	HTTP_CHAR_TOKEN = 1,  /* RFC 9110 section 5.6.2 */
	HTTP_CHAR_VALUE = 2,  /* field value: HTAB, SP, visible ASCII, 0x80 to 0xff */
	HTTP_CHAR_TARGET = 4, /* request target: visible ASCII but '#' */
	HTTP_CHAR_HOST = 8,   /* registered name: unreserved, sub-delims but ',', '%' (RFC 3986 section 3.2.2) */
	HTTP_CHAR_HEX = 16,
	HTTP_CHAR_DIGIT = 32,
};

extern const uint8_t http_chars[256];

static inline bool http_char_is(char c, uint8_t classes)
{
	return (http_chars[(unsigned char)c] & classes) != 0;
}

static inline char http_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}
