/* client: bytes in, requests out, replies written.
 *
 *   IDLE -> HEAD -> BODY -> BUSY -> IDLE ...      a request is read, answered, the next one is read
 *                            BUSY -> TUNNEL       the protocol was changed
 *   any of the first three -> LINGER              refused: the reason was sent, the rest is read and thrown away
 *
 * Bytes that come while BUSY wait in `input` (bounded: reading stops above INPUT_MAX).
 * Invariant: evhttp's input buffer is empty but for the canonical head while it is handed over; `req` is set in BUSY and TUNNEL, and in LINGER
 * where a reply was complete before.
 */
#include "orchestrator/proxy/client.h"

#include "common/clock.h"
#include "common/mem.h"
#include "orchestrator/proxy/front.h"
#include "orchestrator/proxy/gate.h"
#include "orchestrator/proxy/message.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define INPUT_MAX 65536    /* bytes read ahead of a request in work */
#define OUTPUT_MAX 1048576 /* what one turn may leave unwritten; sources stop at the first byte */
#define READ_BYTES 65536
#define BODY_READS 16    /* reads in one turn, so that others get theirs */
#define BUFFER_KEPT 4096 /* bytes of memory that an empty buffer may keep */
#define LINGER_US 2000000
#define LINGER_BYTES_MAX 67108864

static const char canonical[] = "GET / HTTP/1.1\r\n\r\n";
#define CANONICAL_LEN (sizeof canonical - 1)

enum client_state { CLIENT_IDLE, CLIENT_HEAD, CLIENT_BODY, CLIENT_BUSY, CLIENT_TUNNEL, CLIENT_LINGER };

struct client {
	struct front *front;
	struct bufferevent *bev; /* borrowed from evhttp; NULL once the connection is gone */
	struct evhttp_connection *evcon;
	bufferevent_event_cb evhttp_on_event;
	struct evhttp_request *req;
	int fd;
	enum client_state state;
	bool reading_paused;
	bool ending; /* the reply is complete, its last bytes are not written yet */
	bool close;  /* after this reply */
	bool broken; /* a write failed */
	bool trusted;
	bool over;
	char address[INET6_ADDRSTRLEN];
	struct message message;
	struct request *request;
	int64_t buffered; /* counted with front_buffer */
	int64_t lingered;
	struct buf input;
	struct buf out;
	struct event *readable;
	struct event *writable; /* NULL until first needed */
	struct deadline deadline;
	struct deferred deferred;
	struct client_peer peer;
	void *peer_arg;
};

static const char too_large[] = "the request's head is too large to be sent on";

static struct http_head head;
static char scratch[READ_BYTES];

static const struct config *config_of(const struct client *client)
{
	return front_settings(client->front)->config;
}

static void set_deadline(struct client *client, int64_t timeout_ms)
{
	deadline_set(&client->deadline, clock_us() + timeout_ms * 1000);
}

void client_set_peer(struct client *client, const struct client_peer *peer, void *arg)
{
	client->peer = *peer;
	client->peer_arg = arg;
}

const char *client_address(const struct client *client)
{
	return client->address;
}

/* --- the end of a connection ----------------------------------------------------------------------------------- */

static void drop_request(struct client *client)
{
	if (client->request == NULL)
		return;
	front_buffer(client->front, -client->buffered);
	client->buffered = 0;
	request_free(client->request);
	client->request = NULL;
}

static void free_now(struct client *client)
{
	buf_clear(&client->input);
	buf_clear(&client->out);
	free(client);
}

/* Lets go of everything but the memory. */
static void leave(struct client *client)
{
	const struct front_settings *settings = front_settings(client->front);
	client->over = true;
	client->bev = NULL;
	client->evcon = NULL;
	if (client->readable != NULL)
		event_free(client->readable);
	if (client->writable != NULL)
		event_free(client->writable);
	client->readable = client->writable = NULL;
	deadline_remove(settings->deadlines, &client->deadline);
	front_forget(client->front, client->fd, client);
	defer_call(settings->defer, &client->deferred);
}

/* evhttp frees its connection: the peer went, a timeout of ours, or the reply's end. Where the peer went it detached a
 * request that was still owed a reply; that one is ours to free. */
