/* rest_conn: one client connection: our callbacks stand in front of libevhtp's on its bufferevent.
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

/* Runs the gate until it wants more bytes. After a half-close none come: what is not whole by then never will be. */
static void conn_run(struct rest_conn *conn)
{
	while (conn->peer != NULL && rest_gate_step(conn))
		continue;
	if (conn->peer != NULL && conn->half_closed && (conn->state == REST_HEAD || conn->state == REST_BODY))
		rest_link_close(conn);
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
	conn->evhtp_writecb(rest_link_bev(conn), conn->evhtp_arg);
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
	on_written(rest_link_bev(conn), conn);
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

bool rest_conn_idle(const struct rest_conn *conn)
{
	return conn->state == REST_HEAD && !conn->head_begun;
}

static void sweep_head(struct rest_conn *conn, int64_t age_ms)
{
	if (!conn->head_begun && age_ms > IDLE_MS)
		rest_link_close(conn);
	else if (conn->head_begun && age_ms > HEAD_MS)
		rest_link_refuse(conn, 408, "the request head took too long");
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
		rest_link_refuse(conn, 408, "the request body took too long");
	else if (conn->state == REST_LINGER && (age_ms > LINGER_QUIET_MS || now_ms - conn->linger_since_ms > LINGER_MS))
		rest_link_close(conn);
}
