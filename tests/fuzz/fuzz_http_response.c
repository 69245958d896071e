/* Responses: in pieces as whole, views inside the head, framing that can be read in one way. */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/fuzz_http.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_head head;

	if (!fuzz_head(http_head_parse_response, data, size, &head))
		return 0;
	assert(head.status >= 100 && head.status <= 599);
	assert(http_status_text(head.status)[0] != '\0');
	return 0;
}
