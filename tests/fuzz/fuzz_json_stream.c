/* Cut anywhere, a stream gives the same values, and fails or not in the same way. The first byte says where to cut. */
#include "common/json.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>

static void on_value(const struct json_value *value, void *arg)
{
	size_t *count = arg;

	assert(value->type == JSON_OBJECT);
	(*count)++;
}

static bool run(const char *text, size_t size, size_t step, size_t *count)
{
	struct json_stream *stream = json_stream_new(4096, on_value, count);
	struct err err;
	bool ok = true;

	for (size_t at = 0; at < size && ok; at += step)
		ok = json_stream_feed(stream, text + at, size - at < step ? size - at : step, &err);
	json_stream_free(stream);
	return ok;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t whole = 0, pieces = 0;

	if (size < 2)
		return 0;
	const char *text = (const char *)data + 1;
	bool whole_ok = run(text, size - 1, size, &whole);
	bool pieces_ok = run(text, size - 1, (size_t)data[0] % 32 + 1, &pieces);
	assert(whole == pieces && whole_ok == pieces_ok);
	return 0;
}
