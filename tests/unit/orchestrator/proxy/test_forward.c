/* forward: the heads that are sent on, to the byte. */
#include "orchestrator/proxy/forward.h"

#include "common/http_date.h"
#include "tests/unit/orchestrator/proxy/proxy_heads.h"
#include "tests/unit/unit.h"

#include <stdio.h>

#define OWN(host)                                                                                              \
	"X-Forwarded-For: 9.9.9.9\r\nX-Real-IP: 9.9.9.9\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: " host \
	"\r\nX-Request-Id: id\r\n"                                                                             \
	"Via: 1.1 selfless\r\n"

struct row {
	const char *in;
	const char *out;
};

static void check_request(const struct row *row, bool trusted)
{
	struct forward_from from = {.address = "9.9.9.9", .client = "9.9.9.9", .trusted = trusted, .request_id = "id"};
	struct buf out;

	buf_init(&out, 10000);
	ck_assert(forward_request(&out, read_request(row->in), &from));
	ck_assert_str_eq(buf_text(&out), row->out);
	buf_clear(&out);
}

START_TEST(requests)
{
	static const struct row rows[] = {
	        {"GET /p?q HTTP/1.1\r\nhost: a\r\nAccept:  x \r\n\r\n",
	         "GET /p?q HTTP/1.1\r\nHost: a\r\nAccept: x\r\n" OWN("a")},
	        /* absolute form: its authority is the host, for everybody */
	        {"GET http://b:8/p HTTP/1.1\r\nHost: a\r\n\r\n", "GET /p HTTP/1.1\r\nHost: b:8\r\n" OWN("b:8")},
	        {"GET http://b HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\nHost: b\r\n" OWN("b")},
	        {"GET HTTPS://b?q HTTP/1.1\r\nHost: a\r\n\r\n", "GET /?q HTTP/1.1\r\nHost: b\r\n" OWN("b")},
	        {"OPTIONS http://b:8 HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS * HTTP/1.1\r\nHost: b:8\r\n" OWN("b:8")},
	        {"OPTIONS http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS / HTTP/1.1\r\nHost: b\r\n" OWN("b")},
	        {"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS * HTTP/1.1\r\nHost: a\r\n" OWN("a")},
	        /* hop-by-hop fields, those that Connection names, and what frames the body */
	        {"POST / HTTP/1.1\r\nHost: a\r\nConnection: close, X-A ,x-b\r\nX-A: 1\r\nX-B: 2\r\nX-C: 3\r\nKeep-Alive: 1\r\n"
	         "TE: trailers\r\nTrailer: x\r\nUpgrade: x\r\nProxy-Connection: x\r\nProxy-Authorization: x\r\n"
	         "Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n",
	         "POST / HTTP/1.1\r\nHost: a\r\nX-C: 3\r\n" OWN("a")},
	        {"GET / HTTP/1.1\r\nHost: a\r\nConnection: Host, X-Forwarded-For, Via, Content-Length\r\nContent-Length: 3\r\n\r\n",
	         "GET / HTTP/1.1\r\nHost: a\r\n" OWN("a")},
	        /* who is not trusted says nothing about where it comes from */
	        {"GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 1.1.1.1\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: evil\r\n"
	         "Forwarded: for=1.1.1.1\r\nX-Forwarded-For: 2.2.2.2\r\nX_Forwarded_For: 3.3.3.3\r\nContent_Length: 7\r\n"
	         "x-forwarded_host: evil\r\nX_Other: 1\r\n\r\n",
	         "GET / HTTP/1.1\r\nHost: a\r\nX_Other: 1\r\n" OWN("a")},
	        {"GET / HTTP/1.1\r\nHost: a\r\nX-Real-IP: 1.1.1.1\r\nX-Forwarded-Port: 443\r\nX-Forwarded-Prefix: /x\r\n"
	         "True-Client-IP: 1.1.1.1\r\nX_Real_IP: 1.1.1.1\r\nx-forwarded-ssl: on\r\nX_Forwarded_Server: x\r\n"
	         "X-Original-URL: /private\r\nX-Rewrite-URL: /private\r\nX-Forwarded: 1\r\nX-Real: 2\r\n\r\n",
	         "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded: 1\r\nX-Real: 2\r\n" OWN("a")},
	        /* no way to be rid of what somebody needs */
	        {"GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Via, If-None-Match, x-a\r\nVia: 1.1 other\r\n"
	         "If-None-Match: \"x\"\r\nX-A: 1\r\n\r\n",
	         "GET / HTTP/1.1\r\nHost: a\r\nVia: 1.1 other\r\nIf-None-Match: \"x\"\r\n" OWN("a")},
	        {"GET / HTTP/1.1\r\nHost: a\r\nVia: 1.1 other\r\n\r\n",
	         "GET / HTTP/1.1\r\nHost: a\r\nVia: 1.1 other\r\n" OWN("a")},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_request(&rows[i], false);
}
END_TEST

#define HOSTLESS(via)                                                                                                \
	"X-Forwarded-For: 9.9.9.9\r\nX-Real-IP: 9.9.9.9\r\nX-Forwarded-Proto: http\r\nX-Request-Id: id\r\nVia: " via \
	" selfless\r\n"

/* Whose service it is for is known later; that one's name is the host then. */
START_TEST(a_request_without_a_host)
{
	static const struct row rows[] = {
	        {"GET /p HTTP/1.0\r\nA: b\r\n\r\n", "GET /p HTTP/1.1\r\nA: b\r\n" HOSTLESS("1.0")},
	        {"GET /p HTTP/1.0\r\nHost:\r\nA: b\r\n\r\n", "GET /p HTTP/1.1\r\nA: b\r\n" HOSTLESS("1.0")},
	        {"GET /p HTTP/1.1\r\nHost: \r\nA: b\r\n\r\n", "GET /p HTTP/1.1\r\nA: b\r\n" HOSTLESS("1.1")},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_request(&rows[i], false);
}
END_TEST

START_TEST(a_host_is_put_where_it_belongs)
{
	struct buf head;

	buf_init(&head, 100);
	ck_assert(buf_add_text(&head, "GET /p HTTP/1.1\r\nA: b\r\nContent-Length: 0\r\n\r\n"));
	ck_assert(forward_host(&head, "acts"));
	ck_assert_str_eq(buf_text(&head), "GET /p HTTP/1.1\r\nHost: acts\r\nA: b\r\nContent-Length: 0\r\n\r\n");
	char name[101];
	memset(name, 'n', 100);
	name[100] = '\0';
	ck_assert(!forward_host(&head, name));
	buf_clear(&head);
}
END_TEST

START_TEST(who_speaks_tls)
{
	struct forward_from from = {.address = "::1", .client = "::1", .secure = true, .request_id = "id"};
	struct buf out;

	buf_init(&out, 10000);
	ck_assert(forward_request(&out, read_request("GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-Proto: ftp\r\n\r\n"),
	                          &from));
	ck_assert_str_eq(
	        buf_text(&out),
	        "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: ::1\r\nX-Real-IP: ::1\r\nX-Forwarded-Proto: https\r\n"
	        "X-Forwarded-Host: a\r\nX-Request-Id: id\r\nVia: 1.1 selfless\r\n");
	buf_clear(&out);
}
END_TEST

START_TEST(a_trusted_proxy_is_believed)
{
	static const struct row row = {
	        "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 1.1.1.1\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: c\r\n"
	        "X-Forwarded-For: 2.2.2.2\r\nForwarded: for=1.1.1.1\r\n\r\n",
	        "GET / HTTP/1.1\r\nHost: a\r\nForwarded: for=1.1.1.1\r\nX-Forwarded-For: 1.1.1.1, 2.2.2.2, 9.9.9.9\r\n"
	        "X-Real-IP: 9.9.9.9\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: c\r\nX-Request-Id: id\r\nVia: 1.1 selfless\r\n"};
	static const struct row more = {
	        "GET / HTTP/1.1\r\nHost: a\r\nConnection: close, X-Real-IP\r\nX-Real-IP: 1.1.1.1\r\nX-Forwarded-Port: 443\r\n"
	        "True-Client-IP: 1.1.1.1\r\nX-Forwarded-Prefix: /x\r\nX-Original-URL: /y\r\nX_Forwarded_For: 6.6.6.6\r\n"
	        "X_Real_IP: 6.6.6.6\r\nX_Forwarded_A_Long_Name_Of_Somebodys: 1\r\n\r\n",
	        "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-Port: 443\r\nTrue-Client-IP: 1.1.1.1\r\n"
	        "X-Forwarded-Prefix: /x\r\nX-Original-URL: /y\r\n" OWN("a")};
	static const struct row hostless = {
	        "GET / HTTP/1.0\r\nX-Forwarded-Host: c\r\n\r\n",
	        "GET / HTTP/1.1\r\nX-Forwarded-For: 9.9.9.9\r\nX-Real-IP: 9.9.9.9\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: c\r\n"
	        "X-Request-Id: id\r\nVia: 1.0 selfless\r\n"};

	check_request(&row, true);
	check_request(&more, true);
	check_request(&hostless, true);
}
END_TEST

/* A name that is longer than any list of ours is hop-by-hop all the same. */
START_TEST(connection_names_a_long_field)
{
	char name[201], in[600];

	memset(name, 'n', 200);
	name[200] = '\0';
	snprintf(in, sizeof(in), "GET / HTTP/1.1\r\nHost: a\r\nConnection: %s\r\n%s: x\r\n\r\n", name, name);
	check_request(&(struct row){in, "GET / HTTP/1.1\r\nHost: a\r\n" OWN("a")}, false);
}
END_TEST

START_TEST(what_does_not_fit_is_said)
{
	struct forward_from from = {.address = "9.9.9.9", .client = "9.9.9.9", .request_id = "id"};
	const struct http_head *head = read_request("GET / HTTP/1.1\r\nHost: a\r\nA: b\r\n\r\n");
	struct buf out;

	for (size_t max = 0;; max++) {
		buf_init(&out, max);
		bool fits = forward_request(&out, head, &from);
		size_t len = out.len;
		buf_clear(&out);
		ck_assert_uint_le(len, max);
		if (fits)
			break;
		ck_assert_uint_lt(max, 1000);
	}
}
END_TEST

START_TEST(the_end_of_a_request)
{
	static const struct {
		int64_t len;
		bool upgrade;
		const char *out;
	} cases[] = {
	        {-1, false, "\r\n"},
	        {0, false, "Content-Length: 0\r\n\r\n"},
	        {12, false, "Content-Length: 12\r\n\r\n"},
	        {-1, true, "Connection: upgrade\r\nUpgrade: websocket\r\n\r\n"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf out;
		buf_init(&out, 1000);
		ck_assert(
		        forward_request_end(&out, cases[i].len, cases[i].upgrade, (struct http_text){"websocket", 9}));
		ck_assert_str_eq(buf_text(&out), cases[i].out);
		buf_clear(&out);
	}
}
END_TEST

#define OK "HTTP/1.1 200 OK\r\n"
#define VIA "Via: 1.1 selfless\r\n"
#define DATE "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"

START_TEST(replies)
{
	static const struct {
		const char *in;
		enum forward_framing framing;
		bool close, keep_alive_said;
		const char *out;
	} cases[] = {
	        {OK "Content-Length: 3\r\nA: b\r\n\r\n", FORWARD_LENGTH, false, false,
	         OK "A: b\r\n" DATE VIA "Content-Length: 3\r\n\r\n"},
	        {OK "Content-Length: 3\r\nKeep-Alive: x\r\nConnection: keep-alive\r\n\r\n", FORWARD_AS_IS, true, false,
	         OK DATE VIA "Content-Length: 3\r\nConnection: close\r\n\r\n"},
	        {OK "\r\n", FORWARD_AS_IS, false, true, OK DATE VIA "Connection: keep-alive\r\n\r\n"},
	        {OK "Connection: close, X-A\r\nX-A: 1\r\nTransfer-Encoding: chunked\r\nTrailer: T\r\n\r\n",
	         FORWARD_CHUNKED, false, false, OK DATE VIA "Transfer-Encoding: chunked\r\n\r\n"},
	        {OK "Transfer-Encoding: chunked\r\n\r\n", FORWARD_UNTIL_CLOSE, true, false,
	         OK DATE VIA "Connection: close\r\n\r\n"},
	        {"HTTP/1.1 204 No\r\nContent-Length: 0\r\n\r\n", FORWARD_NO_BODY, false, false,
	         "HTTP/1.1 204 No\r\n" DATE VIA "\r\n"},
	        {"HTTP/1.0 404\r\n\r\n", FORWARD_UNTIL_CLOSE, true, false,
	         "HTTP/1.1 404 \r\n" DATE "Via: 1.0 selfless\r\nConnection: close\r\n\r\n"},
	        {"HTTP/1.1 407 P\r\nProxy-Authenticate: Basic\r\n\r\n", FORWARD_AS_IS, false, false,
	         "HTTP/1.1 407 P\r\nProxy-Authenticate: Basic\r\n" DATE VIA "\r\n"},
	        {OK "Date: Tue, 15 Nov 1994 08:12:31 GMT\r\nA: b\r\n\r\n", FORWARD_AS_IS, false, false,
	         OK "Date: Tue, 15 Nov 1994 08:12:31 GMT\r\nA: b\r\n" VIA "\r\n"},
	        /* whoever names it in Connection does not get rid of it */
	        {OK "Connection: Date\r\nDate: x\r\n\r\n", FORWARD_AS_IS, false, false, OK "Date: x\r\n" VIA "\r\n"},
	        {OK "X-A \t: 1\r\nContent-Length : 3\r\n\r\n", FORWARD_LENGTH, false, false,
	         OK "X-A: 1\r\n" DATE VIA "Content-Length: 3\r\n\r\n"},
	        {"HTTP/1.1 103 E\r\nLink: x\r\n\r\n", FORWARD_NO_BODY, true, true,
	         "HTTP/1.1 103 E\r\nLink: x\r\n" VIA "\r\n"},
	        {"HTTP/1.1 101 S\r\nConnection: upgrade\r\nUpgrade: websocket\r\nX: y\r\n\r\n", FORWARD_NO_BODY, false,
	         false, "HTTP/1.1 101 S\r\nX: y\r\n" VIA "Connection: upgrade\r\nUpgrade: websocket\r\n\r\n"},
	};
	http_date_fake(784111777);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf out;
		buf_init(&out, 1000);
		ck_assert(forward_reply(&out, read_response(cases[i].in), cases[i].framing, cases[i].close,
		                        cases[i].keep_alive_said));
		ck_assert_str_eq(buf_text(&out), cases[i].out);
		buf_clear(&out);
	}
	http_date_fake(-1);
}
END_TEST

START_TEST(trailers)
{
	static const struct row rows[] = {
	        {"", "0\r\n\r\n"},
	        {"A: b\r\nC:\r\n", "0\r\nA: b\r\nC:\r\n\r\n"},
	        {"Content-Length: 1\r\nA: b\r\nTRANSFER-ENCODING: chunked\r\nHost: x\r\nConnection: close\r\n",
	         "0\r\nA: b\r\n\r\n"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf out;
		buf_init(&out, 1000);
		ck_assert(forward_last_chunk(&out, (struct http_text){rows[i].in, (uint32_t)strlen(rows[i].in)}));
		ck_assert_str_eq(buf_text(&out), rows[i].out);
		buf_clear(&out);
		buf_init(&out, strlen(rows[i].out) - 1);
		ck_assert(!forward_last_chunk(&out, (struct http_text){rows[i].in, (uint32_t)strlen(rows[i].in)}));
		buf_clear(&out);
	}
}
END_TEST

START_TEST(request_ids)
{
	char id[FORWARD_ID_SIZE], other[FORWARD_ID_SIZE], text[400], long_id[140];
	struct forward_ids ids = {0};

	forward_request_id(&ids, read_request("GET / HTTP/1.1\r\nHost: a\r\nX-Request-Id: abc-1\r\n\r\n"), id);
	ck_assert_str_eq(id, "abc-1");
	static const char *const bad[] = {"X-Request-Id: \r\n",     "X-Request-Id: a b\r\n",
	                                  "X-Request-Id: a\"b\r\n", "X-Request-Id: \xc3\xa4\r\n",
	                                  "X-Request-Id: a\\b\r\n", ""};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(text, sizeof(text), "GET / HTTP/1.1\r\nHost: a\r\n%s\r\n", bad[i]);
		forward_request_id(&ids, read_request(text), id);
		forward_request_id(&ids, read_request(text), other);
		ck_assert_uint_eq(strlen(id), 16);
		ck_assert_str_ne(id, other);
	}
	for (size_t len = 127; len <= 130; len++) {
		memset(long_id, 'x', len);
		long_id[len] = '\0';
		snprintf(text, sizeof(text), "GET / HTTP/1.1\r\nHost: a\r\nX-Request-Id: %s\r\n\r\n", long_id);
		forward_request_id(&ids, read_request(text), id);
		ck_assert_uint_eq(strlen(id), len <= 128 ? len : 16);
	}
}
END_TEST

UNIT_MAIN("forward", requests, a_request_without_a_host, a_host_is_put_where_it_belongs, a_trusted_proxy_is_believed,
          who_speaks_tls, connection_names_a_long_field, what_does_not_fit_is_said, the_end_of_a_request, replies,
          trailers, request_ids)
