/* json stream: objects come out whole, however the bytes are cut. */
#include "common/json.h"
#include "tests/unit/unit.h"

#include <string.h>

static int count;
static int64_t sum;

static void on_value(const struct json_value *value, void *arg)
{
	int64_t number;

	ck_assert_str_eq(arg, "arg");
	ck_assert(json_int(json_get(value, "n"), &number));
	sum += number;
	count++;
}

START_TEST(test_every_cut)
{
	static const char text[] = "{\"n\":1}{\"n\":2}\r\n \t{\"s\":\"}{\\\"]\\\\\",\"a\":[{},[{}]],\n\"n\":3}\n";
	struct err err;

	for (size_t first = 0; first < sizeof(text); first++) {
		for (size_t second = first; second < sizeof(text); second++) {
			struct json_stream *stream = json_stream_new(1000, on_value, "arg");
			count = 0;
			sum = 0;
			ck_assert(json_stream_feed(stream, text, first, &err));
			ck_assert(json_stream_feed(stream, text + first, second - first, &err));
			ck_assert(json_stream_feed(stream, text + second, sizeof(text) - 1 - second, &err));
			ck_assert_int_eq(count, 3);
			ck_assert_int_eq(sum, 6);
			json_stream_free(stream);
		}
	}
}
END_TEST

START_TEST(test_refused)
{
	static const char *const texts[] = {"1",        "[]", "{]", "{\"a\":1]", "{\"n\":1}x", "{\"n\":1},{\"n\":2}",
	                                    "{\"a\" 1}"};
	struct err err;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct json_stream *stream = json_stream_new(1000, on_value, "arg");
		err.message[0] = '\0';
		ck_assert_msg(!json_stream_feed(stream, texts[i], strlen(texts[i]), &err), "%s", texts[i]);
		ck_assert_int_ne(err.message[0], '\0');
		json_stream_free(stream);
	}
}
END_TEST

START_TEST(test_max_holds_whole_and_in_pieces)
{
	static const char fits[] = "{\"n\":123}", too_long[] = "{\"n\":1234}";
	struct err err;

	for (size_t cut = 0; cut < 10; cut++) {
		struct json_stream *stream = json_stream_new(9, on_value, "arg");
		count = 0;
		ck_assert(json_stream_feed(stream, fits, cut, &err));
		ck_assert(json_stream_feed(stream, fits + cut, 9 - cut, &err));
		ck_assert_int_eq(count, 1);
		ck_assert(!json_stream_feed(stream, too_long, cut, &err) ||
		          !json_stream_feed(stream, too_long + cut, 10 - cut, &err));
		json_stream_free(stream);
	}
	json_stream_free(NULL);
}
END_TEST

UNIT_MAIN("json_stream", test_every_cut, test_refused, test_max_holds_whole_and_in_pieces)
