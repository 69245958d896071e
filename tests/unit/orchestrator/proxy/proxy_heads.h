/* proxy_heads: heads for the tests of the proxy's pure modules, read from text by the real parser. */
#pragma once

#include "common/http_head.h"

#include <check.h>
#include <string.h>

static const struct http_limits proxy_limits = {.head_bytes = 65536, .target_bytes = 32768};

static inline struct http_head *read_request(const char *text)
{
	static struct http_head head;
	enum http_fault fault = HTTP_FAULT_NONE;
	size_t scanned = 0;

	enum http_parse parse = http_head_parse_request(text, strlen(text), &proxy_limits, &scanned, &head, &fault);
	ck_assert_msg(parse == HTTP_PARSE_DONE, "not read (%s): %s", http_fault_text(fault), text);
	return &head;
}

static inline struct http_head *read_response(const char *text)
{
	static struct http_head head;
	enum http_fault fault = HTTP_FAULT_NONE;
	size_t scanned = 0;

	enum http_parse parse = http_head_parse_response(text, strlen(text), &proxy_limits, &scanned, &head, &fault);
	ck_assert_msg(parse == HTTP_PARSE_DONE, "not read (%s): %s", http_fault_text(fault), text);
	return &head;
}
