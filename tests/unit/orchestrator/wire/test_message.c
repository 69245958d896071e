/* message: the same events however the bytes are cut; where a message ends is where the next one starts. */
#include "orchestrator/wire/message.h"

#include "common/buf.h"
#include "common/mem.h"
#include "tests/unit/unit.h"

#include <string.h>

static const struct http_limits limits = {.head_bytes = 1000, .target_bytes = 200};

/* What happened, as text: H and the status or method, the body's bytes, E at the end, B and the fault. */
struct story {
	struct buf text;
	enum message_kind kind;
	enum http_method method;
	bool ended;
};

static bool tell(struct story *story, enum message_event event, const struct http_head *head, struct http_text piece,
                 enum http_fault fault)
{
	switch (event) {
	case MESSAGE_MORE:
		return true;
	case MESSAGE_HEAD:
		return story->kind == MESSAGE_REQUEST
		               ? buf_add_format(&story->text, "[H %.*s]", (int)head->method_text.len,
		                                head->method_text.data)
		               : buf_add_format(&story->text, "[H %d]", head->status);
	case MESSAGE_BODY:
		return buf_add(&story->text, piece.data, piece.len);
	case MESSAGE_END:
		return buf_add_text(&story->text, "[E]");
	case MESSAGE_BAD:
		return buf_add_format(&story->text, "[B %d]", http_fault_status(fault));
	}
	return false;
}

/* Gives all of data in pieces of `step` bytes; each message is followed by the next one. */
static void read_all(struct story *story, struct message *message, const char *data, size_t len, size_t step)
{
	size_t start = 0;
	struct http_head head;

	for (size_t there = step < len ? step : len; there <= len; there = there + step < len ? there + step : len) {
		for (;;) {
			char *copy = mem_dup_n(data + start, there - start);
			size_t used = 0;
			struct http_text piece = {NULL, 0};
			enum http_fault fault = HTTP_FAULT_NONE;
			enum message_event event =
			        message_next(message, copy, there - start, &used, &head, &piece, &fault);
			ck_assert_uint_le(used, there - start);
			ck_assert(tell(story, event, &head, piece, fault));
			free(copy);
			start += used;
			if (event == MESSAGE_END)
				message_start(message, story->method);
			if (event == MESSAGE_BAD)
				return;
			if (event == MESSAGE_MORE || start == len)
				break;
		}
		if (there == len)
			break;
	}
	/* an end that needs no more bytes */
	size_t used = 0;
	struct http_text piece = {NULL, 0};
	enum http_fault fault = HTTP_FAULT_NONE;
	if (message_next(message, data + start, len - start, &used, &head, &piece, &fault) == MESSAGE_END) {
		ck_assert(buf_add_text(&story->text, "[E]"));
		message_start(message, story->method);
	}
	story->ended = message->state == MESSAGE_IN_HEAD && start == len;
}

static const struct row {
	enum message_kind kind;
	enum http_method method;
	const char *data;
	const char *story;
	bool between; /* nothing is open at the end of data */
} rows[] = {
        {MESSAGE_REQUEST, HTTP_GET, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "[H GET][E]", true},
        {MESSAGE_REQUEST, HTTP_GET, "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n",
         "[H GET][E][H GET][E]", true},
        {MESSAGE_REQUEST, HTTP_GET, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET / HTTP/1.0\r\n\r\n",
         "[H POST]abc[E][H GET][E]", true},
        {MESSAGE_REQUEST, HTTP_GET, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", "[H POST][E]", true},
        {MESSAGE_REQUEST, HTTP_GET, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nabc", "[H POST]abc", false},
        {MESSAGE_REQUEST, HTTP_GET,
         "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: v\r\n\r\n"
         "DELETE /x HTTP/1.1\r\nHost: a\r\n\r\n",
         "[H POST]abcde[E][H DELETE][E]", true},
        {MESSAGE_REQUEST, HTTP_GET, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\nabc",
         "[H POST][B 400]", false},
        {MESSAGE_REQUEST, HTTP_GET, "GET / HTTP/1.1\r\n\r\n", "[B 400]", false},
        {MESSAGE_RESPONSE, HTTP_GET, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "[H 200]ok[E]", true},
        {MESSAGE_RESPONSE, HTTP_GET, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 E\r\n\r\nHTTP/1.1 204 No\r\n\r\n",
         "[H 100][H 103][H 204][E]", true},
        {MESSAGE_RESPONSE, HTTP_HEAD_METHOD,
         "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
         "[H 200][E][H 200][E]", true},
        {MESSAGE_RESPONSE, HTTP_GET, "HTTP/1.1 304 N\r\nContent-Length: 9\r\n\r\n", "[H 304][E]", true},
        {MESSAGE_RESPONSE, HTTP_GET, "HTTP/1.1 101 Switch\r\nUpgrade: x\r\n\r\n", "[H 101][E]", true},
        {MESSAGE_RESPONSE, HTTP_GET, "HTTP/1.1 200 OK\r\n\r\nwhatever comes", "[H 200]whatever comes", false},
        {MESSAGE_RESPONSE, HTTP_GET, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok", "[B 400]",
         false},
};

START_TEST(same_however_it_is_cut)
{
	const struct row *row = &rows[_i];

	for (size_t step = 1; step <= strlen(row->data); step++) {
		struct story story = {.kind = row->kind, .method = row->method};
		struct message message;
		buf_init(&story.text, 10000);
		message_init(&message, row->kind, &limits);
		message_start(&message, row->method);
		read_all(&story, &message, row->data, strlen(row->data), step);
		ck_assert_msg(strcmp(buf_text(&story.text), row->story) == 0, "in pieces of %zu: %s, not %s", step,
		              buf_text(&story.text), row->story);
		ck_assert_msg(story.ended == row->between, "in pieces of %zu", step);
		buf_clear(&story.text);
	}
}
END_TEST

START_TEST(the_end_of_the_connection_ends_only_what_has_no_length)
{
	static const struct {
		const char *data;
		bool ends;
	} cases[] = {
	        {"HTTP/1.1 200 OK\r\n\r\nrest", true},
	        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nrest", false},
	        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nrest\r\n", false},
	        {"HTTP/1.1 200", false},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct story story = {.kind = MESSAGE_RESPONSE};
		struct message message;
		buf_init(&story.text, 10000);
		message_init(&message, MESSAGE_RESPONSE, &limits);
		read_all(&story, &message, cases[i].data, strlen(cases[i].data), 7);
		ck_assert_int_eq(message_close(&message), cases[i].ends);
		buf_clear(&story.text);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("message");
	TCase *tcase = tcase_create("message");

	tcase_add_loop_test(tcase, same_however_it_is_cut, 0, sizeof(rows) / sizeof(rows[0]));
	tcase_add_test(tcase, the_end_of_the_connection_ends_only_what_has_no_length);
	suite_add_tcase(suite, tcase);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
