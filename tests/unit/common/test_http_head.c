/* http_head: what RFC 9112 allows is read the same however it is cut; what two parsers may read differently is
 * refused, with the fault that says so. */
#include "common/http_head.h"
#include "common/mem.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

static const struct http_limits limits = {.head_bytes = 1000, .target_bytes = 100};
static struct http_head head;
static enum http_fault fault;
static char *copy;

/* Whole, from memory of exactly its size; and byte by byte, which must come to the same. */
static enum http_parse parse_n(const char *data, size_t len, bool response)
{
	enum http_parse (*parse)(const char *, size_t, const struct http_limits *, size_t *, struct http_head *,
	                         enum http_fault *) = response ? http_head_parse_response : http_head_parse_request;
	enum http_parse bytewise = HTTP_PARSE_MORE;
	size_t scanned = 0;

	free(copy);
	copy = mem_alloc(len);
	memcpy(copy, data, len);
	for (size_t there = 0; there <= len && bytewise == HTTP_PARSE_MORE; there++)
		bytewise = parse(copy, there, &limits, &scanned, &head, &fault);
	size_t size = head.size;
	scanned = 0;
	enum http_parse whole = parse(copy, len, &limits, &scanned, &head, &fault);
	ck_assert_msg(whole == bytewise, "%d whole, %d in bytes: %.*s", whole, bytewise, (int)len, data);
	if (whole == HTTP_PARSE_DONE)
		ck_assert_uint_eq(size, head.size);
	return whole;
}

static enum http_parse request(const char *text)
{
	return parse_n(text, strlen(text), false);
}

static enum http_parse response(const char *text)
{
	return parse_n(text, strlen(text), true);
}

static struct http_text text_of(const char *text)
{
	return (struct http_text){text, (uint32_t)strlen(text)};
}

static void check_text(struct http_text text, const char *wanted)
{
	ck_assert_uint_eq(text.len, strlen(wanted));
	ck_assert_mem_eq(text.data, wanted, text.len);
}

START_TEST(test_request)
{
	static const char text[] =
	        "POST /a/b?c=d HTTP/1.1\r\nHost: example.org:8080\r\nX-Odd:\t a\xe9 b \t\r\ncontent-LENGTH:5\r\n"
	        "Empty:\r\n\r\nhello";

	ck_assert_int_eq(request(text), HTTP_PARSE_DONE);
	ck_assert_int_eq(head.method, HTTP_POST);
	check_text(head.method_text, "POST");
	check_text(head.target, "/a/b?c=d");
	ck_assert_int_eq(head.minor, 1);
	ck_assert_uint_eq(head.size, sizeof(text) - 1 - 5);
	ck_assert_int_eq(head.content_length, 5);
	ck_assert(!head.chunked && !head.close && !head.upgrade && !head.expect_continue && !head.expect_other);
	ck_assert_uint_eq(head.count, 4);
	check_text(head.fields[1].name, "X-Odd");
	check_text(head.fields[1].value, "a\xe9 b");
	ck_assert_int_eq(head.fields[1].id, HTTP_OTHER);
	check_text(head.fields[3].value, "");
	check_text(http_head_find(&head, HTTP_HOST)->value, "example.org:8080");
	ck_assert_ptr_null(http_head_find(&head, HTTP_EXPECT));
	ck_assert_uint_eq(head.seen, (1u << HTTP_HOST) | (1u << HTTP_CONTENT_LENGTH));
}
END_TEST

#define H "Host: x\r\n"

