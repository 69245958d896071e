/* The stream of events, taken apart, and its lines as they are shown. */
#include "orchestrator/cli/client/event_line.h"
#include "orchestrator/cli/client/sse.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct sse sse;
static char seen[400];
static unsigned enough; /* events; 0: never */

static bool on_event(const char *name, const char *data, size_t len, void *arg)
{
	size_t at = strlen(seen);

	ck_assert_ptr_eq(arg, &enough);
	ck_assert_uint_eq(len, strlen(data));
	snprintf(seen + at, sizeof(seen) - at, "%s(%s)", name, data);
	return enough == 0 || --enough > 0;
}

static void setup(void)
{
	seen[0] = '\0';
	enough = 0;
	sse_init(&sse, on_event, &enough);
}

static void teardown(void)
{
	sse_clear(&sse);
}

#define STREAM                                                                                                        \
	"retry: 1000\nevent: fleet\ndata: {\"a\": 1}\n\n: a comment\nevent: story\r\ndata:x\r\n\r\ndata: no name\n\n" \
	"event: nothing\n\nevent: cut\ndata: never"

/* However it comes. */
START_TEST(in_pieces)
{
	static const char stream[] = STREAM;
	struct err err;

	for (size_t piece = 1; piece <= sizeof(STREAM); piece++) {
		seen[0] = '\0';
		sse_reset(&sse);
		for (size_t at = 0; at < sizeof(STREAM) - 1; at += piece) {
			size_t left = sizeof(STREAM) - 1 - at;

			ck_assert(sse_feed(&sse, &stream[at], left < piece ? left : piece, &err));
		}
		ck_assert_str_eq(seen, "fleet({\"a\": 1})story(x)message(no name)");
	}
}
END_TEST

START_TEST(enough_is_enough)
{
	struct err err;

	enough = 1;
	ck_assert(!sse_feed(&sse, STREAM, sizeof(STREAM) - 1, &err));
	ck_assert_int_eq(err.code, SSE_ENOUGH);
	ck_assert_str_eq(seen, "fleet({\"a\": 1})");
}
END_TEST

static char *shown(const char *json, bool as_json, bool colour)
{
	struct json_doc *doc;
	struct err err;
	char *text;
	size_t len;
	FILE *to = open_memstream(&text, &len);

	setenv("TZ", "UTC", 1);
	ck_assert_msg(json_parse(json, strlen(json), NULL, &doc, &err), "%s", err.message);
	if (as_json)
		event_line_write_json(json_root(doc), to);
	else
		event_line_print(json_root(doc), colour, to);
	fclose(to);
	json_free(doc);
	return text;
}

#define LINE                                                                                                         \
	"{\"number\":7,\"time_ms\":1234,\"level\":\"warn\",\"event\":\"fault\",\"service\":\"acts\",\"slot\":\"0\"," \
	"\"error\":\"it \\u001b exited\",\"empty\":\"\"}"

START_TEST(lines)
{
	char *text = shown(LINE, false, false);

	ck_assert_str_eq(text,
	                 "01-01 00:00:01.234 warn  fault service=acts slot=0 error=\"it \\x1b exited\" empty=\"\"\n");
	free(text);
	text = shown(LINE, false, true);
	ck_assert_ptr_nonnull(strstr(text, " \033[33mwarn \033[0m fault "));
	free(text);
	text = shown(LINE, true, false);
	ck_assert_str_eq(text, LINE "\n");
	free(text);
	free(shown("{}", false, true));
	free(shown("[]", false, false));
	free(shown("[1, {\"a\": 2}]", false, false));
	text = shown("[1, {\"a\": 2}]", true, false);
	ck_assert_str_eq(text, "{}\n");
	free(text);
}
END_TEST

UNIT_MAIN_WITH("events_client", setup, teardown, in_pieces, enough_is_enough, lines)
