/* exchange_fail: what a failed try leads to: a table says which failures may be tried again, and whom they are told.
 *
 * A request that two backends broke under, or three failed, is given up: it may be what breaks them. Not so where somebody
 * else killed them; the engine says so some milliseconds after the connection broke, and is waited for (WAITING).
 */
#include "orchestrator/proxy/exchange_fail.h"

#include "orchestrator/proxy/exchange_end.h"
#include "orchestrator/proxy/exchange_seek.h"
#include "orchestrator/proxy/exchange_trial.h"

#define REFUSALS_MAX 8  /* failed connects that do not count as tries: nothing was sent */
#define FORGIVEN_MAX 16 /* then it is given up all the same */
#define NEWS_US 20000
#define WAITS_MAX 50
#define BREAKS_MAX 2 /* a request that breaks so many backends is not tried on another */

static const char unknown[] = "the container failed while it had the request; it may or may not have been carried out";

/* Is the backend health's to decide on (not one that is leaving, or gone)? */
static bool is_serving(const struct backend *backend)
{
	enum backend_state state = backend_state(backend);

	return state == BACKEND_READY || state == BACKEND_SUSPECT;
}

struct failure_rule {
	bool breaks;   /* counts as a backend broken by this request */
	bool evidence; /* health wants to know */
	bool replayable;
	enum stats_replay replay;
};

static const struct failure_rule failure_rules[UPSTREAM_FAILURES] = {
        [UPSTREAM_CONNECT] = {.evidence = true, .replayable = true, .replay = STATS_REPLAY_CONNECT},
        [UPSTREAM_LOCAL] = {.replayable = false},
        [UPSTREAM_STALE] = {.replayable = true, .replay = STATS_REPLAY_STALE},
        [UPSTREAM_BROKEN] = {.breaks = true, .evidence = true, .replayable = true, .replay = STATS_REPLAY_BROKEN},
        [UPSTREAM_MALFORMED] = {.breaks = true, .evidence = true, .replayable = true, .replay = STATS_REPLAY_BROKEN},
        [UPSTREAM_CUT] = {.breaks = true, .evidence = true, .replayable = true, .replay = STATS_REPLAY_BROKEN},
        [UPSTREAM_TIMEOUT] = {.replayable = false},
        [UPSTREAM_DOWN] = {.replayable = true, .replay = STATS_REPLAY_DOWN},
};

/* A backend that could not be connected to is suspect, so it is not chosen again before a probe found it well. */
static bool counts_as_try(struct exchange *exchange, enum stats_replay reason)
{
	if (reason == STATS_REPLAY_CONNECT)
		return ++exchange->past.refusals > REFUSALS_MAX;
	return reason != STATS_REPLAY_STALE;
}

static void mark_tried(struct exchange *exchange)
{
	fleet_tried_add(&exchange->past.tried, backend_serial(exchange->trial->backend));
}

static void note_broken(struct exchange *exchange, uint64_t serial)
{
	fleet_tried_remove(&exchange->past.stales, serial);
	if (exchange->past.broken.count < BREAKS_MAX)
		fleet_tried_add(&exchange->past.broken, serial);
}

static void note_stale(struct exchange *exchange, uint64_t serial)
{
	if (exchange->past.stales.count < BREAKS_MAX && !fleet_tried_has(&exchange->past.broken, serial))
		fleet_tried_add(&exchange->past.stales, serial);
}

static void reset_reply(struct exchange *exchange)
{
	turn_take_back(exchange->turn);
	exchange->answer.complete = exchange->answer.upgraded = false;
	exchange->answer.status = 0;
}

static void join_incident(struct exchange *exchange)
{
	if (incident_open(backend_incident(exchange->trial->backend)))
		exchange->incident = *backend_incident(exchange->trial->backend);
}

/* Told to health, which doubts the backend now. The first one of an incident begins its story. */
static void report_failure(struct exchange *exchange, enum stats_replay reason)
{
	struct backend *backend = exchange->trial->backend;
	bool first = !incident_open(backend_incident(backend));
	char told[EXCHANGE_DETAIL_SIZE];

	backend_open_incident(backend);
	join_incident(exchange);
	if (first)
		log_warn(
		        "event=exchange-failed service=%s request=%s slot=%d container=%.12s reason=%s incident=%s%s%s",
		        exchange->service->config->name, exchange->request->id, backend_slot(backend),
		        backend_container_id(backend), stats_replay_text(reason), incident_text(&exchange->incident),
		        exchange->past.broke != NULL ? " error=" : "",
		        exchange->past.broke != NULL ? log_quote(exchange_explain(exchange, told)) : "");
	health_exchange_failed(backend);
}

/* Takes those out of the set that somebody else killed, and if `survivors` those that serve. True: what became of one that
 * stays in it is not known yet. */
static bool forgive(struct exchange *exchange, struct fleet_tried *set, bool survivors)
{
	struct fleet_tried kept = {0};
	bool open = false;

	for (unsigned i = 0; i < set->count; i++) {
		enum fleet_fate fate = fleet_fate(exchange->service->fleet, set->serials[i]);

		if (fate == FLEET_FATE_KILLED && exchange->past.forgiven < FORGIVEN_MAX) {
			exchange->past.forgiven++;
			continue;
		}
		if (fate == FLEET_FATE_WELL && survivors)
			continue;
		open |= fate == FLEET_FATE_UNKNOWN;
		fleet_tried_add(&kept, set->serials[i]);
	}
	*set = kept;
	return open;
}

