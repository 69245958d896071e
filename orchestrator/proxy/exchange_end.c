/* exchange_end: everything is let go of, counted and told; then the turn gets its answer, or none. */
#include "orchestrator/proxy/exchange_end.h"

#include "orchestrator/proxy/exchange_trial.h"
#include "orchestrator/proxy/problem.h"

#include <stdio.h>

static void log_access(const struct exchange *exchange, int code, int64_t total_us)
{
	if (exchange->core->access_log == NULL)
		return;
	struct access_line line = access_line_of(exchange->turn);
	line.code = code;
	line.service = exchange->service->config->name;
	line.slot = exchange->last_slot;
	line.container = exchange->last_container;
	line.tries = exchange->tries;
	line.held_us = exchange->hold.us;
	line.hedged = exchange->hedged;
	line.total_us = total_us;
	access_log_write(exchange->core->access_log, &line);
}

/* The last line of an incident's story for this request. */
static void log_incident(const struct exchange *exchange, int code, int64_t total_us)
{
	if (incident_open(&exchange->incident))
		log_info("event=replayed service=%s request=%s code=%d tries=%u held_ms=%lld took_ms=%.1f incident=%s",
		         exchange->service->config->name, exchange->request->id, code, exchange->tries,
		         (long long)(exchange->hold.us / 1000), (double)total_us / 1e3,
		         incident_text(&exchange->incident));
}

void exchange_leave_held(struct exchange *exchange)
{
	struct service *service = exchange->service;
	size_t before = service->held_count;

	if (exchange->hold.held.waiting)
		exchange->hold.us += clock_us() - exchange->hold.since_us;
	service_unhold(service, &exchange->hold.held);
	conns_release(exchange->core->conns, exchange->hold.bytes);
	exchange->hold.bytes = 0;
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
	deadline_remove(exchange->core->deadlines, &exchange->deadline);
	int64_t total_us = clock_recent_us() - exchange->request->started_us;
	stats_reply(&exchange->service->stats, code, total_us);
	log_access(exchange, code, total_us);
	log_incident(exchange, code, total_us);
	exchange->service->stats.in_flight--;
	exchange->core->in_flight--;
	defer_call(exchange->core->defer, &exchange->deferred);
}

static void give_up(struct exchange *exchange, struct problem problem)
{
	struct turn *turn = exchange->turn;

	log_info("event=request-failed service=%s request=%s code=%d tries=%u held_ms=%lld incident=%s reason=%s",
	         exchange->service->config->name, exchange->request->id, problem.status, exchange->past.tried.count,
	         (long long)(exchange->hold.us / 1000), incident_text(&exchange->incident), log_quote(problem.detail));
	exchange_over(exchange, problem.status, FLEET_FAILED);
	turn_answer(turn, &problem);
}

const char *exchange_explain(const struct exchange *exchange, char text[EXCHANGE_DETAIL_SIZE])
{
	snprintf(text, EXCHANGE_DETAIL_SIZE, "the container's reply %s", exchange->past.broke);
	return text;
}

void exchange_give_up(struct exchange *exchange, int status, const char *detail)
{
	char text[EXCHANGE_DETAIL_SIZE];

	if (status == 502 && exchange->past.broke != NULL)
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
	         exchange->request->id, exchange->answer.status, incident_text(&exchange->incident),
	         exchange->past.broke != NULL ? " error=" : "",
	         exchange->past.broke != NULL ? log_quote(exchange_explain(exchange, told)) : "");
	exchange_over(exchange, exchange->answer.status, FLEET_FAILED);
	turn_abort(turn);
}
