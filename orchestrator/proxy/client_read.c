/* client_read: bytes in, requests out.
 *
 * Bytes that come while a request is in work wait in `input` (bounded: reading stops above CLIENT_INPUT_MAX).
 */
#include "orchestrator/proxy/client_private.h"

#include "orchestrator/proxy/gate.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#define READ_BYTES 65536
#define READS 16 /* in one turn, so that others get theirs */
#define LINGER_BYTES_MAX 67108864

static const char slowest[] = "the request's body came most slowly, and its room was needed for others";
static const char too_large[] = "the request's head is too large to be sent on";

static struct http_head head;
static char scratch[READ_BYTES];

/* The one protocol that is let through as a tunnel: h2c, say, would carry requests past routes and counts. */
static bool wants_websocket(const struct http_head *asked)
{
	return asked->upgrade && !asked->chunked && asked->content_length <= 0 && asked->minor == 1 &&
	       asked->method == HTTP_GET && http_text_is(http_head_find(asked, HTTP_UPGRADE)->value, "websocket");
}

static bool accept_head(struct client *client)
{
	const struct config *config = client_config(client);
	struct request *request =
	        request_new(2 * (size_t)config->max_head_bytes + 4096, (size_t)config->max_body_bytes);

	client->request = request;
	request->method = head.method;
	forward_request_id(&head, request->id);
	struct gate_verdict verdict = gate_judge(&head, &(struct gate_limits){config->max_body_bytes});
	if (verdict.status != 0) {
		client_refuse(client, verdict.status, verdict.text);
		return false;
	}
	request->idempotent = http_method_idempotent(head.method);
	request->http_1_0 = head.minor == 0;
	request->close = head.close;
	request->started_us = clock_recent_us();
	request->upgrade = wants_websocket(&head);
	request->hostless = !forward_has_host(&head);
	struct forward_from from = {client->address, client->trusted, request->id};
	if (!forward_request(&request->head, &head, &from)) {
		client_refuse(client, 431, too_large);
		return false;
	}
	request->target_at = (size_t)head.method_text.len + 1;
	const char *target = request->head.data + request->target_at;
	request->target_len = (size_t)((const char *)memchr(target, ' ', request->head.len) - target);
	return true;
}

static bool end_head(struct client *client)
{
	struct request *request = client->request;
	bool wants_length = head.method == HTTP_POST || head.method == HTTP_PUT || head.method == HTTP_PATCH;
	bool says_length = wants_length || head.content_length >= 0 || head.chunked;
	struct http_text protocols = {NULL, 0};

	if (request->upgrade)
		protocols = http_head_find(&head, HTTP_UPGRADE)->value;
	return forward_request_end(&request->head, says_length ? (int64_t)request->body.len : -1, request->upgrade,
	                           protocols);
}

static void send_continue(struct client *client)
{
	static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
	struct iovec iov = {(char *)(uintptr_t)text, sizeof(text) - 1};

	client_write(client, &iov, 1);
}

void client_make_room(struct body *body)
{
	client_refuse((struct client *)((char *)body - offsetof(struct client, body)), 408, slowest);
}

static void expect_body(struct client *client)
{
	int64_t idle_us = client_config(client)->idle_timeout_ms * 1000;

	deadline_set(&client->deadline, body_due_us(&client->body, idle_us, clock_recent_us()));
}

static bool take_body(struct client *client, struct http_text piece)
{
	switch (front_buffer(client->front, piece.len, &client->body)) {
	case FRONT_ROOM:
		break;
	case FRONT_SLOWEST:
		client_refuse(client, 408, slowest);
		return false;
	case FRONT_FULL:
		client_refuse(client, 503, "too many request bodies are held at the moment");
		return false;
	}
	body_grow(&client->body, piece.len, clock_recent_us());
	expect_body(client);
	if (buf_add(&client->request->body, piece.data, piece.len))
		return true;
	client_refuse(client, 413, "the body is longer than this server takes");
	return false;
}

