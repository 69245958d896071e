/* http_chunked: decodes the chunked transfer coding.
 *
 *   SIZE -> [EXTENSION] -> SIZE_LF -+-> DATA -> DATA_CR -> DATA_LF -> SIZE
 *                                   '-> LINE (size 0) -+-> NAME -> VALUE -> VALUE_LF -> LINE
 *                                                      '-> END_LF -> END
 *
 * Invariant: `left` is what remains of the current chunk's size; every line is bounded, and all trailers together are, and
 * all extensions.
 */
#include "common/http_chunked.h"

#include "common/hex.h"
#include "common/http_chars.h"

#include <assert.h>

#define SIZE_MAX_BYTES (UINT64_C(1) << 60)
#define LINE_BYTES 1024    /* a size with its extensions */
#define IDLE_BYTES 16384   /* all extensions and leading zeros */
#define TRAILER_BYTES 8192 /* all trailer fields */

enum {
	CHUNKED_SIZE,
	CHUNKED_EXTENSION_SPACE,
	CHUNKED_EXTENSION,
	CHUNKED_SIZE_LF,
	CHUNKED_DATA,
	CHUNKED_DATA_CR,
	CHUNKED_DATA_LF,
	CHUNKED_LINE,
	CHUNKED_NAME,
	CHUNKED_VALUE,
	CHUNKED_VALUE_LF,
	CHUNKED_END_LF,
	CHUNKED_END,
	CHUNKED_BAD,
};

void http_chunked_init(struct http_chunked *chunked)
{
	*chunked = (struct http_chunked){.state = CHUNKED_SIZE};
}

static int on_size(struct http_chunked *chunked, char c)
{
	if (http_char_is(c, HTTP_CHAR_HEX)) {
		if (chunked->left > SIZE_MAX_BYTES >> 4)
			return CHUNKED_BAD;
		chunked->idle += chunked->sized && chunked->left == 0;
		chunked->sized = true;
		chunked->left = chunked->left << 4 | (unsigned)hex_value(c);
		return chunked->left > SIZE_MAX_BYTES ? CHUNKED_BAD : CHUNKED_SIZE;
	}
	if (!chunked->sized)
		return CHUNKED_BAD;
	if (c == '\r')
		return CHUNKED_SIZE_LF;
	if (c == ';')
		return CHUNKED_EXTENSION;
	return c == ' ' || c == '\t' ? CHUNKED_EXTENSION_SPACE : CHUNKED_BAD;
}

/* Spaces between the size and the ';' of an extension are allowed (RFC 9112 section 7.1.1), alone they are not. */
static int on_extension_space(struct http_chunked *chunked, char c)
{
	(void)chunked;
	if (c == ';')
		return CHUNKED_EXTENSION;
	return c == ' ' || c == '\t' ? CHUNKED_EXTENSION_SPACE : CHUNKED_BAD;
}

static int on_extension(struct http_chunked *chunked, char c)
{
	(void)chunked;
	if (c == '\r')
		return CHUNKED_SIZE_LF;
	return http_char_is(c, HTTP_CHAR_VALUE) ? CHUNKED_EXTENSION : CHUNKED_BAD;
}

static int on_size_lf(struct http_chunked *chunked, char c)
{
	chunked->line = 0;
	chunked->sized = false;
	if (c != '\n')
		return CHUNKED_BAD;
	return chunked->left > 0 ? CHUNKED_DATA : CHUNKED_LINE;
}

static int on_data_cr(struct http_chunked *chunked, char c)
{
	(void)chunked;
	return c == '\r' ? CHUNKED_DATA_LF : CHUNKED_BAD;
}

static int on_data_lf(struct http_chunked *chunked, char c)
{
	(void)chunked;
	return c == '\n' ? CHUNKED_SIZE : CHUNKED_BAD;
}

static int on_line(struct http_chunked *chunked, char c)
{
	(void)chunked;
	if (c == '\r')
		return CHUNKED_END_LF;
	return http_char_is(c, HTTP_CHAR_TOKEN) ? CHUNKED_NAME : CHUNKED_BAD;
}

