/* exchange: the way of one request.
 *
 *   start -> (no service: 404, private: 403)
 *   seek  -> acquired: SENT          none ready: HELD -> seek again when one is      hopeless: 502 or 503
 *   SENT  -> head: REPLYING (small ones are gathered first; 5xx are WITHHELD meanwhile)
 *         -> failed: replay (seek) or 502, 504
 *   REPLYING -> done: over           failed: cut
 *
 * Invariant: `backend` is set exactly while we count as its in flight; `upstream` while a final callback of it is due.
 * One way out: over().
 */
#include "orchestrator/proxy/exchange.h"

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "orchestrator/fleet/health.h"
#include "orchestrator/proxy/proxy.h"
#include "orchestrator/proxy/tunnel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUFFER_MAX 65536      /* replies up to here are received whole before they are sent */
#define REPLY_MAX (4 * 65536) /* head, and what one read can bring */
#define BREAKS_MAX 2          /* a request that breaks so many backends is not tried on another */
#define REFUSALS_MAX 8        /* failed connects that do not count as tries: nothing was sent */
#define COPY_MAX 4096         /* a body up to here is cheaper copied behind its head than sent beside it */
#define INTERIMS_MAX 32       /* 1xx replies passed on for one request */
#define RETRY_AFTER_S 1
#define SPARES_MAX 64
#define SPARE_REPLY_MAX 8192

enum exchange_state { EXCHANGE_SEEKING, EXCHANGE_HELD, EXCHANGE_SENT, EXCHANGE_REPLYING, EXCHANGE_OVER };

struct exchange {
	struct proxy *proxy;
	struct service *service;
	struct client *client;
	struct request *request;
	enum exchange_state state;

	struct backend *backend;
	struct upstream *upstream;
	struct fleet_tried tried;
	unsigned tries; /* sent so often, stale connections included */
	unsigned breaks;
	unsigned refusals;
	unsigned interims; /* 1xx replies of the current try */
	bool fresh;        /* the next try takes no pooled connection */
	struct held held;
	int64_t held_since_us;
	int64_t held_us;                  /* in all, so far */
	struct deadline deadline;         /* of being held */
	struct health_question *question; /* WITHHELD: is the backend well? */

	int status;
	enum forward_framing framing;
	int64_t length;
	bool gather;   /* received whole before it is sent */
	bool complete; /* all of it was received */
	bool begun;    /* a byte of it was sent */
	bool close;
	bool upgraded;
	int64_t bytes; /* sent to the client */
	int last_slot; /* of the backend it was sent to last; -1 none */
	char last_container[ENGINE_ID_SIZE];
	struct incident incident; /* of the backend that failed it last; none open: none did */
	struct buf reply;         /* not sent yet: the head, and body behind it */
	struct deferred deferred;
};

static struct exchange *spares[SPARES_MAX];
static unsigned spare_count;

static const char removed[] = "the service was taken out of the configuration";

static void seek(struct exchange *exchange);

/* --- the end --------------------------------------------------------------------------------------------------- */

static void on_free(struct deferred *deferred)
{
	struct exchange *exchange = (struct exchange *)((char *)deferred - offsetof(struct exchange, deferred));
	if (spare_count < SPARES_MAX && exchange->reply.cap <= SPARE_REPLY_MAX) {
		spares[spare_count++] = exchange;
		return;
	}
	buf_clear(&exchange->reply);
	free(exchange);
}

void exchange_free_spares(void)
{
	while (spare_count > 0) {
		struct exchange *exchange = spares[--spare_count];
		buf_clear(&exchange->reply);
		free(exchange);
	}
}

/* Every request needs one: a few are kept with the memory for their reply's head. */
static struct exchange *exchange_alloc(void)
{
	if (spare_count == 0) {
		struct exchange *made = mem_zero(sizeof *made);
		buf_init(&made->reply, REPLY_MAX);
		return made;
	}
	struct exchange *exchange = spares[--spare_count];
	struct buf reply = exchange->reply;
	*exchange = (struct exchange){.reply = reply};
	buf_reset(&exchange->reply);
	return exchange;
}

