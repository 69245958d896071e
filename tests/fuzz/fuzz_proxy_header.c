/* PROXY headers: a prefix of one is never taken for none, what follows one changes nothing, and its size is within its bounds. */
#include "tests/fuzz/fuzz.h"

#include "common/mem.h"
#include "orchestrator/wire/proxy_header.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* In memory of exactly its size. */
static enum proxy_header_event read_exact(const uint8_t *data, size_t len, struct proxy_header *header)
{
	char *copy = mem_alloc(len + (len == 0));

	memcpy(copy, data, len);
	enum proxy_header_event event = proxy_header_read(copy, len, header);
	free(copy);
	return event;
}

static void check_prefixes(const uint8_t *data, size_t size)
{
	struct proxy_header header;

	for (size_t len = 0; len < size; len++)
		assert(read_exact(data, len, &header) == PROXY_HEADER_MORE);
}

static void check_source(const struct address *source)
{
	char text[INET6_ADDRSTRLEN];

	if (source->len == 0)
		return;
	assert(source->addr.ss_family == AF_INET || source->addr.ss_family == AF_INET6);
	address_format_host((const struct sockaddr *)&source->addr, text);
	assert(text[0] != '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct proxy_header header, again;

	switch (read_exact(data, size, &header)) {
	case PROXY_HEADER_MORE:
		assert(size < PROXY_HEADER_MAX);
		check_prefixes(data, size);
		break;
	case PROXY_HEADER_DONE:
		assert(header.size > 0 && header.size <= size && header.size <= PROXY_HEADER_MAX);
		check_prefixes(data, header.size);
		check_source(&header.source);
		assert(read_exact(data, header.size, &again) == PROXY_HEADER_DONE);
		assert(again.size == header.size && again.source.len == header.source.len);
		break;
	case PROXY_HEADER_BAD:
		break;
	}
	return 0;
}
