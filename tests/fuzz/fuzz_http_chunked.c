/* Chunked bodies: byte by byte as whole, and never more body than input. */
#include "common/http_chunked.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct decoded {
	char *body;
	size_t len, taken;
	enum http_parse parse;
};

static void decode(const char *data, size_t size, size_t step, struct decoded *out)
{
	struct http_chunked chunked;
	size_t piece, piece_len;

	http_chunked_init(&chunked);
	*out = (struct decoded){.body = malloc(size + 1), .parse = HTTP_PARSE_MORE};
	assert(out->body != NULL);
	for (size_t from = 0; from < size && out->parse == HTTP_PARSE_MORE; from += step) {
		size_t there = size - from < step ? size - from : step, at = 0;
		do {
			out->parse = http_chunked_next(&chunked, data + from, there, &at, &piece, &piece_len);
			assert(at <= there && piece + piece_len <= at && out->len + piece_len <= size);
			memcpy(out->body + out->len, data + from + piece, piece_len);
			out->len += piece_len;
		} while (out->parse == HTTP_PARSE_MORE && piece_len > 0);
		assert(out->parse != HTTP_PARSE_MORE || at == there);
		out->taken = from + at;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct decoded whole, bytes;

	decode((const char *)data, size, size, &whole);
	decode((const char *)data, size, 1, &bytes);
	assert(whole.parse == bytes.parse && whole.len == bytes.len && whole.taken == bytes.taken);
	assert(memcmp(whole.body, bytes.body, whole.len) == 0);
	free(whole.body);
	free(bytes.body);
	return 0;
}
