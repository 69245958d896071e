/* request: a head goes through the gate, and is written down as a backend will get it. */
#include "orchestrator/proxy/request.h"

#include "common/clock.h"

#include <string.h>

const char request_too_large[] = "the request's head is too large to be sent on";

void request_init(struct request *request, size_t head_max, size_t body_max)
{
	buf_init(&request->head, head_max);
	buf_init(&request->body, body_max);
}

void request_reset(struct request *request, size_t head_max, size_t body_max)
{
	buf_clear(&request->body);
	buf_reset(&request->head);
	request->head.max = head_max;
	request->body.max = body_max;
	request->target_at = request->target_len = 0;
}

void request_clear(struct request *request)
{
	buf_clear(&request->head);
	buf_clear(&request->body);
}

/* The one protocol that is let through as a tunnel: h2c, say, would carry requests past routes and counts. */
static bool wants_websocket(const struct http_head *head)
{
	return head->upgrade && !head->chunked && head->content_length <= 0 && head->minor == 1 &&
	       head->method == HTTP_GET && http_text_is(http_head_find(head, HTTP_UPGRADE)->value, "websocket");
}

struct gate_verdict request_take_head(struct request *request, const struct http_head *head,
                                      const struct forward_from *from, int64_t body_max)
{
	struct forward_from known = {from->address, from->trusted, request->id};

	request->method = head->method;
	forward_request_id(head, request->id);
	struct gate_verdict verdict = gate_judge(head, &(struct gate_limits){body_max});
	if (verdict.status != 0)
		return verdict;
	request->idempotent = http_method_idempotent(head->method);
	request->started_us = clock_recent_us();
	request->upgrade = wants_websocket(head);
	request->hostless = !forward_has_host(head);
	if (!forward_request(&request->head, head, &known))
		return (struct gate_verdict){431, request_too_large};
	request->target_at = (size_t)head->method_text.len + 1;
	const char *target = request->head.data + request->target_at;
	request->target_len = (size_t)((const char *)memchr(target, ' ', request->head.len) - target);
	return (struct gate_verdict){0, NULL};
}

bool request_end_head(struct request *request, const struct http_head *head)
{
	bool wants_length = head->method == HTTP_POST || head->method == HTTP_PUT || head->method == HTTP_PATCH;
	bool says_length = wants_length || head->content_length >= 0 || head->chunked;
	struct http_text protocols = {NULL, 0};

	if (request->upgrade)
		protocols = http_head_find(head, HTTP_UPGRADE)->value;
	return forward_request_end(&request->head, says_length ? 0 : -1, request->upgrade, protocols);
}

bool request_end_body(struct request *request)
{
	return forward_request_end(&request->head, (int64_t)request->body.len, false, (struct http_text){NULL, 0});
}