static void release(struct exchange *exchange, enum fleet_outcome outcome)
{
	if (exchange->backend == NULL)
		return;
	struct backend *backend = exchange->backend;
	exchange->backend = NULL;
	fleet_release(backend, outcome);
}

static void drop_upstream(struct exchange *exchange)
{
	if (exchange->question != NULL)
		health_ask_cancel(exchange->question);
	exchange->question = NULL;
	if (exchange->upstream != NULL)
		upstream_cancel(exchange->upstream);
	exchange->upstream = NULL;
}

static struct http_text request_method(const struct request *request)
{
	return (struct http_text){request->head.data, (uint32_t)(request->target_at - 1)};
}

static void log_access(const struct exchange *exchange, int code, int64_t total_us)
{
	if (exchange->proxy->access_log == NULL)
		return;
	struct access_line line = {
	        .request_id = exchange->request->id,
	        .client = client_address(exchange->client),
	        .method = request_method(exchange->request),
	        .target = request_target(exchange->request),
	        .code = code,
	        .bytes = exchange->bytes,
	        .service = exchange->service->config->name,
	        .slot = exchange->last_slot,
	        .container = exchange->last_container,
	        .tries = exchange->tries,
	        .held_us = exchange->held_us,
	        .total_us = total_us,
	};
	access_log_write(exchange->proxy->access_log, &line);
}

/* The last line of an incident's story for this request. */
static void log_incident(const struct exchange *exchange, int code, int64_t total_us)
{
	if (incident_open(&exchange->incident))
		log_info("event=replayed service=%s request=%s code=%d tries=%u held_ms=%lld took_ms=%.1f incident=%s",
		         exchange->service->config->name, exchange->request->id, code, exchange->tries,
		         (long long)(exchange->held_us / 1000), (double)total_us / 1e3,
		         incident_text(&exchange->incident));
}

/* code 0: the client left before its reply was complete. */
static void over(struct exchange *exchange, int code, enum fleet_outcome outcome)
{
	if (exchange->state == EXCHANGE_OVER)
		return;
	exchange->state = EXCHANGE_OVER;
	drop_upstream(exchange);
	release(exchange, outcome);
	service_unhold(exchange->service, &exchange->held);
	deadline_remove(exchange->proxy->deadlines, &exchange->deadline);
	int64_t total_us = clock_us() - exchange->request->started_us;
	stats_reply(&exchange->service->stats, code, total_us);
	log_access(exchange, code, total_us);
	log_incident(exchange, code, total_us);
	exchange->service->stats.in_flight--;
	exchange->proxy->in_flight--;
	defer_call(exchange->proxy->defer, &exchange->deferred);
}

static void answer_problem(struct client *client, const struct request *request, int status, const char *detail,
                           int retry_after_s, bool close)
{
	struct problem problem = {.status = status,
	                          .detail = detail,
	                          .request_id = request->id,
	                          .retry_after_s = retry_after_s,
	                          .close = close,
	                          .keep_alive_said = request->http_1_0,
	                          .head_only = request->method == HTTP_HEAD_METHOD};
	struct buf out;
	buf_init(&out, 8192);
	if (problem_write(&out, &problem))
		client_write(client, &(struct iovec){out.data, out.len}, 1);
	buf_clear(&out);
	client_end(client, close);
}

static void give_up(struct exchange *exchange, int status, const char *detail)
{
	struct client *client = exchange->client;
	struct request *request = exchange->request;
	bool close = request->close || front_is_draining(exchange->proxy->front);
	log_info("event=request-failed service=%s request=%s code=%d tries=%u held_ms=%lld incident=%s reason=%s",
	         exchange->service->config->name, request->id, status, exchange->tried.count,
	         (long long)(exchange->held_us / 1000), incident_text(&exchange->incident), log_quote(detail));
	over(exchange, status, FLEET_FAILED);
	answer_problem(client, request, status, detail, status == 503 ? RETRY_AFTER_S : 0, close);
}

