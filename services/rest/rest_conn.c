/* One client connection: our callbacks stand in front of libevhtp's on its bufferevent.
 *
 * libevhtp 1.2.18 misreads a head that arrives in pieces, stalls on pipelined requests and closes on errors without a
 * reply. So it is shown no byte from the network: the gate reads head and body, and when a request is whole libevhtp
 * gets a fixed, valid head in one piece, makes its request object of it and calls us back.
 *
 * Invariant: libevhtp's write callback runs only when it has a finished request, its read callback only with that fixed
 * head in the input. The connection may be gone after any call into libevhtp: enter, look at peer, leave.
 */
#include "common/clock.h"
#include "common/mem.h"
#include "services/rest/rest_internal.h"

#include <assert.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <stdlib.h>
#include <sys/socket.h>

#define IDLE_MS 75000
#define HEAD_MS 10000
#define BODY_MS 30000
#define PACE_MS 10000 /* after so long a body must have come with this many bytes a second, on average */
#define PACE_BYTES_S 1024
#define LINGER_QUIET_MS 2000
#define LINGER_MS 30000

struct bufferevent *rest_conn_bev(const struct rest_conn *conn)
{
	return evhtp_connection_get_bev(conn->peer);
}

static void conn_enter(struct rest_conn *conn)
{
	conn->depth++;
}

static void conn_leave(struct rest_conn *conn)
{
	if (--conn->depth == 0 && conn->peer == NULL)
		free(conn);
}

/* libevhtp frees its connection, for whatever reason. */
static evhtp_res on_conn_fini(evhtp_connection_t *peer, void *arg)
{
	struct rest_conn *conn = arg;
	struct rest_request *request = conn->request;

	assert(peer == conn->peer);
	conn_enter(conn);
	conn->peer = NULL;
	conn->request = NULL;
	LIST_REMOVE(conn, link);
	event_free(conn->wake);
	if (request != NULL && request->with_handler) {
		request->conn = NULL;
		request->peer = NULL;
		rest_reply_ready(request);
	} else {
		rest_request_free(request);
	}
	conn_leave(conn);
	return EVHTP_RES_OK;
}

void rest_conn_close(struct rest_conn *conn)
{
	evhtp_connection_free(conn->peer);
}

/* Runs the gate until it wants more bytes; there are no more after a half-close. */
static void conn_run(struct rest_conn *conn)
{
	while (conn->peer != NULL && rest_gate_step(conn))
		continue;
	if (conn->peer != NULL && conn->half_closed && (conn->state == REST_HEAD || conn->state == REST_BODY))
		rest_conn_close(conn);
}

static void on_read(struct bufferevent *bev, void *arg)
{
	struct rest_conn *conn = arg;

	(void)bev;
	conn_enter(conn);
	conn_run(conn);
	conn_leave(conn);
}

/* The reply is out: libevhtp lets go of its request, or of the connection. */
static void conn_answered(struct rest_conn *conn)
{
	if (conn->request->close)
		evhtp_request_disable_flag(conn->request->peer, EVHTP_REQ_FLAG_KEEPALIVE);
	rest_request_free(conn->request);
	conn->request = NULL;
	conn->evhtp_writecb(rest_conn_bev(conn), conn->evhtp_arg);
	if (conn->peer == NULL)
		return;
	conn->state = REST_HEAD;
	conn->head_begun = false;
	conn->scanned = 0;
	conn->since_ms = clock_ms();
	conn_run(conn);
}

static void on_written(struct bufferevent *bev, void *arg)
{
	struct rest_conn *conn = arg;
	struct rest_request *request = conn->request;

	conn_enter(conn);
	if (conn->state == REST_LINGER)
		shutdown(bufferevent_getfd(bev), SHUT_WR);
	else if (conn->state == REST_BUSY && request->reply == REST_WRITTEN)
		conn_answered(conn);
	else if (conn->state == REST_BUSY && request->reply == REST_STREAMING)
		rest_reply_ready(request);
	conn_leave(conn);
}

static void on_wake(evutil_socket_t fd, short events, void *arg)
{
	struct rest_conn *conn = arg;

	(void)fd;
	(void)events;
	on_written(rest_conn_bev(conn), conn);
}

/* In this turn of the loop; where the next request is there already, in the next one, so that others get theirs. */
void rest_conn_wake(struct rest_conn *conn)
{
	struct bufferevent *bev = rest_conn_bev(conn);
	struct timeval soon = {.tv_sec = 0};

	if (evbuffer_get_length(bufferevent_get_output(bev)) > 0)
		return;
	if (evbuffer_get_length(bufferevent_get_input(bev)) > 0)
		event_add(conn->wake, &soon);
	else
		event_active(conn->wake, 0, 0);
}