/* Who killed its backends is not known yet, or a socket may get free. True: it waits. */
static bool wait_for_news(struct exchange *exchange)
{
	if (exchange->past.waits++ >= WAITS_MAX)
		return false;
	exchange->state = EXCHANGE_WAITING;
	deadline_set(&exchange->deadline, clock_us() + NEWS_US);
	return true;
}

/* A pooled connection ended because it was idle for long, or because the request ended its backend: that is so where the
 * backend does not serve any more. */
static void count_stale(struct exchange *exchange)
{
	uint64_t serial = exchange->past.stale;

	if (serial == 0 || fleet_fate(exchange->service->fleet, serial) == FLEET_FATE_WELL)
		return;
	note_stale(exchange, serial);
	exchange->past.stale = 0;
}

/* It may still carry the request out, as one that was paused does once it goes on: to be sent again, what changes
 * something waits until the engine says that the container has ended. True: it waits, or is over. */
static bool await_end(struct exchange *exchange)
{
	enum fleet_fate fate = fleet_fate(exchange->service->fleet, exchange->past.awaited);
	int64_t now_us = clock_us();

	if (exchange->past.awaited == 0 || fate == FLEET_FATE_ENDED || fate == FLEET_FATE_KILLED) {
		exchange->past.awaited = exchange->past.awaited_us = 0;
		return false;
	}
	if (exchange->past.awaited_us == 0)
		exchange->past.awaited_us = now_us;
	if (now_us - exchange->past.awaited_us >= exchange->core->config->hold_ms * 1000) {
		exchange_give_up(exchange, 502, unknown);
		return true;
	}
	exchange->state = EXCHANGE_WAITING;
	deadline_set(&exchange->deadline, now_us + NEWS_US);
	return true;
}

void exchange_decide(struct exchange *exchange)
{
	if (await_end(exchange))
		return;
	count_stale(exchange);
	bool breaks_open = forgive(exchange, &exchange->past.broken, false);
	breaks_open |= forgive(exchange, &exchange->past.stales, true);
	bool tries_open = forgive(exchange, &exchange->past.tried, false);
	bool broke = exchange->past.broken.count + exchange->past.stales.count >= BREAKS_MAX;
	bool failed = exchange->past.tried.count >= FLEET_TRIES;
	deadline_clear(&exchange->deadline);
	if (((broke && breaks_open) || (failed && tries_open)) && wait_for_news(exchange))
		return;
	if (broke)
		exchange_give_up(exchange, 502, "the request broke two containers and is not tried on a third");
	else if (failed)
		exchange_give_up(exchange, 502, "the containers that the request was tried on failed");
	else
		exchange_seek(exchange);
}

void exchange_replay(struct exchange *exchange, enum stats_replay reason)
{
	exchange->service->stats.replays[reason]++;
	join_incident(exchange);
	log_line(reason == STATS_REPLAY_STALE ? LOG_DEBUG : LOG_INFO,
	         "event=replay service=%s request=%s slot=%d container=%.12s reason=%s tries=%u incident=%s",
	         exchange->service->config->name, exchange->request->id, backend_slot(exchange->trial->backend),
	         backend_container_id(exchange->trial->backend), stats_replay_text(reason),
	         exchange->past.tried.count + 1, incident_text(backend_incident(exchange->trial->backend)));
	if (counts_as_try(exchange, reason))
		mark_tried(exchange);
	exchange_release(exchange, reason == STATS_REPLAY_STALE ? FLEET_CANCELLED : FLEET_FAILED);
	reset_reply(exchange);
	exchange->past.waits = 0;
	exchange_decide(exchange);
}

void exchange_fail(struct exchange *exchange, enum upstream_failure failure, bool untouched)
{
	const struct failure_rule *rule = &failure_rules[failure];

	if (rule->evidence && is_serving(exchange->trial->backend))
		report_failure(exchange, rule->replay);
	else if (rule->evidence)
		health_exchange_failed(exchange->trial->backend);
	if (exchange->turn->begun) {
		exchange_cut(exchange);
		return;
	}
	uint64_t serial = backend_serial(exchange->trial->backend);
	bool again = exchange->past.stale == serial && (failure == UPSTREAM_CONNECT || failure == UPSTREAM_DOWN);
	if (rule->breaks)
		note_broken(exchange, serial);
	else if (again)
		note_stale(exchange, serial);
	exchange->past.stale = failure == UPSTREAM_STALE && !untouched ? serial : 0;
	exchange->past.fresh |= failure == UPSTREAM_STALE;
	if (exchange_is_hedging(exchange) && failure != UPSTREAM_TIMEOUT) {
		if (failure != UPSTREAM_STALE && failure != UPSTREAM_LOCAL)
			mark_tried(exchange);
		exchange_release(exchange, FLEET_FAILED);
		exchange_go_on_with_other(exchange);
		return;
	}
	if (failure == UPSTREAM_LOCAL) { /* nothing was sent, and another container may need no socket */
		exchange_release(exchange, FLEET_CANCELLED);
		if (wait_for_news(exchange))
			return;
	}
	bool may = rule->replayable && (untouched || exchange->request->idempotent);
	if (failure == UPSTREAM_DOWN && !untouched && !http_method_safe(exchange->request->method))
		exchange->past.awaited = serial;
	if (may)
		exchange_replay(exchange, rule->replay);
	else if (failure == UPSTREAM_LOCAL)
		exchange_give_up(exchange, 503, "this server cannot connect to the container at the moment");
	else if (failure == UPSTREAM_TIMEOUT)
		exchange_give_up(exchange, 504, "the container did not answer in time");
	else
		exchange_give_up(exchange, 502, unknown);
}
