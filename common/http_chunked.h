/* http_chunked: decodes the chunked transfer coding (RFC 9112 section 7.1), strictly and in pieces. Pure.
 *
 * Chunk extensions are skipped (bounded, each and in sum over the message, and leading zeros of sizes with them), trailer fields
 * are checked for syntax and kept only if asked for; bare LF, a size that is not plain hex digits or passes 2^60, and junk
 * behind a chunk are refused.
 */
#pragma once

#include "common/buf.h"
#include "common/http_head.h"

struct http_chunked {
	int state;
	uint64_t left;    /* bytes left of the current chunk */
	uint32_t line;    /* bytes of the current line, to bound it */
	uint32_t trailer; /* bytes of trailers so far, to bound them */
	uint32_t idle;    /* bytes of extensions and leading zeros so far, to bound them */
	bool sized;       /* the size of the current chunk has a digit */
	struct buf *
	        trailers; /* borrowed; NULL: trailer fields are skipped. Set after init: gets them as "Name: value\r\n" */
};

void http_chunked_init(struct http_chunked *chunked);

/* Takes data from *at on and stops at the first piece of body, at the end of the message or of the data.
 * DONE: the message ended at *at. BAD: refused. MORE: if *piece_len > 0, piece_len bytes of body stand at
 * data + *piece (already taken; call again), else all of data was taken. */
enum http_parse http_chunked_next(struct http_chunked *chunked, const char *data, size_t len, size_t *at, size_t *piece,
                                  size_t *piece_len);
