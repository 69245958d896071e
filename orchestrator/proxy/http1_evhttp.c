/* http1_evhttp: the life of one connection that evhttp has.
 *
 *   evhttp accepts, asks for a bufferevent, makes its connection (newborn) -> adopted, in the same turn of the loop
 *   IDLE -> HEAD -> BODY -> BUSY -> IDLE ...      the gate reads a request, evhttp hands it over, it is answered
 *                            BUSY -> TUNNEL
 *   any -> over                                   evhttp's connection is freed: by evhttp, or by us
 *
 * Invariant: while a request is in work evhttp's own read callback is not set: it would end the process ("illegal connection
 * state") at the first byte.
 */
#include "orchestrator/proxy/http1_evhttp.h"

#include "common/clock.h"
#include "common/container_of.h"
#include "common/mem.h"
#include "orchestrator/proxy/http1_evhttp_read.h"
#include "orchestrator/proxy/http1_evhttp_reply.h"

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <stdlib.h>
#include <sys/socket.h>

#define READ_BYTES 65536
#define LAST_CALL_US 500000 /* for a request that is on its way while the orchestrator begins to end */
#define EVERY_METHOD                                                                               \
	(EVHTTP_REQ_GET | EVHTTP_REQ_POST | EVHTTP_REQ_HEAD | EVHTTP_REQ_PUT | EVHTTP_REQ_DELETE | \
	 EVHTTP_REQ_OPTIONS | EVHTTP_REQ_TRACE)

/* --- the end --------------------------------------------------------------------------------------------------- */

/* From evhttp, whoever ended the connection. A request in work that it does not free now it has let go of. */
static void on_closed(struct evhttp_connection *evcon, void *arg)
{
	struct evconn *evconn = arg;
	const struct conns_settings *settings = conns_settings(evconn->kind->conns);
	struct evhttp_request *asked = evconn->turn != NULL ? evconn->turn->asked : NULL;

	(void)evcon;
	evconn->over = true;
	evconn->evcon = NULL;
	deadline_remove(settings->deadlines, &evconn->deadline);
	conns_remove(evconn->kind->conns, &evconn->link);
	defer_call(settings->defer, &evconn->deferred);
	if (evconn->turn != NULL)
		turn_tell_gone(&evconn->turn->framed.turn);
	evconn_drop_turn(evconn);
	if (asked != NULL && evhttp_request_get_connection(asked) == NULL)
		evhttp_send_reply_end(asked);
}

static void free_evconn(struct evconn *evconn)
{
	if (evconn->content != NULL)
		evbuffer_free(evconn->content);
	buf_clear(&evconn->input);
	free(evconn);
}

static void on_deferred(struct deferred *deferred)
{
	struct evconn *evconn = container_of(deferred, struct evconn, deferred);

	if (evconn->over)
		free_evconn(evconn);
	else if (evconn->broken)
		evconn_close(evconn);
	else if (evconn->state == EVCONN_IDLE && evconn->input.len > 0)
		evconn_read_kept(evconn);
}

/* --- what the bufferevent calls -------------------------------------------------------------------------------- */

static void on_read(struct bufferevent *bev, void *arg)
{
	struct evconn *evconn = arg;
	struct evbuffer *input = bufferevent_get_input(bev);
	char scratch[READ_BYTES];
	int got;

	clock_us(); /* for all clock_recent_us below */
	while (!evconn_is_gone(evconn) && (got = evbuffer_remove(input, scratch, sizeof(scratch))) > 0)
		evconn_take_bytes(evconn, scratch, (size_t)got);
}

static void on_written(struct bufferevent *bev, void *arg)
{
	struct evconn *evconn = arg;

	(void)bev;
	if (evconn->broken || (evconn->state != EVCONN_BUSY && evconn->state != EVCONN_TUNNEL))
		return;
	clock_us();
	deadline_clear(&evconn->deadline);
	evconn->unread = 0;
	if (evconn->mute)
		shutdown(evconn->fd, SHUT_WR);
	if (evconn->turn->ending)
		evconn_finish(evconn);
	else
		turn_tell_drained(&evconn->turn->framed.turn);
}

/* The client has closed its side, or reset the connection: for evhttp it is gone, and a request in work is let go of. */
static void on_event(struct bufferevent *bev, short what, void *arg)
{
	const struct evconn *evconn = arg;

	evconn->kind->evhttps.on_event(bev, what, evconn->evcon);
}

