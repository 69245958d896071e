/* exchange: the way of one request.
 *
 *   start -> (answered here: see answer)
 *   seek  -> acquired: SENT          none ready: HELD -> seek again when one is      hopeless: 502 or 503
 *   SENT  -> head: REPLYING (small ones are gathered first; 5xx are WITHHELD meanwhile)
 *         -> failed: replay (seek) or 502, 504
 *   REPLYING -> done: over           failed: cut
 *
 * Each time that it is sent is a trial. There is one at a time, but for SENT to a backend that seems to hang: see
 * exchange_hedge.
 * One way out: exchange_over().
 */
#include "orchestrator/proxy/exchange_private.h"

#include "common/mem.h"
#include "orchestrator/proxy/answer.h"
#include "orchestrator/proxy/problem.h"

#include <stdio.h>
#include <stdlib.h>

#define SPARES_MAX 64

static struct exchange *spares[SPARES_MAX];
static unsigned spare_count;

/* --- the end --------------------------------------------------------------------------------------------------- */

static void on_free(struct deferred *deferred)
{
	struct exchange *exchange = (struct exchange *)((char *)deferred - offsetof(struct exchange, deferred));

	if (spare_count < SPARES_MAX)
		spares[spare_count++] = exchange;
	else
		free(exchange);
}

void exchange_free_spares(void)
{
	while (spare_count > 0)
		free(spares[--spare_count]);
}

/* Every request needs one: a few are kept. */
static struct exchange *exchange_alloc(void)
{
	if (spare_count == 0)
		return mem_zero(sizeof(struct exchange));
	struct exchange *exchange = spares[--spare_count];
	*exchange = (struct exchange){0};
	return exchange;
}

void exchange_release(struct exchange *exchange, enum fleet_outcome outcome)
{
	if (exchange->trial->backend == NULL)
		return;
	struct backend *backend = exchange->trial->backend;
	exchange->trial->backend = NULL;
	fleet_release(backend, outcome);
}

void exchange_drop_upstream(struct exchange *exchange)
{
	if (exchange->question != NULL)
		health_ask_cancel(exchange->question);
	exchange->question = NULL;
	if (exchange->trial->upstream != NULL)
		upstream_cancel(exchange->trial->upstream);
	exchange->trial->upstream = NULL;
	exchange_cancel_other(exchange);
}