/* The reply was begun and cannot be completed. */
static void cut(struct exchange *exchange)
{
	struct client *client = exchange->client;
	log_warn("event=reply-cut service=%s request=%s code=%d incident=%s", exchange->service->config->name,
	         exchange->request->id, exchange->status, incident_text(&exchange->incident));
	over(exchange, exchange->status, FLEET_FAILED);
	client_abort(client);
}

/* --- the reply ------------------------------------------------------------------------------------------------- */

static void send_out(struct exchange *exchange, const struct iovec *iov, int count)
{
	exchange->begun = true;
	for (int i = 0; i < count; i++)
		exchange->bytes += (int64_t)iov[i].iov_len;
	if (client_write(exchange->client, iov, count) == CLIENT_SLOW && exchange->upstream != NULL)
		upstream_pause(exchange->upstream);
}

static void flush(struct exchange *exchange)
{
	if (exchange->reply.len == 0)
		return;
	send_out(exchange, &(struct iovec){exchange->reply.data, exchange->reply.len}, 1);
	buf_reset(&exchange->reply);
}

static void finish(struct exchange *exchange)
{
	struct client *client = exchange->client;
	bool close = exchange->close;
	flush(exchange);
	over(exchange, exchange->status, FLEET_SERVED);
	client_end(client, close);
}

static void keep(struct exchange *exchange, const char *data, size_t len)
{
	if (exchange->state != EXCHANGE_OVER && !buf_add(&exchange->reply, data, len))
		cut(exchange); /* cannot be: what one read brings fits */
}

static void choose_framing(struct exchange *exchange, const struct http_head *head)
{
	const struct request *request = exchange->request;
	exchange->length = head->content_length;
	if (!http_response_has_body(head, request->method))
		exchange->framing = head->status == 204 || head->status == 101 ? FORWARD_NO_BODY : FORWARD_AS_IS;
	else if (head->content_length >= 0)
		exchange->framing = FORWARD_LENGTH;
	else
		exchange->framing = request->http_1_0 ? FORWARD_UNTIL_CLOSE : FORWARD_CHUNKED;
	exchange->close =
	        request->close || exchange->framing == FORWARD_UNTIL_CLOSE || front_is_draining(exchange->proxy->front);
	exchange->gather = exchange->framing == FORWARD_LENGTH
	                           ? head->content_length <= BUFFER_MAX
	                           : exchange->framing == FORWARD_AS_IS || exchange->framing == FORWARD_NO_BODY;
}

/* 100 was answered by us; the others are for the client, if its version knows them. */
static void pass_interim(struct exchange *exchange, const struct http_head *head)
{
	if (head->status == 100 || exchange->request->http_1_0)
		return;
	if (++exchange->interims > INTERIMS_MAX)
		return;
	if (forward_reply(&exchange->reply, head, FORWARD_NO_BODY, false, false) &&
	    client_write(exchange->client, &(struct iovec){exchange->reply.data, exchange->reply.len}, 1) ==
	            CLIENT_SLOW)
		upstream_pause(exchange->upstream);
	buf_reset(&exchange->reply);
}

static void replay(struct exchange *exchange, enum stats_replay reason);
static void fail_or_replay(struct exchange *exchange, enum upstream_failure failure, bool untouched);

static void on_answer(bool well, void *arg)
{
	struct exchange *exchange = arg;
	exchange->question = NULL;
	if (!well) {
		drop_upstream(exchange);
		replay(exchange, STATS_REPLAY_STATUS);
		return;
	}
	if (exchange->complete) {
		finish(exchange);
		return;
	}
	if (!exchange->gather)
		flush(exchange);
	upstream_resume(exchange->upstream);
}