static int on_name(struct http_chunked *chunked, char c)
{
	(void)chunked;
	if (c == ':')
		return CHUNKED_VALUE;
	return http_char_is(c, HTTP_CHAR_TOKEN) ? CHUNKED_NAME : CHUNKED_BAD;
}

static int on_value(struct http_chunked *chunked, char c)
{
	(void)chunked;
	if (c == '\r')
		return CHUNKED_VALUE_LF;
	return http_char_is(c, HTTP_CHAR_VALUE) ? CHUNKED_VALUE : CHUNKED_BAD;
}

static int on_value_lf(struct http_chunked *chunked, char c)
{
	(void)chunked;
	return c == '\n' ? CHUNKED_LINE : CHUNKED_BAD;
}

static int on_end_lf(struct http_chunked *chunked, char c)
{
	(void)chunked;
	return c == '\n' ? CHUNKED_END : CHUNKED_BAD;
}

/* DATA, END and BAD take no bytes one by one. */
static int (*const states[])(struct http_chunked *, char) = {
        [CHUNKED_SIZE] = on_size,           [CHUNKED_EXTENSION_SPACE] = on_extension_space,
        [CHUNKED_EXTENSION] = on_extension, [CHUNKED_SIZE_LF] = on_size_lf,
        [CHUNKED_DATA_CR] = on_data_cr,     [CHUNKED_DATA_LF] = on_data_lf,
        [CHUNKED_LINE] = on_line,           [CHUNKED_NAME] = on_name,
        [CHUNKED_VALUE] = on_value,         [CHUNKED_VALUE_LF] = on_value_lf,
        [CHUNKED_END_LF] = on_end_lf,
};

static bool within_bounds(struct http_chunked *chunked)
{
	if (chunked->state == CHUNKED_EXTENSION_SPACE || chunked->state == CHUNKED_EXTENSION)
		chunked->idle++;
	if (chunked->state <= CHUNKED_SIZE_LF)
		return ++chunked->line <= LINE_BYTES && chunked->idle <= IDLE_BYTES;
	if (chunked->state >= CHUNKED_LINE)
		return ++chunked->trailer <= TRAILER_BYTES;
	return true;
}

/* Every byte of a trailer line; not those of the empty line behind them. */
static bool keep_trailer(struct http_chunked *chunked, char c)
{
	bool in_trailer = chunked->state >= CHUNKED_LINE && chunked->state <= CHUNKED_VALUE_LF;

	if (chunked->trailers == NULL || !in_trailer || (chunked->state == CHUNKED_LINE && c == '\r'))
		return true;
	return buf_add(chunked->trailers, &c, 1);
}

static void take_data(struct http_chunked *chunked, size_t len, size_t *at, size_t *piece, size_t *piece_len)
{
	size_t there = len - *at;

	*piece = *at;
	*piece_len = there < chunked->left ? there : (size_t)chunked->left;
	*at += *piece_len;
	chunked->left -= *piece_len;
	if (chunked->left == 0)
		chunked->state = CHUNKED_DATA_CR;
}

enum http_parse http_chunked_next(struct http_chunked *chunked, const char *data, size_t len, size_t *at, size_t *piece,
                                  size_t *piece_len)
{
	*piece_len = 0;
	*piece = *at;
	assert(*at <= len);
	while (chunked->state != CHUNKED_END && chunked->state != CHUNKED_BAD) {
		if (*at == len)
			return HTTP_PARSE_MORE;
		if (chunked->state == CHUNKED_DATA) {
			take_data(chunked, len, at, piece, piece_len);
			return HTTP_PARSE_MORE;
		}
		if (within_bounds(chunked) && keep_trailer(chunked, data[*at]))
			chunked->state = states[chunked->state](chunked, data[(*at)++]);
		else
			chunked->state = CHUNKED_BAD;
	}
	return chunked->state == CHUNKED_END ? HTTP_PARSE_DONE : HTTP_PARSE_BAD;
}
