/* buf: a growing byte buffer with a maximum.
 *
 * Every buffer is made with the most it may hold, so nothing that outside bytes drive grows without bound.
 * Not a ring: buf_drop moves the start and the space is reused when the buffer empties or must grow.
 */
#pragma once

#include "common/err.h"

#include <assert.h>
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
	bool secret;
};

void buf_init(struct buf *buf, size_t max);
void buf_init_secret(struct buf *buf, size_t max); /* no memory that held something is given back before it was wiped */
void buf_clear(struct buf *buf);                   /* frees; the buffer can be used again with the same max */
void buf_reset(struct buf *buf);                   /* len 0, memory kept */

/* All return false, and change nothing, where the result would hold more than max. */
static inline bool buf_add(struct buf *buf, const void *data, size_t len) MUST_CHECK;
bool buf_add_unsigned(struct buf *buf, uint64_t number) MUST_CHECK; /* decimal */
bool buf_add_text(struct buf *buf, const char *text) MUST_CHECK;
bool buf_add_format(struct buf *buf, const char *format, ...) MUST_CHECK __attribute__((format(printf, 2, 3)));

/* Room for len more bytes behind data + len; write there, then buf_extend. NULL where it would pass max. */
static inline char *buf_room(struct buf *buf, size_t len) MUST_CHECK;
static inline void buf_extend(struct buf *buf, size_t len);
char *buf_room_slow(struct buf *buf, size_t len) MUST_CHECK; /* private: the same where it must grow, or may not */

/* Forgets the first len bytes (len <= buf->len). */
void buf_drop(struct buf *buf, size_t len);

/* A NUL-terminated view of what is held (the NUL is not counted in len, and max leaves room for it). */
const char *buf_text(struct buf *buf);

/* Bytes behind what is held, that for the NUL included. */
static inline size_t buf_left(const struct buf *buf)
{
	return buf->cap - (size_t)(buf->data - buf->base) - buf->len;
}

/* Inline, since a message's head is written in two dozen pieces: where there is room it is a memcpy. */
static inline char *buf_room(struct buf *buf, size_t len)
{
	if (buf->base == NULL || len >= buf_left(buf) || len > buf->max - buf->len)
		return buf_room_slow(buf, len);
	return buf->data + buf->len;
}

static inline void buf_extend(struct buf *buf, size_t len)
{
	assert(buf->base != NULL && len < buf_left(buf));
	buf->len += len;
}

static inline bool buf_add(struct buf *buf, const void *data, size_t len)
{
	char *room = buf_room(buf, len);

	if (room == NULL)
		return false;
	if (len > 0)
		memcpy(room, data, len);
	buf->len += len;
	return true;
}