static void on_closed(struct evhttp_connection *evcon, void *arg)
{
	(void)evcon;
	struct client *client = arg;
	if (client->req != NULL && evhttp_request_get_connection(client->req) == NULL)
		evhttp_request_free(client->req);
	client->req = NULL;
	struct client_peer peer = client->peer;
	void *peer_arg = client->peer_arg;
	client->peer = (struct client_peer){0};
	leave(client);
	if (peer.on_gone != NULL)
		peer.on_gone(peer_arg);
	drop_request(client);
}

/* Not from within a callback of evhttp's. */
static void close_now(struct client *client)
{
	client->req = NULL; /* evhttp still has it in its list and frees it */
	evhttp_connection_free(client->evcon);
}

static void mark_broken(struct client *client)
{
	client->broken = true;
	buf_reset(&client->out);
	defer_call(front_settings(client->front)->defer, &client->deferred);
}

/* Closes with a reset: the client must not take what it has for the whole. */
static void mark_cut(struct client *client)
{
	struct linger reset = {.l_onoff = 1, .l_linger = 0};
	setsockopt(client->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
	mark_broken(client);
}

void client_abort(struct client *client)
{
	client->peer = (struct client_peer){0};
	if (!client->over)
		mark_cut(client);
}

/* --- writing --------------------------------------------------------------------------------------------------- */

static void finish_reply(struct client *client);

/* A connection may idle for long: what it needed once is given back. */
static void shrink(struct buf *buf)
{
	if (buf->len == 0 && buf->cap > BUFFER_KEPT)
		buf_clear(buf);
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
	(void)what;
	struct client *client = arg;
	if (client->broken)
		return;
	ssize_t put = send(fd, client->out.data, client->out.len, MSG_NOSIGNAL);
	if (put == -1 && errno != EAGAIN && errno != EINTR) {
		mark_broken(client);
		return;
	}
	if (put > 0) {
		buf_drop(&client->out, (size_t)put);
		set_deadline(client, config_of(client)->idle_timeout_ms);
	}
	if (client->out.len > 0) {
		event_add(client->writable, NULL);
		return;
	}
	if (client->state == CLIENT_BUSY || client->state == CLIENT_TUNNEL)
		deadline_clear(&client->deadline);
	shrink(&client->out);
	if (client->ending)
		finish_reply(client);
	else if (client->peer.on_drained != NULL)
		client->peer.on_drained(client->peer_arg);
}

static bool keep_rest(struct client *client, const struct iovec *iov, int count, size_t skip)
{
	for (int i = 0; i < count; i++) {
		size_t from = skip < iov[i].iov_len ? skip : iov[i].iov_len;
		skip -= from;
		if (!buf_add(&client->out, (const char *)iov[i].iov_base + from, iov[i].iov_len - from))
			return false;
	}
	return true;
}

static ssize_t send_parts(int fd, const struct iovec *iov, int count)
{
	if (count == 1)
		return send(fd, iov->iov_base, iov->iov_len, MSG_NOSIGNAL);
	struct msghdr message = {.msg_iov = (struct iovec *)(uintptr_t)iov, .msg_iovlen = (size_t)count};
	return sendmsg(fd, &message, MSG_NOSIGNAL);
}

enum client_write client_write(struct client *client, const struct iovec *iov, int count)
{
	if (client->over || client->broken)
		return CLIENT_GONE;
	size_t whole = 0, put = 0;
	for (int i = 0; i < count; i++)
		whole += iov[i].iov_len;
	if (client->out.len == 0) {
		ssize_t result = send_parts(client->fd, iov, count);
		if (result == -1 && errno != EAGAIN && errno != EINTR) {
			mark_broken(client);
			return CLIENT_GONE;
		}
		put = result > 0 ? (size_t)result : 0;
		if (put == whole)
			return CLIENT_SENT;
		set_deadline(client, config_of(client)->idle_timeout_ms);
	}
	if (!keep_rest(client, iov, count, put)) {
		mark_cut(client);
		return CLIENT_GONE;
	}
	if (client->writable == NULL)
		client->writable =
		        event_new(front_settings(client->front)->base, client->fd, EV_WRITE, on_writable, client);
	event_add(client->writable, NULL);
	return CLIENT_SLOW;
}

/* --- the end of a reply ---------------------------------------------------------------------------------------- */

/* Closing with bytes unread would reset the connection and take the end of the reply with it (RFC 9112 section 9.6):
 * only our side is closed, and the client's bytes are thrown away until it has heard. */
static void start_linger(struct client *client)
{
	shutdown(client->fd, SHUT_WR);
	buf_clear(&client->input);
	client_resume_reading(client);
	client->state = CLIENT_LINGER;
	deadline_set(&client->deadline, clock_us() + LINGER_US);
}

static void finish_reply(struct client *client)
{
	client->ending = false;
	drop_request(client);
	if (client->close && (client->input.len > 0 || client->reading_paused)) {
		start_linger(client);
		return;
	}
	struct evhttp_request *req = client->req;
	client->req = NULL;
	client->state = CLIENT_IDLE;
	client_resume_reading(client);
	shrink(&client->input);
	set_deadline(client, config_of(client)->idle_timeout_ms);
	if (client->close)
		evhttp_add_header(evhttp_request_get_output_headers(req), "Connection", "close");
	evhttp_send_reply_end(req); /* starts the next request, or closes: then client is over */
	if (client->over)
		return;
	bufferevent_disable(client->bev, EV_READ);
	if (client->input.len > 0)
		defer_call(front_settings(client->front)->defer, &client->deferred);
}

void client_end(struct client *client, bool close)
{
	client->peer = (struct client_peer){0};
	if (client->over || client->broken)
		return;
	client->close = close;
	if (client->out.len > 0)
		client->ending = true;
	else
		finish_reply(client);
}

/* Says why, once, and then only listens until the client has heard. */
static void refuse(struct client *client, int status, const char *detail)
{
	struct problem problem = {.status = status, .detail = detail, .close = true};
	if (client->request != NULL) {
		problem.request_id = client->request->id;
		problem.head_only = client->request->method == HTTP_HEAD_METHOD;
	}
	struct buf out;
	buf_init(&out, 4096);
	if (problem_write(&out, &problem) && send(client->fd, out.data, out.len, MSG_NOSIGNAL) == -1)
		mark_broken(client);
	buf_clear(&out);
	const struct front_settings *settings = front_settings(client->front);
	settings->on_refused(client, client->request, status, settings->arg);
	drop_request(client);
	start_linger(client);
}

/* --- reading --------------------------------------------------------------------------------------------------- */

/* The one protocol that is let through as a tunnel: h2c, say, would carry requests past routes and counts. */
static bool wants_websocket(const struct http_head *asked)
{
	return asked->upgrade && !asked->chunked && asked->content_length <= 0 && asked->minor == 1 &&
	       asked->method == HTTP_GET && http_text_is(http_head_find(asked, HTTP_UPGRADE)->value, "websocket");
}

static bool accept_head(struct client *client)
{
	const struct config *config = config_of(client);
	struct gate_verdict verdict = gate_judge(&head, &(struct gate_limits){config->max_body_bytes});
	if (verdict.status != 0) {
		refuse(client, verdict.status, verdict.text);
		return false;
	}
	struct request *request =
	        request_new(2 * (size_t)config->max_head_bytes + 4096, (size_t)config->max_body_bytes);
	client->request = request;
	request->method = head.method;
	request->idempotent = http_method_idempotent(head.method);
	request->http_1_0 = head.minor == 0;
	request->close = head.close;
	request->started_us = clock_us();
	request->upgrade = wants_websocket(&head);
	forward_request_id(&head, request->id);
	struct forward_from from = {client->address, client->trusted, request->id};
	if (!forward_request(&request->head, &head, &from)) {
		refuse(client, 431, too_large);
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
	struct iovec iov = {(char *)(uintptr_t)text, sizeof text - 1};
	client_write(client, &iov, 1);
}

static bool take_body(struct client *client, struct http_text piece)
{
	if (!front_buffer(client->front, piece.len)) {
		refuse(client, 503, "too many request bodies are held at the moment");
		return false;
	}
	client->buffered += piece.len;
	set_deadline(client, config_of(client)->idle_timeout_ms);
	if (buf_add(&client->request->body, piece.data, piece.len))
		return true;
	refuse(client, 413, "the body is longer than this server takes");
	return false;
}

static bool take_head(struct client *client, size_t left)
{
	bool body_follows = head.chunked || head.content_length > 0;
	if (!accept_head(client))
		return false;
	if (body_follows) {
		client->state = CLIENT_BODY;
		set_deadline(client, config_of(client)->idle_timeout_ms);
		if (head.expect_continue && left == 0 && head.minor == 1)
			send_continue(client);
	}
	/* the static head is gone when the body ends: what its end needs is written now, but for the length */
	if (!body_follows && !end_head(client)) {
		refuse(client, 431, too_large);
		return false;
	}
	return true;
}

static bool end_message(struct client *client)
{
	struct request *request = client->request;
	if (client->state != CLIENT_BODY)
		return true;
	return forward_request_end(&request->head, (int64_t)request->body.len, false, (struct http_text){NULL, 0});
}

enum read_result { READ_MORE, READ_REQUEST, READ_REFUSED };

/* Reads on in the current message; *used bytes need not be kept. */
static enum read_result read_message(struct client *client, const char *data, size_t len, size_t *used)
{
	*used = 0;
	if (client->state == CLIENT_IDLE && len > 0) {
		client->state = CLIENT_HEAD;
		message_start(&client->message, HTTP_GET);
		set_deadline(client, config_of(client)->head_timeout_ms);
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
				refuse(client, 431, too_large);
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
			refuse(client, http_fault_status(fault), http_fault_text(fault));
		if (!ok)
			return READ_REFUSED;
	}
}

static void keep_input(struct client *client, const char *data, size_t len)
{
	if (len == 0)
		return;
	if (!buf_add(&client->input, data, len)) {
		mark_broken(client); /* it sends on although reading stopped long ago: cannot be */
		return;
	}
	if (client->state == CLIENT_BUSY && client->input.len > INPUT_MAX)
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
		mark_broken(client);
}

/* Gives evhttp the canonical head; it answers with its request callback before this returns. */
static void hand_over(struct client *client)
{
	struct evbuffer *input = bufferevent_get_input(client->bev);
	evbuffer_unfreeze(input, 0); /* a socket's input buffer takes bytes from its own reads only */
	bool added = evbuffer_add(input, canonical, CANONICAL_LEN) == 0;
	evbuffer_freeze(input, 0);
	if (added)
		bufferevent_trigger(client->bev, EV_READ, 0);
	else
		mark_broken(client);
}

static void take_bytes(struct client *client, const char *data, size_t len)
{
	switch (client->state) {
	case CLIENT_IDLE:
	case CLIENT_HEAD:
	case CLIENT_BODY:
		if (read_input(client, data, len) == READ_REQUEST)
			hand_over(client);
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

/* The client left; evhttp is told in the words of its bufferevent. */
static void end_of_stream(struct client *client, bool orderly)
{
	short what = BEV_EVENT_READING | (orderly ? BEV_EVENT_EOF : BEV_EVENT_ERROR);
	client->evhttp_on_event(client->bev, what, client->evcon);
}

/* A body is read on in the same turn, a few times: there is more of it, most likely. */
static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	(void)what;
	struct client *client = arg;
	for (int i = 0; i < BODY_READS; i++) {
		ssize_t got = recv(fd, scratch, sizeof scratch, 0);
		if (got == -1 && (errno == EAGAIN || errno == EINTR))
			return;
		if (got <= 0) {
			end_of_stream(client, got == 0);
			return;
		}
		take_bytes(client, scratch, (size_t)got);
		if (client->state != CLIENT_BODY || client->over || client->broken)
			return;
	}
}

/* What was read ahead is the next request, or the start of it. */
static void read_kept_input(struct client *client)
{
	size_t used;
	enum read_result result = read_message(client, client->input.data, client->input.len, &used);
	if (result == READ_REFUSED)
		return;
	buf_drop(&client->input, used);
	if (result == READ_REQUEST)
		hand_over(client);
}

void client_on_request(struct client *client, struct evhttp_request *req)
{
	assert(client->state == CLIENT_BUSY && client->req == NULL);
	client->req = req;
	if (client->input.len > INPUT_MAX)
		client_pause_reading(client);
	const struct front_settings *settings = front_settings(client->front);
	settings->on_request(client, client->request, settings->arg);
}

void client_pause_reading(struct client *client)
{
	if (client->reading_paused || client->over)
		return;
	client->reading_paused = true;
	event_del(client->readable);
}

void client_resume_reading(struct client *client)
{
	if (!client->reading_paused || client->over)
		return;
	client->reading_paused = false;
	event_add(client->readable, NULL);
}

void client_tunnel(struct client *client)
{
	client->state = CLIENT_TUNNEL;
	if (client->input.len > 0)
		client->peer.on_bytes(client->input.data, client->input.len, client->peer_arg);
	buf_reset(&client->input);
	client_resume_reading(client);
}

/* --- deadlines, deferred work ---------------------------------------------------------------------------------- */

static void on_deadline(struct deadline *deadline)
{
	struct client *client = (struct client *)((char *)deadline - offsetof(struct client, deadline));
	switch (client->state) {
	case CLIENT_HEAD:
		refuse(client, 408, "the request's head did not come in time");
		break;
	case CLIENT_BODY:
		refuse(client, 408, "the request's body did not come in time");
		break;
	case CLIENT_BUSY:
	case CLIENT_TUNNEL:
		mark_cut(client); /* it does not read its reply */
		break;
	case CLIENT_IDLE:
	case CLIENT_LINGER:
		close_now(client);
		break;
	}
}

static void on_deferred(struct deferred *deferred)
{
	struct client *client = (struct client *)((char *)deferred - offsetof(struct client, deferred));
	if (client->over)
		free_now(client);
	else if (client->broken)
		close_now(client);
	else if (client->state == CLIENT_IDLE && client->input.len > 0)
		read_kept_input(client);
}

/* --- the beginning --------------------------------------------------------------------------------------------- */

struct client *client_new(struct front *front, struct bufferevent *bev)
{
	struct client *client = mem_zero(sizeof *client);
	const struct front_settings *settings = front_settings(front);
	client->front = front;
	client->bev = bev;
	client->fd = -1;
	client->deferred.run = on_deferred;
	buf_init(&client->input, (size_t)settings->config->max_head_bytes + 2 * INPUT_MAX);
	buf_init(&client->out, OUTPUT_MAX);
	struct http_limits limits = {.head_bytes = (uint32_t)settings->config->max_head_bytes,
	                             .target_bytes = (uint32_t)settings->config->max_head_bytes / 2};
	message_init(&client->message, MESSAGE_REQUEST, &limits);
	deadline_add(settings->deadlines, &client->deadline, on_deadline);
	set_deadline(client, settings->config->idle_timeout_ms);
	return client;
}

static void read_address(struct client *client)
{
	const struct sockaddr *peer = evhttp_connection_get_addr(client->evcon);
	client->trusted = front_is_trusted(client->front, peer);
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)peer;
	if (peer->sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr))
		inet_ntop(AF_INET, &v6->sin6_addr.s6_addr[12], client->address, sizeof client->address);
	else if (peer->sa_family == AF_INET6)
		inet_ntop(AF_INET6, &v6->sin6_addr, client->address, sizeof client->address);
	else if (peer->sa_family == AF_INET)
		inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)peer)->sin_addr, client->address,
		          sizeof client->address);
}

void client_adopt(struct client *client)
{
	void *evcon = NULL;
	bufferevent_getcb(client->bev, NULL, NULL, &client->evhttp_on_event, &evcon);
	if (evcon == NULL) { /* evhttp gave up on it already */
		leave(client);
		return;
	}
	client->evcon = evcon;
	client->fd = bufferevent_getfd(client->bev);
	bufferevent_disable(client->bev, EV_READ); /* from now on it is us who read */
	client->readable =
	        event_new(front_settings(client->front)->base, client->fd, EV_READ | EV_PERSIST, on_readable, client);
	event_add(client->readable, NULL);
	evhttp_connection_set_closecb(client->evcon, on_closed, client);
	front_register(client->front, client->fd, client);
	read_address(client);
}
