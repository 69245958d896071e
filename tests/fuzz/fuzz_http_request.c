/* Requests: in pieces as whole, views inside the head, framing that can be read in one way. */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/fuzz_http.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_head head;

	if (!fuzz_head(http_head_parse_request, data, size, &head))
		return 0;
	assert(head.target.len > 0 && head.target.len <= 512);
	assert(memchr(head.target.data, ' ', head.target.len) == NULL);
	assert(head.target.data[head.target.len] == ' ' && head.method_text.data[head.method_text.len] == ' ');
	return 0;
}