static bool take_head(struct client *client, size_t left)
{
	bool body_follows = head.chunked || head.content_length > 0;

	if (!accept_head(client))
		return false;
	if (body_follows) {
		client->state = CLIENT_BODY;
		body_begin(front_bodies(client->front), &client->body, clock_recent_us());
		expect_body(client);
		if (head.expect_continue && left == 0 && head.minor == 1)
			send_continue(client);
	}
	/* the static head is gone when the body ends: what its end needs is written now, but for the length */
	if (!body_follows && !end_head(client)) {
		client_refuse(client, 431, too_large);
		return false;
	}
	return true;
}

static bool end_message(struct client *client)
{
	struct request *request = client->request;

	if (client->state != CLIENT_BODY)
		return true;
	body_end(&client->body);
	return forward_request_end(&request->head, (int64_t)request->body.len, false, (struct http_text){NULL, 0});
}

enum read_result { READ_MORE, READ_REQUEST, READ_REFUSED };

/* Reads on in the current message; *used bytes need not be kept. */
static enum read_result read_message(struct client *client, const char *data, size_t len, size_t *used)
{
	*used = 0;
	if (client->state == CLIENT_IDLE && len > 0) {
		client->state = CLIENT_HEAD;
		front_wake(client->front, &client->idle);
		message_start(&client->message, HTTP_GET);
		client_set_deadline(client, client_config(client)->head_timeout_ms);
	}
	for (;;) {
		size_t step = 0;
		struct http_text piece = {NULL, 0};
		enum http_fault fault = HTTP_FAULT_NONE;
		enum message_event event =
		        message_next(&client->message, data + *used, len - *used, &step, &head, &piece, &fault);
		*used += step;
		if (event == MESSAGE_MORE)
			return READ_MORE;
		if (event == MESSAGE_END) {
			if (!end_message(client)) {
				client_refuse(client, 431, too_large);
				return READ_REFUSED;
			}
			client->state = CLIENT_BUSY;
			deadline_clear(&client->deadline);
			return READ_REQUEST;
		}
		bool ok = event == MESSAGE_HEAD ? take_head(client, len - *used) : false;
		if (event == MESSAGE_BODY)
			ok = take_body(client, piece);
		if (event == MESSAGE_BAD)
			client_refuse_unread(client, http_fault_status(fault), http_fault_text(fault),
			                     (struct http_text){data + *used, (uint32_t)(len - *used)});
		if (!ok)
			return READ_REFUSED;
	}
}

static void keep_input(struct client *client, const char *data, size_t len)
{
	if (len == 0)
		return;
	if (!buf_add(&client->input, data, len)) {
		client_mark_broken(client); /* it sends on although reading stopped long ago: cannot be */
		return;
	}
	if (client->state == CLIENT_BUSY && client->input.len > CLIENT_INPUT_MAX)
		client_pause_reading(client);
}

static enum read_result read_input(struct client *client, const char *data, size_t len)
{
	size_t used;
	enum read_result result;

	if (client->input.len == 0) {
		result = read_message(client, data, len, &used);
		if (result != READ_REFUSED)
			keep_input(client, data + used, len - used);
		return client->state == CLIENT_LINGER ? READ_REFUSED : result;
	}
	keep_input(client, data, len);
	if (client->state == CLIENT_LINGER)
		return READ_REFUSED;
	result = read_message(client, client->input.data, client->input.len, &used);
	if (result != READ_REFUSED)
		buf_drop(&client->input, used);
	return result;
}

static void linger(struct client *client, size_t len)
{
	client->lingered += (int64_t)len;
	if (client->lingered > LINGER_BYTES_MAX)
		client_mark_broken(client);
}

static void start_work(struct client *client)
{
	assert(client->state == CLIENT_BUSY);
	if (client->ended && client->input.len == 0)
		client->request->close = true; /* its last one */
	if (client->input.len > CLIENT_INPUT_MAX)
		client_pause_reading(client);
	const struct front_settings *settings = front_settings(client->front);
	settings->on_request(client, client->request, settings->arg);
}