/* Is it health's to judge (not one that is leaving, or gone)? */
static bool is_judged(const struct backend *backend)
{
	enum backend_state state = backend_state(backend);
	return state == BACKEND_READY || state == BACKEND_SUSPECT;
}

/* Is its 5xx to be asked about? One that was found ill while the reply was under way is doubted, too: there the answer is
 * no at once. One that leaves in good health is taken at its word. */
static bool is_doubted(const struct backend *backend)
{
	return is_judged(backend) || backend_state(backend) == BACKEND_DOWN;
}

/* A backend that is ill says 5xx to everything: before such a reply is passed on, the backend is asked. */
static void withhold(struct exchange *exchange)
{
	exchange->question = health_ask(health_of(exchange->backend), exchange->backend, on_answer, exchange);
	if (!exchange->gather)
		upstream_pause(exchange->upstream);
}

static void on_head(const struct http_head *head, void *arg)
{
	struct exchange *exchange = arg;
	if (head->status < 200 && head->status != 101) {
		pass_interim(exchange, head);
		return;
	}
	exchange->state = EXCHANGE_REPLYING;
	exchange->status = head->status;
	if (head->status == 101 && !exchange->request->upgrade) {
		upstream_cancel(exchange->upstream);
		exchange->upstream = NULL;
		fail_or_replay(exchange, UPSTREAM_MALFORMED, false);
		return;
	}
	exchange->upgraded = head->status == 101;
	choose_framing(exchange, head);
	if (!forward_reply(&exchange->reply, head, exchange->framing, exchange->close, exchange->request->http_1_0)) {
		upstream_cancel(exchange->upstream);
		exchange->upstream = NULL;
		fail_or_replay(exchange, UPSTREAM_MALFORMED, false);
		return;
	}
	if (head->status >= 500 && exchange->request->idempotent && is_doubted(exchange->backend))
		withhold(exchange);
	else if (!exchange->gather)
		flush(exchange);
}

static void take_chunk(struct exchange *exchange, const char *data, size_t len)
{
	char size[24];
	int digits = snprintf(size, sizeof size, "%zx\r\n", len);
	struct iovec iov[3] = {{size, (size_t)digits}, {(char *)(uintptr_t)data, len}, {(char *)(uintptr_t) "\r\n", 2}};
	if (exchange->question == NULL) {
		send_out(exchange, iov, 3);
		return;
	}
	for (int i = 0; i < 3; i++)
		keep(exchange, iov[i].iov_base, iov[i].iov_len);
}

static void on_body(const char *data, size_t len, void *arg)
{
	struct exchange *exchange = arg;
	if (exchange->state == EXCHANGE_OVER)
		return;
	if (exchange->framing == FORWARD_CHUNKED) {
		take_chunk(exchange, data, len);
		return;
	}
	bool whole = exchange->gather && exchange->question == NULL && (int64_t)len == exchange->length;
	if (whole && len <= COPY_MAX) {
		keep(exchange, data, len);
		flush(exchange);
	} else if (whole) {
		/* head and body leave together, nothing is copied */
		struct iovec iov[2] = {{exchange->reply.data, exchange->reply.len}, {(char *)(uintptr_t)data, len}};
		send_out(exchange, iov, 2);
		buf_reset(&exchange->reply);
	} else if (exchange->gather || exchange->question != NULL) {
		keep(exchange, data, len);
	} else {
		send_out(exchange, &(struct iovec){(char *)(uintptr_t)data, len}, 1);
	}
}

static void start_tunnel(struct exchange *exchange)
{
	struct client *client = exchange->client;
	struct tunnel_end end = {.proxy = exchange->proxy, .service = exchange->service, .backend = exchange->backend};
	flush(exchange);
	end.fd = upstream_detach(exchange->upstream);
	exchange->upstream = NULL;
	exchange->backend = NULL; /* the tunnel releases it */
	over(exchange, 101, FLEET_SERVED);
	tunnel_start(&end, client);
}