/* A client that shuts down its sending side still gets the replies to what it has sent. Anything else is the end:
 * BEV_EVENT_ERROR keeps libevhtp from taking a stale EAGAIN in errno as a reason to go on reading. */
static void on_event(struct bufferevent *bev, short events, void *arg)
{
	struct rest_conn *conn = arg;

	conn_enter(conn);
	if (events == (BEV_EVENT_EOF | BEV_EVENT_READING) && conn->state == REST_BUSY)
		conn->half_closed = true;
	else
		conn->evhtp_eventcb(bev, events | BEV_EVENT_ERROR, conn->evhtp_arg);
	conn_leave(conn);
}

evhtp_res rest_conn_accept(evhtp_connection_t *peer, void *server)
{
	struct rest_conn *conn = mem_zero(sizeof(*conn));
	struct bufferevent *bev = evhtp_connection_get_bev(peer);

	conn->server = server;
	conn->peer = peer;
	conn->wake = event_new(conn->server->base, -1, 0, on_wake, conn);
	conn->state = REST_HEAD;
	conn->since_ms = clock_ms();
	bufferevent_getcb(bev, &conn->evhtp_readcb, &conn->evhtp_writecb, &conn->evhtp_eventcb, &conn->evhtp_arg);
	bufferevent_setcb(bev, on_read, on_written, on_event, conn);
	bufferevent_setwatermark(bev, EV_READ, 0, REST_INPUT_BYTES);
	bufferevent_set_max_single_write(bev, REST_WRITE_BYTES);
	evhtp_connection_set_hook(peer, evhtp_hook_on_connection_fini, (evhtp_hook)on_conn_fini, conn);
	LIST_INSERT_HEAD(&conn->server->conns, conn, link);
	return EVHTP_RES_OK;
}

/* Of a request whose head was refused, or did not come whole, the method stands in the input. */
static enum http_method conn_method(const struct rest_conn *conn)
{
	if (conn->request != NULL)
		return conn->request->method;
	struct evbuffer *input = bufferevent_get_input(rest_conn_bev(conn));
	return http_head_method((const char *)evbuffer_pullup(input, -1), evbuffer_get_length(input));
}

/* Answers without a request of libevhtp's, then throws away what the client still sends: closing at once would reset
 * the connection and could take the reply with it. */
void rest_conn_finish(struct rest_conn *conn, int status, const char *error)
{
	struct rest_reply_head head = {.status = status, .close = true, .type = error != NULL ? REST_JSON : NULL};
	struct rest_head_text text;
	struct evbuffer *out = bufferevent_get_output(rest_conn_bev(conn));
	struct evbuffer *body = evbuffer_new();

	if (error != NULL)
		evbuffer_add_printf(body, "{\"error\":\"%s\"}", error);
	head.length = (int64_t)evbuffer_get_length(body);
	if (conn_method(conn) == HTTP_HEAD_METHOD)
		evbuffer_drain(body, evbuffer_get_length(body));
	if (conn->request != NULL && conn->request->match.methods != 0)
		head.allow = status == 405 ? conn->request->match.methods : 0;
	conn->state = REST_LINGER;
	conn->linger_since_ms = conn->since_ms = clock_ms();
	rest_head_write(&text, &head, false);
	evbuffer_add(out, text.data, text.len);
	evbuffer_add_buffer(out, body);
	evbuffer_free(body);
	rest_request_free(conn->request);
	conn->request = NULL;
}

bool rest_conn_idle(const struct rest_conn *conn)
{
	return conn->state == REST_HEAD && !conn->head_begun;
}

static void sweep_head(struct rest_conn *conn, int64_t age_ms)
{
	if (!conn->head_begun && age_ms > IDLE_MS)
		rest_conn_close(conn);
	else if (conn->head_begun && age_ms > HEAD_MS)
		rest_conn_finish(conn, 408, "the request head took too long");
}

static bool body_is_slow(const struct rest_conn *conn, int64_t now_ms)
{
	int64_t took_ms = now_ms - conn->body_since_ms;

	return took_ms > PACE_MS && conn->body_received * 1000 < took_ms * PACE_BYTES_S;
}

void rest_conn_sweep(struct rest_conn *conn, int64_t now_ms)
{
	int64_t age_ms = now_ms - conn->since_ms;

	if (conn->state == REST_HEAD)
		sweep_head(conn, age_ms);
	else if (conn->state == REST_BODY && (age_ms > BODY_MS || body_is_slow(conn, now_ms)))
		rest_conn_finish(conn, 408, "the request body took too long");
	else if (conn->state == REST_LINGER && (age_ms > LINGER_QUIET_MS || now_ms - conn->linger_since_ms > LINGER_MS))
		rest_conn_close(conn);
}