START_TEST(test_requests_accepted)
{
	static const char *const rows[] = {
	        "GET / HTTP/1.1\r\nHost:\r\n\r\n",
	        "GET / HTTP/1.0\r\n\r\n",
	        "GET / HTTP/1.0\r\nHost: x\r\n\r\n",
	        "GET / HTTP/1.2\r\n" H "\r\n",
	        "GET / HTTP/1.9\r\n" H "\r\n",
	        "\r\n\r\nGET / HTTP/1.1\r\n" H "\r\n",
	        "OPTIONS * HTTP/1.1\r\n" H "\r\n",
	        "GET http://a.b:80/x HTTP/1.1\r\n" H "\r\n",
	        "GET HTTPS://a HTTP/1.1\r\n" H "\r\n",
	        "GET http://a?q HTTP/1.1\r\n" H "\r\n",
	        "GET http://[::1]:80/ HTTP/1.1\r\n" H "\r\n",
	        "CONNECT a.b:443 HTTP/1.1\r\n" H "\r\n",
	        "CONNECT [::1]:443 HTTP/1.1\r\n" H "\r\n",
	        "get / HTTP/1.1\r\n" H "\r\n",
	        "M-SEARCH /%20|\"{}` HTTP/1.1\r\n" H "\r\n",
	        "GET / HTTP/1.1\r\nHost: [2001:db8::1]:80\r\n\r\n",
	        "GET / HTTP/1.1\r\nHost: a_b.c-d~%20:\r\n\r\n",
	        "POST / HTTP/1.1\r\n" H "Transfer-Encoding: ChunkeD \r\n\r\n",
	        "POST / HTTP/1.1\r\n" H "Content-Length: 4611686018427387904\r\n\r\n",
	        "POST / HTTP/1.1\r\n" H "Content-Length: 00000000000000000000007\r\n\r\n",
	        "GET / HTTP/1.1\r\n" H "Content-Length: 5\r\n\r\n",
	        "HEAD / HTTP/1.1\r\n" H "Content-Length: 0\r\n\r\n",
	        "GET / HTTP/1.1\r\n" H "!#$%&'*+-.^_`|~09azAZ: \x21\x7e\x80\xff\t x\r\n\r\n",
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ck_assert_msg(request(rows[i]) == HTTP_PARSE_DONE, "%s: %s", http_fault_text(fault), rows[i]);
}
END_TEST

START_TEST(test_requests_refused)
{
	static const struct {
		enum http_fault fault;
		const char *text;
	} rows[] = {
	        {HTTP_FAULT_METHOD, " GET / HTTP/1.1\r\n" H "\r\n"},
	        {HTTP_FAULT_METHOD, "GE(T / HTTP/1.1\r\n" H "\r\n"},
	        {HTTP_FAULT_METHOD, "G\x80T / HTTP/1.1\r\n" H "\r\n"},
	        {HTTP_FAULT_METHOD, "GET\t/ HTTP/1.1\r\n" H "\r\n"},
	        {HTTP_FAULT_METHOD, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA / HTTP/1.1\r\n" H "\r\n"},
	        {HTTP_FAULT_TARGET, "GET  / HTTP/1.1\r\n" H "\r\n"},
	        {HTTP_FAULT_TARGET, "GET /a\x80 HTTP/1.1\r\n" H "\r\n"},
	        {HTTP_FAULT_TARGET, "GET /a#b HTTP/1.1\r\n" H "\r\n"},
	        {HTTP_FAULT_TARGET, "GET /a\x7f HTTP/1.1\r\n" H "\r\n"},
	        {HTTP_FAULT_TARGET, "GET /a\tb HTTP/1.1\r\n" H "\r\n"},
	        {HTTP_FAULT_TARGET, "GET a HTTP/1.1\r\n" H "\r\n"},
	        {HTTP_FAULT_TARGET, "GET * HTTP/1.1\r\n" H "\r\n"},
	        {HTTP_FAULT_TARGET, "OPTIONS ** HTTP/1.1\r\n" H "\r\n"},
	        {HTTP_FAULT_TARGET, "GET a:80 HTTP/1.1\r\n" H "\r\n"},
	        {HTTP_FAULT_TARGET, "CONNECT /a HTTP/1.1\r\n" H "\r\n"},
	        {HTTP_FAULT_TARGET, "CONNECT a HTTP/1.1\r\n" H "\r\n"},
	        {HTTP_FAULT_TARGET, "CONNECT a: HTTP/1.1\r\n" H "\r\n"},
	        {HTTP_FAULT_TARGET, "CONNECT a@b:80 HTTP/1.1\r\n" H "\r\n"},
	        {HTTP_FAULT_TARGET, "GET http:///a HTTP/1.1\r\n" H "\r\n"},
	        {HTTP_FAULT_TARGET, "GET http://u@a/ HTTP/1.1\r\n" H "\r\n"},
	        {HTTP_FAULT_TARGET, "GET ftp://a/ HTTP/1.1\r\n" H "\r\n"},
	        {HTTP_FAULT_LINE, "GET /\r\n" H "\r\n"},
	        {HTTP_FAULT_LINE, "GET / HTTP/1.1 \r\n" H "\r\n"},
	        {HTTP_FAULT_LINE, "GET /  HTTP/1.1\r\n" H "\r\n"},
	        {HTTP_FAULT_LINE, "GET /a b HTTP/1.1\r\n" H "\r\n"},
	        {HTTP_FAULT_LINE, "GET / http/1.1\r\n" H "\r\n"},
	        {HTTP_FAULT_LINE, "GET / HTTP/1.1x\r\n" H "\r\n"},
	        {HTTP_FAULT_LINE, "GET / HTTP/11\r\n" H "\r\n"},
	        {HTTP_FAULT_LINE, "GET / HTTP/1.\r\n" H "\r\n"},
	        {HTTP_FAULT_LINE, "GET / HTTP/1.10\r\n" H "\r\n"},
	        {HTTP_FAULT_VERSION, "GET / HTTP/3.1\r\n" H "\r\n"},
	        {HTTP_FAULT_VERSION, "GET / HTTP/2.0\r\n" H "\r\n"},
	        {HTTP_FAULT_VERSION, "GET / HTTP/0.9\r\n" H "\r\n"},
	        {HTTP_FAULT_LINE_END, "GET / HTTP/1.1\n" H "\r\n"},
	        {HTTP_FAULT_LINE_END, "\nGET / HTTP/1.1\r\n" H "\r\n"},
	        {HTTP_FAULT_LINE_END, "GET / HTTP/1.1\r\nHost: x\n\r\n"},
	        {HTTP_FAULT_LINE_END, "GET / HTTP/1.1\r\nHost: x\r\n\n"},
	        {HTTP_FAULT_LINE_END, "GET / HTTP/1.1\r\n\n"},
	        {HTTP_FAULT_LINE_END, "GET / HTTP/1.1\r\nHost: x\ry: z\r\n\r\n"},
	        {HTTP_FAULT_LINE_END, "GET / HTTP/1.1\r\nHost: x\r\r\n\r\n"},
	        {HTTP_FAULT_LINE_END, "GET / HTTP/1.1\rHost: x\r\n\r\n"},
	        {HTTP_FAULT_FOLD, "GET / HTTP/1.1\r\n" H "A: b\r\n c\r\n\r\n"},
	        {HTTP_FAULT_FOLD, "GET / HTTP/1.1\r\n\tHost: x\r\n\r\n"},
	        {HTTP_FAULT_NAME, "GET / HTTP/1.1\r\nHost : x\r\n\r\n"},
	        {HTTP_FAULT_NAME, "GET / HTTP/1.1\r\n" H "Content-Length : 5\r\n\r\n"},
	        {HTTP_FAULT_NAME, "GET / HTTP/1.1\r\n" H ": x\r\n\r\n"},
	        {HTTP_FAULT_NAME, "GET / HTTP/1.1\r\n" H "abc\r\n\r\n"},
	        {HTTP_FAULT_NAME, "GET / HTTP/1.1\r\n" H "a\"b: c\r\n\r\n"},
	        {HTTP_FAULT_NAME, "GET / HTTP/1.1\r\n" H "a\x80: c\r\n\r\n"},
	        {HTTP_FAULT_VALUE, "GET / HTTP/1.1\r\n" H "a: b\x01\r\n\r\n"},
	        {HTTP_FAULT_VALUE, "GET / HTTP/1.1\r\n" H "a: \x7f\r\n\r\n"},
	        {HTTP_FAULT_VALUE, "GET / HTTP/1.1\r\n" H "a: b\vc\r\n\r\n"},
	        {HTTP_FAULT_HOST, "GET / HTTP/1.1\r\n\r\n"},
	        {HTTP_FAULT_HOST, "GET / HTTP/1.1\r\n" H H "\r\n"},
	        {HTTP_FAULT_HOST, "GET / HTTP/1.0\r\n" H H "\r\n"},
	        {HTTP_FAULT_HOST, "GET / HTTP/1.1\r\nHost: a b\r\n\r\n"},
	        {HTTP_FAULT_HOST, "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"},
	        {HTTP_FAULT_HOST, "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n"},
	        {HTTP_FAULT_HOST, "GET / HTTP/1.1\r\nHost: a,b\r\n\r\n"},
	        {HTTP_FAULT_HOST, "GET / HTTP/1.1\r\nHost: a:b\r\n\r\n"},
	        {HTTP_FAULT_HOST, "GET / HTTP/1.1\r\nHost: a:800000\r\n\r\n"},
	        {HTTP_FAULT_HOST, "GET / HTTP/1.1\r\nHost: :80\r\n\r\n"},
	        {HTTP_FAULT_HOST, "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n"},
	        {HTTP_FAULT_HOST, "GET / HTTP/1.1\r\nHost: [::1]x\r\n\r\n"},
	        {HTTP_FAULT_HOST, "GET / HTTP/1.1\r\nHost: []\r\n\r\n"},
	        {HTTP_FAULT_LENGTHS, "POST / HTTP/1.1\r\n" H "Content-Length: 5\r\nContent-Length: 5\r\n\r\n"},
	        {HTTP_FAULT_LENGTH, "POST / HTTP/1.1\r\n" H "Content-Length: 5, 5\r\n\r\n"},
	        {HTTP_FAULT_LENGTH, "POST / HTTP/1.1\r\n" H "Content-Length: +5\r\n\r\n"},
	        {HTTP_FAULT_LENGTH, "POST / HTTP/1.1\r\n" H "Content-Length: -0\r\n\r\n"},
	        {HTTP_FAULT_LENGTH, "POST / HTTP/1.1\r\n" H "Content-Length: 0x5\r\n\r\n"},
	        {HTTP_FAULT_LENGTH, "POST / HTTP/1.1\r\n" H "Content-Length: 5 5\r\n\r\n"},
	        {HTTP_FAULT_LENGTH, "POST / HTTP/1.1\r\n" H "Content-Length:\r\n\r\n"},
	        {HTTP_FAULT_LENGTH, "POST / HTTP/1.1\r\n" H "Content-Length: 4611686018427387905\r\n\r\n"},
	        {HTTP_FAULT_LENGTH, "POST / HTTP/1.1\r\n" H "Content-Length: 99999999999999999999\r\n\r\n"},
	        {HTTP_FAULT_LAST_CODING, "POST / HTTP/1.1\r\n" H "Transfer-Encoding: gzip\r\n\r\n"},
	        {HTTP_FAULT_LAST_CODING, "POST / HTTP/1.1\r\n" H "Transfer-Encoding: xchunked\r\n\r\n"},
	        {HTTP_FAULT_LAST_CODING, "POST / HTTP/1.1\r\n" H "Transfer-Encoding: identity\r\n\r\n"},
	        {HTTP_FAULT_LAST_CODING, "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked, gzip\r\n\r\n"},
	        {HTTP_FAULT_LAST_CODING, "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked, chunked\r\n\r\n"},
	        {HTTP_FAULT_LAST_CODING, "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked, gzip, chunked\r\n\r\n"},
	        {HTTP_FAULT_LAST_CODING, "POST / HTTP/1.1\r\n" H "Transfer-Encoding: , chunked\r\n\r\n"},
	        {HTTP_FAULT_LAST_CODING, "POST / HTTP/1.1\r\n" H "Transfer-Encoding: gzip chunked\r\n\r\n"},
	        {HTTP_FAULT_LAST_CODING, "POST / HTTP/1.1\r\n" H "Transfer-Encoding: \"gzip, chunked\r\n\r\n"},
	        {HTTP_FAULT_LAST_CODING, "POST / HTTP/1.1\r\n" H "Transfer-Encoding:\r\n\r\n"},
	        {HTTP_FAULT_LAST_CODING, "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked;a=b\r\n\r\n"},
	        {HTTP_FAULT_CODING, "POST / HTTP/1.1\r\n" H "Transfer-Encoding: gzip, chunked\r\n\r\n"},
	        {HTTP_FAULT_CODING, "POST / HTTP/1.1\r\n" H "Transfer-Encoding: a,b ,\tChunked\r\n\r\n"},
	        {HTTP_FAULT_LAST_CODING, "POST / HTTP/1.1\r\n" H "Transfer-Encoding:\r\n chunked\r\n\r\n"},
	        {HTTP_FAULT_CODINGS,
	         "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"},
	        {HTTP_FAULT_CODING_LENGTH,
	         "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n"},
	        {HTTP_FAULT_CODING_LENGTH,
	         "POST / HTTP/1.1\r\n" H "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n"},
	        {HTTP_FAULT_CODING_1_0, "POST / HTTP/1.0\r\n" H "Transfer-Encoding: chunked\r\n\r\n"},
	        {HTTP_FAULT_FRAMING, "HEAD / HTTP/1.1\r\n" H "Content-Length: 27\r\n\r\n"},
	        {HTTP_FAULT_FRAMING, "TRACE / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n"},
	        {HTTP_FAULT_FRAMING, "CONNECT a:1 HTTP/1.1\r\n" H "Content-Length: 1\r\n\r\n"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ck_assert_msg(request(rows[i].text) == HTTP_PARSE_BAD, "row %zu: %s", i, rows[i].text);
		ck_assert_msg(fault == rows[i].fault, "row %zu, \"%s\": %s", i, http_fault_text(fault), rows[i].text);
	}
}
END_TEST

START_TEST(test_nul_is_refused_everywhere)
{
	static const char good[] = "POST /a HTTP/1.1\r\nHost: xy\r\nContent-Length: 12\r\nA: b c\r\n\r\n";

	for (size_t i = 0; i < sizeof(good) - 1; i++) {
		char bad[sizeof(good)];
		memcpy(bad, good, sizeof(good));
		bad[i] = '\0';
		ck_assert_msg(parse_n(bad, sizeof(good) - 1, false) != HTTP_PARSE_DONE, "NUL at %zu", i);
	}
}
END_TEST

/* Values are looked at eight bytes at a time; nothing may slip through at any place among them. */
START_TEST(test_control_bytes_at_every_place_of_a_value)
{
	static const char bad[] = {'\x01', '\x08', '\x0b', '\x1f', '\x7f'};
	char text[100];

	for (size_t at = 0; at < 24; at++) {
		snprintf(text, sizeof(text), "GET / HTTP/1.1\r\n" H "A: vvvvvvvvvvvvvvvvvvvvvvvv\r\n\r\n");
		char *value = strstr(text, "vv");
		for (size_t i = 0; i < sizeof(bad); i++) {
			value[at] = bad[i];
			ck_assert_int_eq(request(text), HTTP_PARSE_BAD);
			ck_assert_int_eq(fault, HTTP_FAULT_VALUE);
		}
		value[at] = at % 2 == 0 ? '\t' : '\xff';
		ck_assert_int_eq(request(text), HTTP_PARSE_DONE);
		ck_assert_uint_eq(head.fields[1].value.len, at == 0 ? 23 : 24);
	}
}
END_TEST

START_TEST(test_fields_up_to_the_limit)
{
	struct http_limits wide = {.head_bytes = 100000, .target_bytes = 100};
	char text[4096];
	size_t len = (size_t)snprintf(text, sizeof(text), "GET / HTTP/1.1\r\n" H), scanned = 0;

	for (int i = 1; i < HTTP_HEAD_FIELDS; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "A%d: b\r\n", i);
	snprintf(text + len, sizeof(text) - len, "\r\n");
	ck_assert_int_eq(http_head_parse_request(text, strlen(text), &wide, &scanned, &head, &fault), HTTP_PARSE_DONE);
	ck_assert_uint_eq(head.count, HTTP_HEAD_FIELDS);
	snprintf(text + len, sizeof(text) - len, "one: more\r\n\r\n");
	scanned = 0;
	ck_assert_int_eq(http_head_parse_request(text, strlen(text), &wide, &scanned, &head, &fault), HTTP_PARSE_BAD);
	ck_assert_int_eq(fault, HTTP_FAULT_FIELDS);
}
END_TEST

static enum http_parse request_with(size_t target, size_t value, const char *tail)
{
	static char text[5000];
	size_t len = (size_t)snprintf(text, sizeof(text), "GET /");

	memset(text + len, 't', target - 1);
	len += target - 1;
	if (value > 0) {
		len += (size_t)snprintf(text + len, sizeof(text) - len, " HTTP/1.1\r\n" H "A: ");
		memset(text + len, 'v', value);
		len += value;
	}
	snprintf(text + len, sizeof(text) - len, "%s", tail);
	return request(text);
}

START_TEST(test_limits_hold_before_the_line_is_complete)
{
	ck_assert_int_eq(request_with(100, 1, "\r\n\r\n"), HTTP_PARSE_DONE);
	ck_assert_int_eq(request_with(100, 0, ""), HTTP_PARSE_MORE);
	ck_assert_int_eq(request_with(101, 1, "\r\n\r\n"), HTTP_PARSE_BAD);
	ck_assert_int_eq(fault, HTTP_FAULT_TARGET_LONG);
	ck_assert_int_eq(request_with(101, 0, ""), HTTP_PARSE_BAD);
	ck_assert_int_eq(fault, HTTP_FAULT_TARGET_LONG);
	ck_assert_int_eq(request_with(2000, 0, ""), HTTP_PARSE_BAD);
	ck_assert_int_eq(fault, HTTP_FAULT_TARGET_LONG);
	ck_assert_int_eq(request_with(2000, 1, "\r\n\r\n"), HTTP_PARSE_BAD);
	ck_assert_int_eq(fault, HTTP_FAULT_TARGET_LONG);
	size_t rest = strlen("GET / HTTP/1.1\r\n" H "A: \r\n\r\n");
	ck_assert_int_eq(request_with(1, 1000 - rest, "\r\n\r\n"), HTTP_PARSE_DONE);
	ck_assert_uint_eq(head.size, 1000);
	ck_assert_int_eq(request_with(1, 1001 - rest, "\r\n\r\n"), HTTP_PARSE_BAD);
	ck_assert_int_eq(fault, HTTP_FAULT_HEAD_LONG);
	ck_assert_int_eq(request_with(1, 1001, ""), HTTP_PARSE_BAD);
	ck_assert_int_eq(fault, HTTP_FAULT_HEAD_LONG);
}
END_TEST

START_TEST(test_endless_rubbish_is_refused)
{
	char text[2001];

	memset(text, 'A', 2000);
	text[2000] = '\0';
	ck_assert_int_eq(request(text), HTTP_PARSE_BAD);
	for (int i = 0; i < 2000; i += 2)
		memcpy(text + i, "\r\n", 2);
	ck_assert_int_eq(request(text), HTTP_PARSE_BAD);
	ck_assert_int_eq(fault, HTTP_FAULT_HEAD_LONG);
}
END_TEST

START_TEST(test_connection_over_all_fields)
{
	static const struct {
		const char *text;
		bool close, upgrade, names_fields;
	} rows[] = {
	        {"GET / HTTP/1.1\r\n" H "\r\n", false, false, false},
	        {"GET / HTTP/1.1\r\n" H "Connection: close\r\n\r\n", true, false, false},
	        {"GET / HTTP/1.1\r\n" H "Connection: x,\tCLOSE ,y\r\n\r\n", true, false, true},
	        {"GET / HTTP/1.1\r\n" H "Connection: x\r\nA: b\r\nConnection: keep-alive, close\r\n\r\n", true, false,
	         true},
	        {"GET / HTTP/1.1\r\n" H "Connection: closed\r\n\r\n", false, false, true},
	        {"GET / HTTP/1.0\r\n\r\n", true, false, false},
	        {"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", false, false, false},
	        {"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\nConnection: close\r\n\r\n", true, false, false},
	        {"GET / HTTP/1.1\r\n" H "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n\r\n", false, true,
	         false},
	        {"GET / HTTP/1.1\r\n" H "Upgrade: websocket\r\n\r\n", false, false, false},
	        {"GET / HTTP/1.1\r\n" H "Connection: upgrade\r\n\r\n", false, false, false},
	        {"GET / HTTP/1.0\r\n" H "Upgrade: websocket\r\nConnection: upgrade\r\n\r\n", true, false, false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ck_assert_int_eq(request(rows[i].text), HTTP_PARSE_DONE);
		ck_assert_msg(head.close == rows[i].close && head.upgrade == rows[i].upgrade, "%s", rows[i].text);
		ck_assert_msg(head.names_fields == rows[i].names_fields, "%s", rows[i].text);
	}
}
END_TEST

START_TEST(test_expect)
{
	ck_assert_int_eq(request("POST / HTTP/1.1\r\n" H "Expect: 100-Continue\r\n\r\n"), HTTP_PARSE_DONE);
	ck_assert(head.expect_continue && !head.expect_other);
	ck_assert_int_eq(request("POST / HTTP/1.0\r\n" H "Expect: 100-continue\r\n\r\n"), HTTP_PARSE_DONE);
	ck_assert(!head.expect_continue && !head.expect_other);
	ck_assert_int_eq(request("POST / HTTP/1.1\r\n" H "Expect: tea\r\n\r\n"), HTTP_PARSE_DONE);
	ck_assert(!head.expect_continue && head.expect_other);
}
END_TEST

START_TEST(test_known_fields)
{
	static const struct {
		const char *name;
		enum http_field_id id;
	} rows[] = {
	        {"CONNECTION", HTTP_CONNECTION},
	        {"Content-Length", HTTP_CONTENT_LENGTH},
	        {"Transfer-Encoding", HTTP_TRANSFER_ENCODING},
	        {"hOST", HTTP_HOST},
	        {"Expect", HTTP_EXPECT},
	        {"Upgrade", HTTP_UPGRADE},
	        {"Keep-Alive", HTTP_KEEP_ALIVE},
	        {"Proxy-Connection", HTTP_PROXY_CONNECTION},
	        {"TE", HTTP_TE},
	        {"Trailer", HTTP_TRAILER},
	        {"Via", HTTP_VIA},
	        {"X-Forwarded-For", HTTP_X_FORWARDED_FOR},
	        {"X-Forwarded-Proto", HTTP_X_FORWARDED_PROTO},
	        {"X-Forwarded-Host", HTTP_X_FORWARDED_HOST},
	        {"X-Request-Id", HTTP_X_REQUEST_ID},
	        {"Forwarded", HTTP_FORWARDED},
	        {"Date", HTTP_DATE},
	        {"If-None-Match", HTTP_IF_NONE_MATCH},
	        {"Range", HTTP_RANGE},
	        {"If-Range", HTTP_IF_RANGE},
	        {"Proxy-Authenticate", HTTP_PROXY_AUTHENTICATE},
	        {"Proxy-Authorization", HTTP_PROXY_AUTHORIZATION},
	        {"x-real-IP", HTTP_X_REAL_IP},
	        {"True-Client-Ip", HTTP_TRUE_CLIENT_IP},
	        {"X-Original-URL", HTTP_X_ORIGINAL_URL},
	        {"X-Rewrite-Url", HTTP_X_REWRITE_URL},
	        {"X-Forwarded-Port", HTTP_X_FORWARDED_OTHER},
	        {"x-FORWARDED-prefix", HTTP_X_FORWARDED_OTHER},
	        {"X-Forwarded-Tls-Client-Cert-Info", HTTP_X_FORWARDED_OTHER},
	        {"X-Forwarded-", HTTP_X_FORWARDED_OTHER},
	        {"X-Forwarded", HTTP_OTHER},
	        {"X-Forwardes-Port", HTTP_OTHER},
	        {"Hosts", HTTP_OTHER},
	        {"Dat", HTTP_OTHER},
	        {"X-Request-Ie", HTTP_OTHER},
	        {"Xontent-Length", HTTP_OTHER},
	        {"Content-LengtX", HTTP_OTHER},
	        {"Content^Length", HTTP_OTHER},
	        {"Proxy-AuthXrization", HTTP_OTHER},
	        {"A", HTTP_OTHER},
	        {"X-A-Very-Long-Name-Indeed", HTTP_OTHER},
	};
	char text[200];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *value = rows[i].id == HTTP_CONTENT_LENGTH      ? "1"
		                    : rows[i].id == HTTP_TRANSFER_ENCODING ? "chunked"
		                                                           : "v";
		snprintf(text, sizeof(text), "HTTP/1.1 200 OK\r\n%s: %s\r\n\r\n", rows[i].name, value);
		ck_assert_int_eq(response(text), HTTP_PARSE_DONE);
		ck_assert_msg(head.fields[0].id == rows[i].id, "%s", rows[i].name);
		ck_assert_uint_eq(head.seen, rows[i].id == HTTP_OTHER ? 0 : 1u << rows[i].id);
	}
}
END_TEST

START_TEST(test_responses)
{
	static const struct {
		const char *text;
		int status;
		const char *reason;
	} rows[] = {
	        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, "OK"},
	        {"HTTP/1.0 404 Not Found\r\n\r\n", 404, "Not Found"},
	        {"HTTP/1.1 204 \r\n\r\n", 204, ""},
	        {"HTTP/1.1 204\r\n\r\n", 204, ""},
	        {"HTTP/1.1 599 \xe9 x\r\n\r\n", 599, "\xe9 x"},
	        {"HTTP/1.1 100 Continue\r\n\r\n", 100, "Continue"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ck_assert_msg(response(rows[i].text) == HTTP_PARSE_DONE, "%s", rows[i].text);
		ck_assert_int_eq(head.status, rows[i].status);
		check_text(head.reason, rows[i].reason);
	}
}
END_TEST

/* RFC 9112 section 5.1: a proxy removes it from a response; what it frames the message with is read all the same. */
START_TEST(test_space_before_the_colon_of_a_response)
{
	ck_assert_int_eq(response("HTTP/1.1 200 OK\r\nX-A : 1\r\nContent-Length \t : 5\r\nB:2\r\n\r\nhello"),
	                 HTTP_PARSE_DONE);
	ck_assert_uint_eq(head.count, 3);
	check_text(head.fields[0].name, "X-A");
	check_text(head.fields[0].value, "1");
	check_text(head.fields[1].name, "Content-Length");
	ck_assert_int_eq(head.content_length, 5);
}
END_TEST

/* RFC 9110 section 2.5: of a higher minor version as of the highest that we know. */
START_TEST(test_minor_versions)
{
	ck_assert_int_eq(request("GET / HTTP/1.7\r\n" H "\r\n"), HTTP_PARSE_DONE);
	ck_assert_int_eq(head.minor, 1);
	ck_assert(!head.close);
	ck_assert_int_eq(response("HTTP/1.9 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), HTTP_PARSE_DONE);
	ck_assert_int_eq(head.minor, 1);
}
END_TEST

START_TEST(test_the_method_of_what_was_not_read)
{
	static const struct {
		const char *text;
		enum http_method method;
	} rows[] = {
	        {"HEAD / HTTP/1.1\r\nHost : a\r\n", HTTP_HEAD_METHOD},
	        {"\r\n\r\nHEAD /", HTTP_HEAD_METHOD},
	        {"HEAD ", HTTP_HEAD_METHOD},
	        {"POST \x01", HTTP_POST},
	        {"HEAD", HTTP_METHOD_OTHER},
	        {"HEAD\t/", HTTP_METHOD_OTHER},
	        {"head / HTTP/1.1\r\n", HTTP_METHOD_OTHER},
	        {"\nHEAD / HTTP/1.1\r\n", HTTP_METHOD_OTHER},
	        {"HEADS / HTTP/1.1\r\n", HTTP_METHOD_OTHER},
	        {"", HTTP_METHOD_OTHER},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t len = strlen(rows[i].text);
		char *exact = mem_dup_n(rows[i].text, len);
		ck_assert_msg(http_head_method(exact, len) == rows[i].method, "%s", rows[i].text);
		free(exact);
	}
	ck_assert_int_eq(http_head_method(NULL, 0), HTTP_METHOD_OTHER);
}
END_TEST

START_TEST(test_responses_refused)
{
	static const struct {
		enum http_fault fault;
		const char *text;
	} rows[] = {
	        {HTTP_FAULT_LINE, "\r\nHTTP/1.1 200 OK\r\n\r\n"},
	        {HTTP_FAULT_STATUS, "HTTP/1.1  200 OK\r\n\r\n"},
	        {HTTP_FAULT_LINE, "HTTP/1.1\r\n\r\n"},
	        {HTTP_FAULT_LINE, "ICY 200 OK\r\n\r\n"},
	        {HTTP_FAULT_LINE, "HTTP/1\r\n\r\n"},
	        {HTTP_FAULT_VERSION, "HTTP/2.0 200 OK\r\n\r\n"},
	        {HTTP_FAULT_STATUS, "HTTP/1.1 99 OK\r\n\r\n"},
	        {HTTP_FAULT_STATUS, "HTTP/1.1 099 OK\r\n\r\n"},
	        {HTTP_FAULT_STATUS, "HTTP/1.1 600 OK\r\n\r\n"},
	        {HTTP_FAULT_STATUS, "HTTP/1.1 2000 OK\r\n\r\n"},
	        {HTTP_FAULT_STATUS, "HTTP/1.1 +20 OK\r\n\r\n"},
	        {HTTP_FAULT_LINE, "HTTP/1.1 200OK\r\n\r\n"},
	        {HTTP_FAULT_LINE, "HTTP/1.1 200 O\x01K\r\n\r\n"},
	        {HTTP_FAULT_LINE_END, "HTTP/1.1 200 OK\n\n"},
	        {HTTP_FAULT_LINE_END, "\nHTTP/1.1 200 OK\r\n\r\n"},
	        {HTTP_FAULT_CODING_1_0, "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"},
	        {HTTP_FAULT_CODING_LENGTH,
	         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n"},
	        {HTTP_FAULT_LENGTHS, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n"},
	        {HTTP_FAULT_FOLD, "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n"},
	        {HTTP_FAULT_FOLD, "HTTP/1.1 200 OK\r\n : b\r\n\r\n"},
	        {HTTP_FAULT_NAME, "HTTP/1.1 200 OK\r\nA b: c\r\n\r\n"},
	        {HTTP_FAULT_NAME, "HTTP/1.1 200 OK\r\nA \r\n\r\n"},
	        {HTTP_FAULT_LENGTHS, "HTTP/1.1 200 OK\r\nContent-Length : 3\r\nContent-Length: 4\r\n\r\n"},
	        {HTTP_FAULT_CODING, "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"},
	        {HTTP_FAULT_LAST_CODING, "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n"},
	        {HTTP_FAULT_LAST_CODING, "HTTP/1.1 200 OK\r\nTransfer-Encoding:\r\n\r\n"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ck_assert_msg(response(rows[i].text) == HTTP_PARSE_BAD, "%s", rows[i].text);
		ck_assert_msg(fault == rows[i].fault, "\"%s\": %s", http_fault_text(fault), rows[i].text);
	}
}
END_TEST

START_TEST(test_which_responses_have_a_body)
{
	static const struct {
		int status;
		enum http_method method;
		bool body;
	} rows[] = {
	        {200, HTTP_GET, true},  {200, HTTP_HEAD_METHOD, false}, {204, HTTP_GET, false},
	        {304, HTTP_GET, false}, {100, HTTP_POST, false},        {101, HTTP_GET, false},
	        {500, HTTP_POST, true}, {200, HTTP_CONNECT, false},     {404, HTTP_CONNECT, true},
	        {205, HTTP_GET, true},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http_head reply = {.status = rows[i].status};
		ck_assert_int_eq(http_response_has_body(&reply, rows[i].method), rows[i].body);
	}
}
END_TEST

START_TEST(test_words)
{
	struct http_text list = text_of("gzip, Trailers ;q=1 , ,x"), element;

	ck_assert(http_list_has(list, text_of("gzip")));
	ck_assert(http_list_has(list, text_of("X")));
	ck_assert(!http_list_has(list, text_of("trailers")));
	ck_assert(!http_list_has(list, text_of("")));
	ck_assert(!http_list_has(text_of("ab"), text_of("abc")));
	ck_assert(!http_list_has(text_of("abc"), text_of("ab")));
	ck_assert(http_list_next(&list, &element) && http_text_is(element, "gzip"));
	ck_assert(http_list_next(&list, &element) && http_text_is(element, "trailers ;q=1"));
	ck_assert(http_list_next(&list, &element) && http_text_is(element, "x") && list.len == 0);
	ck_assert(!http_list_next(&list, &element));
	list = text_of(", \t,");
	ck_assert(!http_list_next(&list, &element) && element.len == 0);
	ck_assert(http_text_is((struct http_text){"ChUnKed", 7}, "chunked"));
	ck_assert(!http_text_is((struct http_text){"chunke", 6}, "chunked"));
	ck_assert(!http_text_is((struct http_text){"chunkedx", 8}, "chunked"));
	ck_assert(!http_text_is((struct http_text){"@", 1}, "`"));
	ck_assert(http_method_idempotent(HTTP_DELETE) && http_method_idempotent(HTTP_TRACE));
	ck_assert(!http_method_idempotent(HTTP_POST) && !http_method_idempotent(HTTP_METHOD_OTHER));
	ck_assert_str_eq(http_status_text(404), "Not Found");
	ck_assert_str_eq(http_status_text(599), "Unknown");
	ck_assert_str_eq(http_status_text(-1), "Unknown");
	for (int i = 0; i < HTTP_FAULTS; i++)
		ck_assert(http_fault_status((enum http_fault)i) >= 400 &&
		          http_fault_text((enum http_fault)i)[0] != '\0');
	ck_assert_int_eq(http_fault_status(HTTP_FAULT_TARGET_LONG), 414);
	ck_assert_int_eq(http_fault_status(HTTP_FAULT_CODING), 501);
	ck_assert_int_eq(http_fault_status(HTTP_FAULT_LAST_CODING), 400);
	for (int one = HTTP_FAULT_NONE + 1; one < HTTP_FAULTS; one++) {
		ck_assert_str_ne(http_fault_text((enum http_fault)one), "");
		ck_assert_str_ne(http_fault_reply((enum http_fault)one), "");
	}
}
END_TEST

START_TEST(test_pipelined_requests)
{
	static const char two[] = "GET /1 HTTP/1.1\r\n" H "\r\n\r\nGET /2 HTTP/1.1\r\n" H "\r\n";
	size_t scanned = 0;

	ck_assert_int_eq(http_head_parse_request(two, sizeof(two) - 1, &limits, &scanned, &head, &fault),
	                 HTTP_PARSE_DONE);
	check_text(head.target, "/1");
	size_t first = head.size;
	scanned = 0;
	ck_assert_int_eq(
	        http_head_parse_request(two + first, sizeof(two) - 1 - first, &limits, &scanned, &head, &fault),
	        HTTP_PARSE_DONE);
	check_text(head.target, "/2");
	ck_assert_uint_eq(first + head.size, sizeof(two) - 1);
	free(copy);
	copy = NULL;
}
END_TEST

UNIT_MAIN("http_head", test_request, test_requests_accepted, test_requests_refused, test_nul_is_refused_everywhere,
          test_control_bytes_at_every_place_of_a_value, test_fields_up_to_the_limit,
          test_limits_hold_before_the_line_is_complete, test_endless_rubbish_is_refused,
          test_connection_over_all_fields, test_expect, test_known_fields, test_responses,
          test_space_before_the_colon_of_a_response, test_minor_versions, test_the_method_of_what_was_not_read,
          test_responses_refused, test_which_responses_have_a_body, test_words, test_pipelined_requests)