static void end_chunks(struct exchange *exchange, struct http_text trailers)
{
	if (!forward_last_chunk(&exchange->reply, trailers))
		cut(exchange); /* cannot be: there is room for them */
	else if (exchange->question == NULL)
		flush(exchange);
}

static void on_done(struct http_text trailers, void *arg)
{
	struct exchange *exchange = arg;
	if (exchange->upgraded) {
		start_tunnel(exchange);
		return;
	}
	exchange->upstream = NULL;
	exchange->complete = true;
	if (exchange->framing == FORWARD_CHUNKED)
		end_chunks(exchange, trailers);
	if (exchange->question == NULL && exchange->state != EXCHANGE_OVER)
		finish(exchange);
}

/* --- when a backend fails -------------------------------------------------------------------------------------- */

struct failure_rule {
	bool breaks;       /* counts as a backend broken by this request */
	bool evidence;     /* health wants to know */
	bool same_backend; /* may be tried there again, on a new connection */
	bool replayable;
	enum stats_replay replay;
};

static const struct failure_rule failure_rules[UPSTREAM_FAILURES] = {
        [UPSTREAM_CONNECT] = {.evidence = true, .replayable = true, .replay = STATS_REPLAY_CONNECT},
        [UPSTREAM_LOCAL] = {.replayable = false},
        [UPSTREAM_STALE] = {.same_backend = true, .replayable = true, .replay = STATS_REPLAY_STALE},
        [UPSTREAM_BROKEN] = {.breaks = true, .evidence = true, .replayable = true, .replay = STATS_REPLAY_BROKEN},
        [UPSTREAM_MALFORMED] = {.breaks = true, .evidence = true, .replayable = true, .replay = STATS_REPLAY_BROKEN},
        [UPSTREAM_CUT] = {.breaks = true, .evidence = true, .replayable = true, .replay = STATS_REPLAY_BROKEN},
        [UPSTREAM_TIMEOUT] = {.replayable = false},
        [UPSTREAM_DOWN] = {.replayable = true, .replay = STATS_REPLAY_DOWN},
};

/* One that could not be connected to is suspect, so it is not chosen again before a probe found it well. */
static bool counts_as_try(struct exchange *exchange, enum stats_replay reason)
{
	if (reason == STATS_REPLAY_CONNECT)
		return ++exchange->refusals > REFUSALS_MAX;
	return reason != STATS_REPLAY_STALE;
}

static void mark_tried(struct exchange *exchange)
{
	if (exchange->tried.count < FLEET_TRIES)
		exchange->tried.serials[exchange->tried.count++] = backend_serial(exchange->backend);
}

static void reset_reply(struct exchange *exchange)
{
	buf_reset(&exchange->reply);
	exchange->complete = exchange->upgraded = false;
	exchange->status = 0;
}

static void join_incident(struct exchange *exchange)
{
	if (incident_open(backend_incident(exchange->backend)))
		exchange->incident = *backend_incident(exchange->backend);
}

/* Told to health, which doubts the backend now. The first one of an incident begins its story. */
static void report_failure(struct exchange *exchange, enum stats_replay reason)
{
	struct backend *backend = exchange->backend;
	bool first = !incident_open(backend_incident(backend));
	backend_open_incident(backend);
	join_incident(exchange);
	if (first)
		log_warn("event=exchange-failed service=%s request=%s slot=%d container=%.12s reason=%s incident=%s",
		         exchange->service->config->name, exchange->request->id, backend_slot(backend),
		         backend_container_id(backend), stats_replay_text(reason), incident_text(&exchange->incident));
	health_exchange_failed(health_of(backend), backend);
}

