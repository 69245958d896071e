/* Cut anywhere, a stream gives the same events. The first byte says where to cut. */
#include "common/hash.h"
#include "orchestrator/cli/client/sse.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <string.h>

/* What came: how many events, and a hash of all of it. */
struct heard {
	size_t count;
	uint64_t hash;
};

static bool on_event(const char *name, const char *data, size_t len, void *arg)
{
	struct heard *heard = arg;

	assert(name[0] != '\0' && data[len] == '\0');
	heard->count++;
	heard->hash = hash_add(heard->hash, name, strlen(name) + 1);
	heard->hash = hash_add(heard->hash, data, len);
	return heard->count < 100;
}

static bool run(const char *text, size_t size, size_t step, struct heard *heard)
{
	struct sse sse;
	struct err err;
	bool ok = true;

	*heard = (struct heard){.hash = HASH_START};
	sse_init(&sse, on_event, heard);
	for (size_t at = 0; at < size && ok; at += step)
		ok = sse_feed(&sse, text + at, size - at < step ? size - at : step, &err);
	sse_clear(&sse);
	return ok;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct heard whole, pieces;

	if (size < 2)
		return 0;
	bool ok = run((const char *)data + 1, size - 1, size - 1, &whole);
	assert(run((const char *)data + 1, size - 1, data[0] % 16 + 1U, &pieces) == ok);
	assert(whole.count == pieces.count && whole.hash == pieces.hash);
	return 0;
}