static void log_access(const struct exchange *exchange, int code, int64_t total_us)
{
	if (exchange->proxy->access_log == NULL)
		return;
	struct access_line line = {
	        .request_id = exchange->request->id,
	        .client = exchange->turn->address,
	        .method = request_method(exchange->request),
	        .target = request_target(exchange->request),
	        .code = code,
	        .bytes = exchange->turn->sent,
	        .service = exchange->service->config->name,
	        .slot = exchange->last_slot,
	        .container = exchange->last_container,
	        .tries = exchange->tries,
	        .held_us = exchange->held_us,
	        .hedged = exchange->hedged,
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

void exchange_leave_held(struct exchange *exchange)
{
	struct service *service = exchange->service;
	size_t before = service->held_count;

	if (exchange->held.waiting)
		exchange->held_us += clock_us() - exchange->held_since_us;
	service_unhold(service, &exchange->held);
	conns_release(front_conns(exchange->proxy->front), exchange->held_bytes);
	exchange->held_bytes = 0;
	if (service->held_count != before)
		supervisor_set_waiting(service->supervisor, service->held_count);
}

void exchange_over(struct exchange *exchange, int code, enum fleet_outcome outcome)
{
	if (exchange->state == EXCHANGE_OVER)
		return;
	exchange->state = EXCHANGE_OVER;
	exchange_drop_upstream(exchange);
	exchange_release(exchange, outcome);
	exchange_leave_held(exchange);
	deadline_remove(exchange->proxy->deadlines, &exchange->deadline);
	int64_t total_us = clock_recent_us() - exchange->request->started_us;
	stats_reply(&exchange->service->stats, code, total_us);
	log_access(exchange, code, total_us);
	log_incident(exchange, code, total_us);
	exchange->service->stats.in_flight--;
	exchange->proxy->in_flight--;
	defer_call(exchange->proxy->defer, &exchange->deferred);
}

static void give_up(struct exchange *exchange, struct problem problem)
{
	struct turn *turn = exchange->turn;

	log_info("event=request-failed service=%s request=%s code=%d tries=%u held_ms=%lld incident=%s reason=%s",
	         exchange->service->config->name, exchange->request->id, problem.status, exchange->tried.count,
	         (long long)(exchange->held_us / 1000), incident_text(&exchange->incident), log_quote(problem.detail));
	exchange_over(exchange, problem.status, FLEET_FAILED);
	turn_answer(turn, &problem);
}

const char *exchange_explain(const struct exchange *exchange, char text[EXCHANGE_DETAIL_SIZE])
{
	snprintf(text, EXCHANGE_DETAIL_SIZE, "the container's reply %s", exchange->broke);
	return text;
}

void exchange_give_up(struct exchange *exchange, int status, const char *detail)
{
	char text[EXCHANGE_DETAIL_SIZE];

	if (status == 502 && exchange->broke != NULL)
		detail = exchange_explain(exchange, text);
	give_up(exchange, (struct problem){.status = status, .detail = detail});
}

void exchange_turn_away(struct exchange *exchange, const char *detail, int64_t retry_us)
{
	int64_t wait_us = retry_us - clock_us();
	int wait_s = wait_us > 0 ? (int)((wait_us + 999999) / 1000000) : 1;

	give_up(exchange, (struct problem){.status = 503, .detail = detail, .retry_after_s = wait_s});
}

void exchange_cut(struct exchange *exchange)
{
	struct turn *turn = exchange->turn;
	char told[EXCHANGE_DETAIL_SIZE];

	log_warn("event=reply-cut service=%s request=%s code=%d incident=%s%s%s", exchange->service->config->name,
	         exchange->request->id, exchange->status, incident_text(&exchange->incident),
	         exchange->broke != NULL ? " error=" : "",
	         exchange->broke != NULL ? log_quote(exchange_explain(exchange, told)) : "");
	exchange_over(exchange, exchange->status, FLEET_FAILED);
	turn_abort(turn);
}

/* --- the beginning --------------------------------------------------------------------------------------------- */

static void on_drained(void *arg)
{
	struct exchange *exchange = arg;
	bool withheld = exchange->question != NULL && !exchange->gather;

	if (exchange->trial->upstream != NULL && !withheld)
		upstream_resume(exchange->trial->upstream);
}

static void on_gone(void *arg)
{
	struct exchange *exchange = arg;

	exchange_over(exchange, 0, FLEET_CANCELLED);
}

static const struct turn_user user = {.on_drained = on_drained, .on_gone = on_gone};

static struct exchange *exchange_new(struct proxy *proxy, struct service *service, struct turn *turn)
{
	struct exchange *exchange = exchange_alloc();

	exchange->proxy = proxy;
	exchange->service = service;
	exchange->turn = turn;
	exchange->request = turn->request;
	exchange->deferred.run = on_free;
	exchange->last_slot = -1;
	exchange->trial = &exchange->trials[0];
	exchange->trials[0].exchange = exchange->trials[1].exchange = exchange;
	deadline_add(proxy->deadlines, &exchange->deadline, exchange_on_deadline);
	turn_set_user(turn, &user, exchange, service_idle_timeout_ms(service, proxy->config));
	service->stats.in_flight++;
	proxy->in_flight++;
	return exchange;
}

void exchange_start(struct proxy *proxy, struct turn *turn)
{
	struct route_match match;

	if (answer_here(proxy, turn, &match))
		return;
	struct service *service = proxy->services[match.service];
	struct exchange *exchange = exchange_new(proxy, service, turn);
	if (match.counted)
		supervisor_count_request(service->supervisor);
	exchange_seek(exchange);
}