static void replay(struct exchange *exchange, enum stats_replay reason)
{
	exchange->service->stats.replays[reason]++;
	join_incident(exchange);
	log_line(reason == STATS_REPLAY_STALE ? LOG_DEBUG : LOG_INFO,
	         "event=replay service=%s request=%s slot=%d container=%.12s reason=%s tries=%u incident=%s",
	         exchange->service->config->name, exchange->request->id, backend_slot(exchange->backend),
	         backend_container_id(exchange->backend), stats_replay_text(reason), exchange->tried.count + 1,
	         incident_text(backend_incident(exchange->backend)));
	if (counts_as_try(exchange, reason))
		mark_tried(exchange);
	release(exchange, reason == STATS_REPLAY_STALE ? FLEET_CANCELLED : FLEET_FAILED);
	reset_reply(exchange);
	if (exchange->breaks >= BREAKS_MAX)
		give_up(exchange, 502, "the request broke two containers and is not tried on a third");
	else if (exchange->tried.count >= FLEET_TRIES)
		give_up(exchange, 502, "the containers that the request was tried on failed");
	else
		seek(exchange);
}

static void fail_or_replay(struct exchange *exchange, enum upstream_failure failure, bool untouched)
{
	const struct failure_rule *rule = &failure_rules[failure];
	if (rule->evidence && is_judged(exchange->backend))
		report_failure(exchange, rule->replay);
	if (exchange->begun) {
		cut(exchange);
		return;
	}
	exchange->fresh = rule->same_backend;
	exchange->breaks += rule->breaks ? 1 : 0;
	bool may = rule->replayable && (untouched || exchange->request->idempotent);
	if (may)
		replay(exchange, rule->replay);
	else if (failure == UPSTREAM_LOCAL)
		give_up(exchange, 503, "this server is short of sockets at the moment");
	else if (failure == UPSTREAM_TIMEOUT)
		give_up(exchange, 504, "the container did not answer in time");
	else
		give_up(exchange, 502,
		        "the container failed while it had the request; it may or may not have been carried out");
}

static void on_failed(enum upstream_failure failure, bool untouched, void *arg)
{
	struct exchange *exchange = arg;
	exchange->upstream = NULL;
	if (exchange->question != NULL)
		health_ask_cancel(exchange->question);
	exchange->question = NULL;
	fail_or_replay(exchange, failure, untouched);
}

/* --- finding a backend ----------------------------------------------------------------------------------------- */

static const struct upstream_reader reader = {on_head, on_body, on_done, on_failed};

static void send_to(struct exchange *exchange, struct backend *backend)
{
	struct request *request = exchange->request;
	struct upstream_request out = {
	        .method = request->method,
	        .head = {request->head.data, (uint32_t)request->head.len},
	        .body = {request->body.data, (uint32_t)request->body.len},
	        .fresh = exchange->fresh,
	};
	exchange->state = EXCHANGE_SENT;
	exchange->backend = backend;
	exchange->tries++;
	if (exchange->proxy->access_log != NULL) {
		exchange->last_slot = backend_slot(backend);
		snprintf(exchange->last_container, sizeof exchange->last_container, "%s",
		         backend_container_id(backend));
	}
	exchange->upstream = upstream_send(&exchange->proxy->upstream, backend, &out, &reader, exchange);
}

static void hold(struct exchange *exchange)
{
	const struct config *config = exchange->proxy->config;
	int64_t left_us = config->hold_ms * 1000 - exchange->held_us;
	if (left_us <= 0) {
		give_up(exchange, 503, "no container got ready in time");
		return;
	}
	if (!service_hold(exchange->service, &exchange->held, config->hold_max)) {
		give_up(exchange, 503, "no container is ready, and as many requests wait already as may");
		return;
	}
	exchange->state = EXCHANGE_HELD;
	exchange->held_since_us = clock_us();
	deadline_set(&exchange->deadline, exchange->held_since_us + left_us);
}