static void take_bytes(struct client *client, const char *data, size_t len)
{
	switch (client->state) {
	case CLIENT_IDLE:
	case CLIENT_HEAD:
	case CLIENT_BODY:
		if (read_input(client, data, len) == READ_REQUEST)
			start_work(client);
		break;
	case CLIENT_BUSY:
		keep_input(client, data, len);
		break;
	case CLIENT_TUNNEL:
		if (client->peer.on_bytes != NULL) /* else the tunnel is over, and its last bytes are being written */
			client->peer.on_bytes(data, len, client->peer_arg);
		break;
	case CLIENT_LINGER:
		linger(client, len);
		break;
	}
}

/* The client has closed its sending side. What it asked for is answered, for it may well wait (RFC 9112 section 9.6); what
 * is not whole yet, never will be. */
static void take_end(struct client *client)
{
	bool whole = client->state == CLIENT_BUSY || client->state == CLIENT_TUNNEL ||
	             (client->state == CLIENT_IDLE && client->input.len > 0);

	if (!whole || client_config(client)->half_close == CONFIG_HALF_CLOSE_CANCEL) {
		client_close(client);
		return;
	}
	client->ended = true;
	if (client->state == CLIENT_BUSY && client->input.len == 0)
		client->request->close = true;
	if (client->state == CLIENT_TUNNEL && client->peer.on_ended != NULL)
		client->peer.on_ended(client->peer_arg);
}

/* Reading gives the end again and again, after a reset, too: only the socket's error tells that the client has left. */
static bool has_left(const struct client *client)
{
	int problem = 0;
	socklen_t len = sizeof(problem);

	return getsockopt(client->fd, SOL_SOCKET, SO_ERROR, &problem, &len) == -1 || problem != 0;
}

static void close_if_left(struct client *client)
{
	if (has_left(client))
		client_close(client);
}

/* A read that did not fill the buffer took all of it. The end of the stream that came along is told as EV_CLOSED; a reset is
 * not, and is looked for where nobody would write to this client, and find it, for long. */
static bool may_stop_reading(const struct client *client, short what)
{
	return (what & EV_CLOSED) == 0 && client->state != CLIENT_HEAD && client->state != CLIENT_BODY &&
	       client->state != CLIENT_TUNNEL;
}

/* Edge-triggered: told once of what has come. (Level-triggered, epoll looks at each socket twice.) */
void client_on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct client *client = arg;

	clock_us(); /* for all clock_recent_us below */
	if (client->ended) {
		close_if_left(client);
		return;
	}
	for (int i = 0; i < READS; i++) {
		ssize_t got = recv(fd, scratch, sizeof(scratch), 0);
		if (got == -1 && errno == EAGAIN)
			return;
		if (got == 0) {
			take_end(client);
			return;
		}
		if (got == -1 && errno != EINTR) {
			client_close(client);
			return;
		}
		if (got > 0)
			take_bytes(client, scratch, (size_t)got);
		if (client->over || client->broken || client->reading_paused)
			return;
		if (got >= 0 && (size_t)got < sizeof(scratch) && may_stop_reading(client, what))
			return;
	}
	/* there may be more: the others' turn, then told again */
	event_del(&client->readable);
	event_add(&client->readable, NULL);
}

void client_read_kept(struct client *client)
{
	size_t used;
	enum read_result result = read_message(client, client->input.data, client->input.len, &used);

	if (result == READ_REFUSED)
		return;
	buf_drop(&client->input, used);
	if (result == READ_REQUEST)
		start_work(client);
	else if (client->ended)
		client_close(client);
}

/* Of a client that sends nothing more it is to be heard all the same when it leaves. */
void client_pause_reading(struct client *client)
{
	if (client->reading_paused || client->ended || client->over)
		return;
	client->reading_paused = true;
	event_del(&client->readable);
}

void client_resume_reading(struct client *client)
{
	if (!client->reading_paused || client->over)
		return;
	client->reading_paused = false;
	event_add(&client->readable, NULL);
}

void client_tunnel(struct client *client)
{
	client->state = CLIENT_TUNNEL;
	if (client->input.len > 0)
		client->peer.on_bytes(client->input.data, client->input.len, client->peer_arg);
	buf_reset(&client->input);
	client_resume_reading(client);
	if (client->ended && client->peer.on_ended != NULL)
		client->peer.on_ended(client->peer_arg);
}
