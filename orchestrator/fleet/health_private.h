/* health_private: what health.c (schedule and verdicts) and health_question.c (asked by the proxy) share. */
#pragma once

#include "orchestrator/fleet/fleet.h"
#include "orchestrator/fleet/health.h"
#include "orchestrator/fleet/probe.h"
#include "orchestrator/base/timer.h"

#include <sys/queue.h>

TAILQ_HEAD(questions, health_question);
TAILQ_HEAD(watches, watch);

/* How much patience a probe has (health_hang). */
enum haste { HASTE_NONE, HASTE_QUICK, HASTE_SECOND };

struct health {
	struct event_base *base;
	struct config_health config; /* path owned */
	const struct health_traffic *traffic; /* borrowed; NULL: none */
	struct watches watches;
	struct questions answered; /* waiting to be told */
	struct timer *teller;
	int64_t status_us; /* when a backend last failed with a 5xx and nobody got well since; -1 = never */
};

/* One backend under watch. */
struct watch {
	TAILQ_ENTRY(watch) link;
	struct health *health;
	struct backend *backend; /* a reference */
	struct timer *timer;     /* when to probe next */
	struct probe *probe;     /* the one in flight, or NULL */
	uint64_t probe_no;       /* number of the one in flight, or of the last */
	uint64_t trust_no;       /* a good result of an older probe does not clear a suspicion */
	bool now;                /* probe as soon as none is in flight */
	int64_t start_us;        /* since when it is watched */
	int64_t start_until_us;  /* STARTING: not well by then is a fault */
	int64_t status_until_us; /* STARTING: from then on an answer of 5xx is one, or none; not after start_until_us */
	int64_t said_us;         /* STARTING: when it last answered 5xx; INT64_MIN = never */
	bool untold;             /* STARTING: what its probes see has changed, */
	int64_t tell_us;         /* is not told before, */
	int64_t tell_pause_us;   /* nor for so long after it was told */
	int64_t due_us;          /* the next beat */
	int64_t start_delay_us;  /* STARTING: the pause before the next probe */
	int start_timeout_ms;    /* STARTING: how long the next probe may take */
	int64_t misses;          /* soft faults in a row */
	enum haste haste;        /* of the probe in flight */
	enum haste next_haste;   /* of the next one */
	int64_t asked_us;        /* since when the probe in flight waits; what came since then is a sign of life */
	int64_t quick_us;        /* no quick probe before that */
	int64_t usual_probe_us;  /* what a good one takes: a moving average; 0 = none yet */
	int64_t busy_us;         /* since when its probes have been late though it sends replies; 0 = they are not */
	bool alike;              /* fails as all others do, so it is kept */
	int64_t alike_until_us;  /* while it is SUSPECT: when it is routed to again */
	struct questions questions;
};

/* Has the next probe made now; one in flight is waited for. */
void watch_hurry(struct watch *watch);

/* Answers those questions that probe number no (or an older one) was to answer. */
void questions_answer(struct watch *watch, uint64_t no, bool well);
void questions_answer_all(struct watch *watch, bool well);
void on_answers(void *arg); /* timer: tells the answers that are due */
void questions_drop(struct questions *questions);

/* health_hang.c */

int watch_timeout_ms(const struct watch *watch); /* of its next probe */
void watch_note_usual(struct watch *watch, int64_t took_us);
void watch_hurry_quickly(struct watch *watch);
void watch_follow_up(struct watch *watch, enum haste missed); /* before watch_schedule */

/* A probe was late, whatever the verdict will be. */
void watch_tell_late(const struct watch *watch);

/* Its probe was missed, and it is not busy: after its state is set. */
void watch_tell_missed(const struct health *health, struct backend *backend);

/* Of a probe that was late. The second is asked where the first is true. */
bool watch_is_busy(const struct watch *watch);
bool watch_is_busy_too_long(struct watch *watch);

/* health_words.c: none of them sets another state, so the watch is there afterwards. */
void watch_note_finding(const struct watch *watch, const struct probe_finding *finding);
void watch_tell_start(struct watch *watch, const struct probe_finding *finding); /* STARTING, and not over */
void watch_note_start_over(struct watch *watch, const struct probe_finding *finding);