static void seek(struct exchange *exchange)
{
	struct backend *backend = fleet_acquire(exchange->service->fleet, &exchange->tried);
	if (backend != NULL)
		send_to(exchange, backend);
	else if (exchange->service->retired)
		give_up(exchange, 503, removed);
	else if (service_may_recover(exchange->service, &exchange->tried))
		hold(exchange);
	else
		give_up(exchange, 502, "the containers that the request was tried on failed");
}

static void unhold(struct exchange *exchange)
{
	service_unhold(exchange->service, &exchange->held);
	deadline_clear(&exchange->deadline);
	exchange->held_us += clock_us() - exchange->held_since_us;
}

static void on_held_too_long(struct deadline *deadline)
{
	struct exchange *exchange = (struct exchange *)((char *)deadline - offsetof(struct exchange, deadline));
	unhold(exchange);
	give_up(exchange, 503, "no container got ready in time");
}

void exchange_release_held(struct service *service)
{
	/* those that must wait on go to the end of the list: each is looked at once */
	for (size_t count = service->held_count; count > 0 && service->first_held != NULL; count--) {
		struct exchange *exchange =
		        (struct exchange *)((char *)service->first_held - offsetof(struct exchange, held));
		unhold(exchange);
		seek(exchange);
	}
}

void exchange_dismiss_held(struct service *service)
{
	while (service->first_held != NULL) {
		struct exchange *exchange =
		        (struct exchange *)((char *)service->first_held - offsetof(struct exchange, held));
		unhold(exchange);
		give_up(exchange, 503, removed);
	}
}

/* --- the beginning --------------------------------------------------------------------------------------------- */

static void on_drained(void *arg)
{
	struct exchange *exchange = arg;
	if (exchange->upstream != NULL)
		upstream_resume(exchange->upstream);
}

static void on_gone(void *arg)
{
	struct exchange *exchange = arg;
	over(exchange, 0, FLEET_CANCELLED);
}

static const struct client_peer peer = {.on_drained = on_drained, .on_gone = on_gone};

static struct exchange *exchange_new(struct proxy *proxy, struct service *service, struct client *client,
                                     struct request *request)
{
	struct exchange *exchange = exchange_alloc();
	exchange->proxy = proxy;
	exchange->service = service;
	exchange->client = client;
	exchange->request = request;
	exchange->deferred.run = on_free;
	exchange->last_slot = -1;
	deadline_add(proxy->deadlines, &exchange->deadline, on_held_too_long);
	client_set_peer(client, &peer, exchange);
	service->stats.in_flight++;
	proxy->in_flight++;
	return exchange;
}

static void turn_away(struct proxy *proxy, struct client *client, struct request *request, int status,
                      const char *detail)
{
	int64_t total_us = clock_us() - request->started_us;
	stats_reply(&proxy->stats, status, total_us);
	if (proxy->access_log != NULL) {
		struct access_line line = {.request_id = request->id,
		                           .client = client_address(client),
		                           .method = request_method(request),
		                           .target = request_target(request),
		                           .code = status,
		                           .slot = -1,
		                           .container = "",
		                           .total_us = total_us};
		access_log_write(proxy->access_log, &line);
	}
	answer_problem(client, request, status, detail, 0, request->close || front_is_draining(proxy->front));
}

void exchange_start(struct proxy *proxy, struct client *client, struct request *request)
{
	struct route_match match;
	if (!routes_find(proxy->routes, request_target(request), request->method, &match)) {
		turn_away(proxy, client, request, 404, "no service has this path");
		return;
	}
	if (match.is_private) {
		turn_away(proxy, client, request, 403, "this path is not served to the outside");
		return;
	}
	struct service *service = proxy->services[match.service];
	struct exchange *exchange = exchange_new(proxy, service, client, request);
	if (match.counted)
		supervisor_count_request(service->supervisor);
	seek(exchange);
}
