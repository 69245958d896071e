/* rest_server: the server as a whole: opening, the sweep that keeps time for all connections, and the graceful stop. */
#include "common/clock.h"
#include "common/mem.h"
#include "services/rest/rest_internal.h"

#include <event2/event.h>
#include <stdlib.h>

#define SWEEP_MS 250
#define STOP_IDLE_MS 250 /* once nothing is in flight, this long for requests that are already on the wire */

static bool server_idle(const struct rest_server *server)
{
	const struct rest_conn *conn;

	LIST_FOREACH (conn, &server->conns, link) {
		if (!rest_conn_idle(conn))
			return false;
	}
	return true;
}

static void sweep_stop(struct rest_server *server, int64_t now_ms)
{
	if (!server_idle(server))
		server->stop_idle_at_ms = now_ms + STOP_IDLE_MS;
	bool done = LIST_EMPTY(&server->conns) || now_ms >= server->stop_idle_at_ms || now_ms >= server->stop_at_ms;
	if (done && server->on_stopped != NULL) {
		void (*on_stopped)(void *arg) = server->on_stopped;
		server->on_stopped = NULL;
		on_stopped(server->on_stopped_arg);
	}
}

static void on_sweep(evutil_socket_t fd, short events, void *arg)
{
	struct rest_server *server = arg;
	struct rest_conn *conn = LIST_FIRST(&server->conns);
	int64_t now_ms = clock_ms();

	(void)fd;
	(void)events;
	while (conn != NULL) {
		struct rest_conn *next = LIST_NEXT(conn, link);
		rest_conn_sweep(conn, now_ms);
		conn = next;
	}
	rest_listen_resume(server);
	if (server->stopping)
		sweep_stop(server, now_ms);
}

bool rest_server_open(struct event_base *base, const struct rest_options *options, const struct rest_service *service,
                      struct rest_server **server, struct err *err)
{
	struct rest_server *s = mem_zero(sizeof(*s));
	struct timeval every = clock_timeval(SWEEP_MS * 1000);

	s->base = base;
	s->options = *options;
	s->service = service;
	LIST_INIT(&s->conns);
	s->sweep = event_new(base, -1, EV_PERSIST, on_sweep, s);
	event_add(s->sweep, &every);
	if (!rest_listen_open(s, err)) {
		rest_server_free(s);
		return false;
	}
	*server = s;
	return true;
}

void rest_server_stop(struct rest_server *server, int64_t limit_ms, void (*on_stopped)(void *arg), void *arg)
{
	if (server->stopping)
		return;
	rest_listen_close(server);
	server->stopping = true;
	server->on_stopped = on_stopped;
	server->on_stopped_arg = arg;
	server->stop_at_ms = clock_ms() + limit_ms;
	server->stop_idle_at_ms = clock_ms() + STOP_IDLE_MS;
}

void rest_server_free(struct rest_server *server)
{
	if (server == NULL)
		return;
	while (!LIST_EMPTY(&server->conns))
		rest_link_close(LIST_FIRST(&server->conns));
	rest_listen_free(server);
	event_free(server->sweep);
	free(server);
}
