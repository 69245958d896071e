/* buf: a growing byte buffer with a maximum.
 *
 * Invariant: data points into base, data - base + len < cap, so that there is always room for a NUL behind what is
 * held; len <= max. An empty buffer starts at base again.
 */
#include "common/buf.h"

#include "common/mem.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUF_FIRST_BYTES 256

void buf_init(struct buf *buf, size_t max)
{
	assert(max < SIZE_MAX / 4);
	*buf = (struct buf){.max = max};
}

void buf_init_secret(struct buf *buf, size_t max)
{
	buf_init(buf, max);
	buf->secret = true;
}

static void free_base(struct buf *buf)
{
	if (buf->secret && buf->base != NULL)
		explicit_bzero(buf->base, buf->cap);
	free(buf->base);
}

void buf_clear(struct buf *buf)
{
	free_base(buf);
	*buf = (struct buf){.max = buf->max, .secret = buf->secret};
}

void buf_reset(struct buf *buf)
{
	buf->data = buf->base;
	buf->len = 0;
}

static size_t buf_head(const struct buf *buf)
{
	return (size_t)(buf->data - buf->base);
}

/* Doubling keeps adding byte by byte linear; max + 1 is the end, for the NUL. */
static size_t buf_next_cap(const struct buf *buf, size_t need)
{
	size_t cap = buf->cap > 0 ? buf->cap : BUF_FIRST_BYTES;

	while (cap < need)
		cap *= 2;
	return cap > buf->max + 1 ? buf->max + 1 : cap;
}

/* Slides only where at least as many bytes are free in front as must move, else a drop of one byte before each add
 * would move everything each time. */
static void buf_make_room(struct buf *buf, size_t need)
{
	size_t head = buf_head(buf);

	if (buf->base != NULL && head >= buf->len && need <= buf->cap) {
		memmove(buf->base, buf->data, buf->len);
		buf->data = buf->base;
		return;
	}
	size_t cap = buf_next_cap(buf, need);
	char *base = mem_alloc(cap);
	if (buf->len > 0)
		memcpy(base, buf->data, buf->len);
	free_base(buf);
	buf->base = buf->data = base;
	buf->cap = cap;
}

char *buf_room_slow(struct buf *buf, size_t len)
{
	if (len > buf->max - buf->len)
		return NULL;
	size_t need = buf->len + len + 1;
	if (buf->base == NULL || need > buf->cap - buf_head(buf))
		buf_make_room(buf, need);
	return buf->data + buf->len;
}

bool buf_add_text(struct buf *buf, const char *text)
{
	return buf_add(buf, text, strlen(text));
}

bool buf_add_unsigned(struct buf *buf, uint64_t number)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	return buf_add(buf, digits + at, sizeof(digits) - at);
}

bool buf_add_format(struct buf *buf, const char *format, ...)
{
	va_list args, again;

	va_start(args, format);
	va_copy(again, args);
	size_t room = buf->base == NULL ? 0 : buf->cap - buf_head(buf) - buf->len;
	int len = vsnprintf(room > 0 ? buf->data + buf->len : NULL, room, format, args);
	va_end(args);
	assert(len >= 0);
	bool ok = (size_t)len <= buf->max - buf->len;
	if (ok && (size_t)len >= room) {
		char *to = buf_room(buf, (size_t)len);
		assert(to != NULL);
		vsnprintf(to, (size_t)len + 1, format, again);
	}
	va_end(again);
	if (ok)
		buf->len += (size_t)len;
	return ok;
}

void buf_drop(struct buf *buf, size_t len)
{
	assert(len <= buf->len);
	buf->len -= len;
	buf->data = buf->len > 0 ? buf->data + len : buf->base;
}

const char *buf_text(struct buf *buf)
{
	char *end = buf_room(buf, 0);

	assert(end != NULL);
	*end = '\0';
	return buf->data;
}
