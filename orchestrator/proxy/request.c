/* request: a head goes through the gate, and is written down as a backend will get it. */
#include "orchestrator/proxy/request.h"

#include "common/clock.h"
#include "orchestrator/proxy/client.h"

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

static void find_client(struct request *request, const struct http_head *head, const struct peer *peer)
{
	bool spoken_for = peer->trusted != NULL && client_find(head, peer->trusted, request->spoken_for);

	request->client = spoken_for ? request->spoken_for : peer->address;
}

struct gate_verdict request_take_head(struct request *request, const struct http_head *head, const struct peer *peer,
                                      int64_t body_max)
{
	request->method = head->method;
	request->protocol = head->minor == 0 ? "HTTP/1.0" : "HTTP/1.1";
	forward_request_id(peer->ids, head, request->id);
	find_client(request, head, peer);
	struct gate_verdict verdict = gate_judge(head, &(struct gate_limits){body_max});
	if (verdict.status != 0)
		return verdict;
	struct forward_from from = {.address = peer->address,
	                            .client = request->client,
	                            .trusted = peer->trusted != NULL,
	                            .secure = peer->tls != NULL,
	                            .request_id = request->id};
	request->idempotent = http_method_idempotent(head->method);
	request->started_us = clock_recent_us();
	request->upgrade = wants_websocket(head);
	request->hostless = !forward_has_host(head);
	request->secure = from.secure || (from.trusted && forward_says_https(head));
	if (!forward_request(&request->head, head, &from))
		return (struct gate_verdict){431, request_too_large};
	request->target_at = (size_t)head->method_text.len + 1;
	const char *target = request->head.data + request->target_at;
	request->target_len = (size_t)((const char *)memchr(target, ' ', request->head.len) - target);
	return (struct gate_verdict){0, NULL};
}

struct http_text request_host(const struct request *request)
{
	static const char before[] = " HTTP/1.1\r\nHost: "; /* so forward writes it */
	struct http_text target = request_target(request), host = {"", 0};

	if (request->hostless || request->target_at == 0)
		return host;
	host.data = target.data + target.len + sizeof(before) - 1;
	const char *end = memchr(host.data, '\r', request->head.len - (size_t)(host.data - request->head.data));
	host.len = (uint32_t)(end - host.data);
	return host;
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