/* evhttp has read the request that the gate let through. */
static void on_request(struct evhttp_request *asked, void *arg)
{
	struct bufferevent *bev = evhttp_connection_get_bufferevent(evhttp_request_get_connection(asked));
	struct evbuffer *body = evhttp_request_get_input_buffer(asked);
	size_t len = evbuffer_get_length(body);
	void *found = NULL;

	(void)arg;
	bufferevent_getcb(bev, NULL, NULL, NULL, &found);
	struct evconn *evconn = found;
	struct evturn *turn = evconn->turn;
	evconn->handed = true;
	turn->asked = asked;
	bufferevent_enable(bev,
	                   EV_READ); /* in the turn in which evhttp disabled it: so nothing is changed for the kernel */
	if (evconn->state == EVCONN_BODY) {
		char *room = buf_room(&turn->framed.request.body, len);
		bool fits = room != NULL && evbuffer_remove(body, room, len) == (int)len;
		buf_extend(&turn->framed.request.body, fits ? len : 0);
		body_end(&evconn->body);
		if (!fits || !request_end_body(&turn->framed.request)) {
			evconn_refuse(evconn, 431, request_too_large, NULL);
			return;
		}
	}
	evconn->state = EVCONN_BUSY;
	deadline_clear(&evconn->deadline);
	const struct conns_settings *settings = conns_settings(evconn->kind->conns);
	settings->on_request(&turn->framed.turn, settings->arg);
}

/* --- time ------------------------------------------------------------------------------------------------------ */

static void be_silent(struct evconn *evconn)
{
	bool draining = conns_is_draining(evconn->kind->conns);
	int64_t patience_us = draining ? LAST_CALL_US : evconn_config(evconn)->idle_timeout_ms * 1000;

	if (evconn->link.is_idle) {
		evconn_close(evconn);
		return;
	}
	conns_idle(evconn->kind->conns, &evconn->link);
	deadline_set(&evconn->deadline, evconn->rested_at_us + patience_us);
}

/* A client that reads its reply slowly has as long again for each part of it. */
static void expect_reader(struct evconn *evconn)
{
	size_t left = evbuffer_get_length(bufferevent_get_output(evconn->bev));

	if (left >= evconn->unread) {
		evconn_mark_broken(evconn, true);
		return;
	}
	evconn->unread = left;
	deadline_set(&evconn->deadline, clock_us() + evconn->turn->framed.turn.idle_ms * 1000);
}

static void on_deadline(struct deadline *deadline)
{
	struct evconn *evconn = container_of(deadline, struct evconn, deadline);

	switch (evconn->state) {
	case EVCONN_IDLE:
		be_silent(evconn);
		break;
	case EVCONN_HEAD:
		evconn_refuse_unread(evconn, 408, "the request's head did not come in time");
		break;
	case EVCONN_BODY:
		evconn_refuse(evconn, 408, "the request's body came too slowly", NULL);
		break;
	case EVCONN_BUSY:
	case EVCONN_TUNNEL:
		expect_reader(evconn);
		break;
	}
}

/* --- the beginning --------------------------------------------------------------------------------------------- */

static void read_address(struct evconn *evconn)
{
	struct sockaddr_storage peer = {0};
	socklen_t len = sizeof(peer);

	if (getpeername(evconn->fd, (struct sockaddr *)&peer, &len) == -1)
		return; /* it has left, and will be told so */
	peer_read(&evconn->peer, evconn->kind->conns, (const struct sockaddr *)&peer, false);
}

/* evhttp made its connection by now: it is the argument of the bufferevent's callbacks. */
static void adopt(struct evconn *evconn)
{
	struct evconn_calls *evhttps = &evconn->kind->evhttps;
	void *evcon = NULL;

	evconn->fd = bufferevent_getfd(evconn->bev);
	bufferevent_getcb(evconn->bev, &evhttps->on_read, &evhttps->on_written, &evhttps->on_event, &evcon);
	bufferevent_decref(evconn->bev);
	if (evcon == NULL) { /* evhttp gave up on it */
		evconn->bev = NULL;
		on_closed(NULL, evconn);
		return;
	}
	evconn->evcon = evcon;
	evhttp_connection_set_closecb(evcon, on_closed, evconn);
	evconn_adopt(evconn);
	read_address(evconn);
}

