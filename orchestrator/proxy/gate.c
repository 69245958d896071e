/* gate: a table of reasons to refuse, asked in order. */
#include "orchestrator/proxy/gate.h"

#include <stddef.h>

#define FIELDS_MAX 128

static bool has_body(const struct http_head *head)
{
	return head->chunked || head->content_length > 0;
}

/* A proxy that is asked to CONNECT would be an open relay. */
static bool is_connect(const struct http_head *head, const struct gate_limits *limits)
{
	(void)limits;
	return head->method == HTTP_CONNECT;
}

/* RFC 9110 section 9.3.8; a body there is read by some parsers and run as the next request by others. */
static bool is_body_misplaced(const struct http_head *head, const struct gate_limits *limits)
{
	(void)limits;
	return has_body(head) && (head->method == HTTP_TRACE || head->method == HTTP_HEAD_METHOD);
}

static bool is_expectation_unknown(const struct http_head *head, const struct gate_limits *limits)
{
	(void)limits;
	return head->expect_other;
}

static bool is_body_long(const struct http_head *head, const struct gate_limits *limits)
{
	return head->content_length > limits->body_bytes;
}

/* What we add to a head must find room in the limits of whoever reads it behind us. */
static bool is_crowded(const struct http_head *head, const struct gate_limits *limits)
{
	(void)limits;
	return head->count > FIELDS_MAX;
}

static const struct {
	bool (*applies)(const struct http_head *head, const struct gate_limits *limits);
	struct gate_verdict verdict;
} refusals[] = {
        {is_crowded, {431, "the request has more than 128 fields"}},
        {is_connect, {501, "CONNECT is not served here"}},
        {is_body_misplaced, {400, "a HEAD or TRACE request has no body"}},
        {is_expectation_unknown, {417, "the only expectation that can be met is 100-continue"}},
        {is_body_long, {413, "the body is longer than this server takes"}},
};

struct gate_verdict gate_judge(const struct http_head *head, const struct gate_limits *limits)
{
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
		if (refusals[i].applies(head, limits))
			return refusals[i].verdict;
	return (struct gate_verdict){0, NULL};
}
