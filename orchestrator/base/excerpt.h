/* excerpt: what others say (an engine, a program, a probe), for people, in a room of fixed size. Pure.
 *
 * Ids of 64 hex digits are cut to 12, as docker shows them. A text that is longer than its room ends behind a word, or where no
 * word ends near by, as in a path, behind a character (UTF-8), with "..." there.
 */
#pragma once

#include <stddef.h>

/* size: of to, in bytes, with the NUL: 16 or more. The text is borrowed, has len bytes and may have any in it. */
void excerpt_take(char *to, size_t size, const char *text, size_t len);

/* The same of what printf makes of this. */
void excerpt_write(char *to, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Where text may be cut so that at most this many of its bytes stand before (or from there on, to its end at len): at a
 * word, else at a character. Offsets from its start; most < len. */
size_t excerpt_head(const char *text, size_t most);
size_t excerpt_tail(const char *text, size_t len, size_t most);
