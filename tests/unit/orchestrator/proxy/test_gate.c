/* gate: what is refused, and with what status. */
#include "orchestrator/proxy/gate.h"

#include "tests/unit/orchestrator/proxy/proxy_heads.h"
#include "tests/unit/unit.h"

static const struct gate_limits limits = {.body_bytes = 100};

START_TEST(judges)
{
	static const struct {
		const char *text;
		int status;
	} cases[] = {
	        {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", 0},
	        {"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 0},
	        {"PROPFIND / HTTP/1.1\r\nHost: a\r\n\r\n", 0},
	        {"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n", 0},
	        {"HEAD / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", 0},
	        {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n", 0},
	        {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 101\r\n\r\n", 413},
	        {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", 0},
	        {"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n", 0},
	        {"POST / HTTP/1.1\r\nHost: a\r\nExpect: cake\r\nContent-Length: 1\r\n\r\n", 417},
	        {"CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n", 501},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct gate_verdict verdict = gate_judge(read_request(cases[i].text), &limits);
		ck_assert_msg(verdict.status == cases[i].status, "%d for %s", verdict.status, cases[i].text);
		ck_assert_int_eq(verdict.text != NULL, verdict.status != 0);
	}
}
END_TEST

/* The parser refuses these heads already; the gate does not lean on that. */
START_TEST(refuses_a_body_on_head_and_trace)
{
	static const enum http_method methods[] = {HTTP_HEAD_METHOD, HTTP_TRACE};

	for (size_t i = 0; i < 2; i++) {
		struct http_head head = {.method = methods[i], .content_length = 5, .minor = 1};
		ck_assert_int_eq(gate_judge(&head, &limits).status, 400);
		head.content_length = -1;
		ck_assert_int_eq(gate_judge(&head, &limits).status, 0);
		head.chunked = true;
		ck_assert_int_eq(gate_judge(&head, &limits).status, 400);
	}
}
END_TEST

START_TEST(leaves_room_for_the_fields_that_we_add)
{
	struct http_head head = {.method = HTTP_GET, .content_length = -1, .minor = 1, .count = 128};

	ck_assert_int_eq(gate_judge(&head, &limits).status, 0);
	head.count = 129;
	ck_assert_int_eq(gate_judge(&head, &limits).status, 431);
}
END_TEST

UNIT_MAIN("gate", judges, refuses_a_body_on_head_and_trace, leaves_room_for_the_fields_that_we_add)
