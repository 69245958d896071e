/* utf8: which bytes are UTF-8 (RFC 3629: the shortest form only, no surrogates, up to U+10FFFF).  A NUL is a character. */
#pragma once

#include <stddef.h>

/* How many bytes the character at the start of text takes, 1..4; 0: no character begins there, or it is cut. left > 0: the
 * bytes that there are. */
size_t utf8_sequence(const char *text, size_t left);

/* The offset of the first byte that is not UTF-8; len if all of it is. */
size_t utf8_valid(const char *text, size_t len);
