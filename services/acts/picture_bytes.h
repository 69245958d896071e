/* picture_bytes: what a picture's base64 stands for (RFC 4648 section 4).  Pure.
 *
 * For texts that act_base64 has accepted; what is wrong in them otherwise decodes to other bytes, never to more of them.
 */
#pragma once

#include <stddef.h>

/* How many bytes a text of that length stands for. last_two: its last two characters, which may be padding. */
size_t picture_bytes_size(size_t text_len, const char *last_two);

/* Decodes groups of four characters, and what is left behind the last of them, without padding if there is any. to has room for
 * the bytes, and may be text itself. Returns how many they are. */
size_t picture_bytes_decode(const char *text, size_t text_len, char *to);

/* The content type of what begins so: "image/png", jpeg, gif or webp, else "application/octet-stream". */
const char *picture_bytes_type(const char *bytes, size_t len);