static void on_settle(struct deferred *deferred)
{
	struct http1_evhttp *kind = container_of(deferred, struct http1_evhttp, settle);

	while (!SLIST_EMPTY(&kind->newborn)) {
		struct evconn *evconn = SLIST_FIRST(&kind->newborn);
		SLIST_REMOVE_HEAD(&kind->newborn, newborn);
		adopt(evconn);
	}
}

static void leave(struct conns_link *link)
{
	struct evconn *evconn = container_of(link, struct evconn, link);

	if (evconn->evcon == NULL)
		on_settle(&evconn->kind->settle);
	if (evconn->over)
		return;
	evconn->cut |= evbuffer_get_length(bufferevent_get_output(evconn->bev)) > 0 ||
	               (evconn->state == EVCONN_BUSY && evconn->turn->framed.turn.begun);
	evconn_close(evconn);
}

/* The bytes of a request may be in the socket, and the loop not have heard of them yet. */
static void yield(struct conns_link *link)
{
	struct evconn *evconn = container_of(link, struct evconn, link);
	char byte;

	if (recv(evconn->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0)
		conns_wake(evconn->kind->conns, link);
	else
		evconn_close(evconn);
}

static void last_call(struct conns_link *link)
{
	struct evconn *evconn = container_of(link, struct evconn, link);

	if (evconn->resting)
		deadline_set(&evconn->deadline, clock_us() + LAST_CALL_US);
}

static const struct conns_ops ops = {.leave = leave, .yield = yield, .last_call = last_call};

static struct bufferevent *on_new_connection(struct event_base *base, void *arg)
{
	struct http1_evhttp *kind = arg;
	const struct conns_settings *settings = conns_settings(kind->conns);
	int64_t head_max = settings->config->max_head_bytes;
	struct http_limits limits = {.head_bytes = (uint32_t)head_max, .target_bytes = (uint32_t)head_max / 2};
	struct evconn *evconn = mem_zero(sizeof(*evconn));

	kind->on_coming(kind->arg);
	clock_us(); /* its first deadline is from now */
	evconn->kind = kind;
	evconn->fd = -1;
	evconn->deferred.run = on_deferred;
	buf_init(&evconn->input, (size_t)head_max + 2 * EVCONN_INPUT_MAX);
	message_init(&evconn->message, MESSAGE_REQUEST, &limits);
	evconn->bev = mem_must(bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE));
	bufferevent_incref(evconn->bev); /* until it is adopted: evhttp may give up on it */
	deadline_add(settings->deadlines, &evconn->deadline, on_deadline);
	evconn_rest(evconn);
	conns_add(kind->conns, &evconn->link, &ops);
	SLIST_INSERT_HEAD(&kind->newborn, evconn, newborn);
	defer_call(settings->defer, &kind->settle);
	return evconn->bev;
}

/* --- the whole ------------------------------------------------------------------------------------------------- */

struct http1_evhttp *http1_evhttp_new(struct event_base *base, struct conns *conns, void (*on_coming)(void *arg),
                                      void *arg)
{
	struct http1_evhttp *kind = mem_zero(sizeof(*kind));

	kind->conns = conns;
	kind->on_coming = on_coming;
	kind->arg = arg;
	kind->ours = (struct evconn_calls){on_read, on_written, on_event};
	kind->settle.run = on_settle;
	SLIST_INIT(&kind->newborn);
	kind->http = mem_must(evhttp_new(base));
	evhttp_set_allowed_methods(kind->http, EVERY_METHOD);
	evhttp_set_bevcb(kind->http, on_new_connection, kind);
	evhttp_set_gencb(kind->http, on_request, kind);
	return kind;
}

void http1_evhttp_free(struct http1_evhttp *kind)
{
	if (kind == NULL)
		return;
	evhttp_free(kind->http);
	free(kind);
}

void http1_evhttp_lend(struct http1_evhttp *kind, struct evconnlistener *listener)
{
	mem_must(evhttp_bind_listener(kind->http, listener));
}

struct search {
	const struct evconnlistener *listener;
	struct evhttp_bound_socket *found;
};

static void look_at(struct evhttp_bound_socket *socket, void *arg)
{
	struct search *search = arg;

	if (evhttp_bound_socket_get_listener(socket) == search->listener)
		search->found = socket;
}

void http1_evhttp_give_back(struct http1_evhttp *kind, struct evconnlistener *listener)
{
	struct search search = {.listener = listener};

	evhttp_foreach_bound_socket(kind->http, look_at, &search);
	evhttp_del_accept_socket(kind->http, search.found);
}
