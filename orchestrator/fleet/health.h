/* health: decides whether a backend is well. Schedules probes, turns their outcomes, engine events and live traffic's
 * failures into verdicts, and sets the backend's state.
 *
 * STARTING: probes at once and then every 5 ms doubling to 100 ms until the first good one; only exit or start_ms is a
 *   fault. For a container that was found running see health_watch_running.
 * READY: a probe every interval_ms, staggered by slot so that not all backends are asked at once.
 *   Hard (refused, reset, malformed, 5xx): DOWN. Soft (timeout): SUSPECT; DOWN at the fall-th in a row. A backend that sends
 *   replies meanwhile is only busy: SUSPECT, unless it is the last one; DOWN if that lasts for start_ms.
 * SUSPECT: probed now (one probe in flight per backend), good -> READY.
 * DRAINING: probed on, since a request that it still has is lost with it: DOWN by the same rules; kept where all fail.
 * If every other backend of the service has failed the same way within one interval (5xx: full disk, locked store),
 * the last one is kept: held back for five intervals, in which a replacement may show that the fault was the
 * container's, then READY again, since an error is a better reply than none; the verdict on it is made anew once another one is
 * READY.
 * Whoever observes the fleet learns of DOWN like of every other state.
 */
#pragma once

#include "orchestrator/config/config.h"
#include "orchestrator/fleet/backend.h"
#include "orchestrator/fleet/health_traffic.h"

struct event_base;
struct health;

struct health_settings {
	struct event_base *base;
	const struct config_health *config;   /* copied */
	const struct health_traffic *traffic; /* borrowed; NULL: nobody has any */
};

struct health *health_new(const struct health_settings *settings);
void health_free(struct health *health);
void health_configure(struct health *health, const struct config_health *config); /* reload */

/* From now on this backend is probed, until it is DOWN or health_unwatch. */
void health_watch(struct health *health, struct backend *backend);

/* The same for a container that was found running and was started running_ms ago. It may have been well long ago, so once
 * health.start_ms have passed since then it gets no more time than one that serves; and no more in any case for answering
 * 5xx, or for accepting and not answering. */
void health_watch_running(struct health *health, struct backend *backend, int64_t running_ms);
void health_unwatch(struct backend *backend); /* nothing happens if it is not watched */

/* The backend has owed replies for long and says nothing: it is probed now, with a short timeout, at most once a second; if
 * that probe is missed, once more. */
void health_silent(struct backend *backend);

/* Evidence from elsewhere. A DRAINING backend is only probed now, where the others become SUSPECT. */
void health_exchange_failed(struct backend *backend);                  /* -> SUSPECT, probe now */
void health_engine_doubt(struct backend *backend, enum reason reason); /* -> SUSPECT, probe now */
void health_engine_died(struct backend *backend, enum reason reason);  /* hard: DOWN now */

/* A request got a 5xx: is the backend itself ill? Asks the next probe, made now or as soon as the one in flight is done
 * (that one may have been answered before the backend fell ill; if it ends badly, so does the question). Answers once,
 * later; not after health_ask_cancel. If the backend goes DOWN meanwhile the answer is false. It is true for a backend that is
 * kept although it fails (above): its reply is all there is. The backend's state is not changed by asking. */
struct health_question;
typedef void health_answer(bool well, void *arg);
struct health_question *health_ask(struct health *health, struct backend *backend, health_answer *answer, void *arg);
void health_ask_cancel(struct health_question *question);
