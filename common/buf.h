/* buf: a growing byte buffer with a maximum.
 *
 * Every buffer is made with the most it may hold, so nothing that outside bytes drive grows without bound.
 * Not a ring: buf_drop moves the start and the space is reused when the buffer empties or must grow.
 */
#pragma once

#include "common/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct buf {
	char *data; /* the first byte held; NULL while nothing was ever added */
	size_t len; /* bytes held */
	size_t max; /* most bytes it may hold */
	char *base; /* private: the allocation */
	size_t cap; /* private: its size */
};

void buf_init(struct buf *buf, size_t max);
void buf_clear(struct buf *buf); /* frees; the buffer can be used again with the same max */
void buf_reset(struct buf *buf); /* len 0, memory kept */

/* All return false, and change nothing, where the result would hold more than max. */
bool buf_add_slow(struct buf *buf, const void *data, size_t len) MUST_CHECK;
static inline bool buf_add(struct buf *buf, const void *data, size_t len) MUST_CHECK;
bool buf_add_unsigned(struct buf *buf, uint64_t number) MUST_CHECK; /* decimal */
bool buf_add_text(struct buf *buf, const char *text) MUST_CHECK;
bool buf_add_format(struct buf *buf, const char *format, ...) MUST_CHECK __attribute__((format(printf, 2, 3)));

/* Room for len more bytes behind data + len; write there, then buf_extend. NULL where it would pass max. */
char *buf_room(struct buf *buf, size_t len) MUST_CHECK;
void buf_extend(struct buf *buf, size_t len);

/* Forgets the first len bytes (len <= buf->len). */
void buf_drop(struct buf *buf, size_t len);

/* A NUL-terminated view of what is held (the NUL is not counted in len, and max leaves room for it). */
const char *buf_text(struct buf *buf);

/* Inline, since a message's head is written in two dozen pieces: where there is room it is a memcpy. */
static inline bool buf_add(struct buf *buf, const void *data, size_t len)
{
	if (buf->base == NULL || len >= buf->cap - (size_t)(buf->data - buf->base) - buf->len ||
	    len > buf->max - buf->len)
		return buf_add_slow(buf, data, len);
	if (len > 0)
		memcpy(buf->data + buf->len, data, len);
	buf->len += len;
	return true;
}
