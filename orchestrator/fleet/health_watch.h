/* health_watch: what health keeps of one backend, and what a verdict does to it. Shared by the files of health alone.
 *
 * A watch exists from health_watch until its backend is DOWN or health_unwatch. It is in parts; each part is written by one
 * file, named beside it, and read by the others.
 */
#pragma once

#include "orchestrator/fleet/health_question.h"
#include "orchestrator/fleet/health_schedule.h"
#include "orchestrator/fleet/health_traffic.h"

#include <sys/queue.h>

TAILQ_HEAD(watches, watch);

struct health {
	struct event_base *base;
	struct config_health config;          /* path owned */
	const struct health_traffic *traffic; /* borrowed; NULL: nobody has any */
	struct watches watches;
	struct answers answers;
	int64_t status_us; /* health_kept: when a backend last failed with a 5xx and nobody got well since; 0 = never */
};

/* A probe and the pause before it. */
int64_t watch_round_us(const struct health *health);

struct watch {
	TAILQ_ENTRY(watch) link;
	struct health *health;
	struct backend *backend; /* a reference */
	struct schedule schedule;
	struct questions questions;

	/* health_verdict */
	int64_t misses;    /* soft faults in a row */
	uint64_t trust_no; /* a good finding of an older probe does not clear a suspicion */

	/* health_start: while the backend is STARTING */
	struct watch_start {
		int64_t begun_us;        /* since when it is watched */
		int64_t until_us;        /* not well by then is a fault */
		int64_t status_until_us; /* from then on an answer of 5xx is a fault, or none at all; not after until_us */
		int64_t said_us;         /* when it last answered 5xx; INT64_MIN = never */
	} start;

	/* health_words */
	struct watch_words {
		bool untold;      /* what the probes of a STARTING backend see has changed: it is told */
		int64_t tell_us;  /* not before this, */
		int64_t pause_us; /* nor for so long after it was told */
	} words;

	/* health_late */
	int64_t busy_us; /* since when its probes have been late though it sends replies; 0 = they are not */

	/* health_kept */
	struct watch_kept {
		bool on;          /* it fails as all others do, so it is kept */
		int64_t until_us; /* while it is SUSPECT: when it is routed to again */
	} kept;
};

/* Takes a reference to the backend, which is STARTING. on_finding: of the probes, with the watch as its argument. None is made
 * yet. */
struct watch *watch_new(struct health *health, struct backend *backend, probe_done *on_finding);
void watch_free(struct watch *watch);           /* its questions must have been answered or dropped */
void watch_end(struct watch *watch, bool well); /* answers its questions like this, and frees it; no state is set */

/* The last probe found it well or not, for those who asked. */
void watch_answer(struct watch *watch, bool well);

/* Questions are answered, the watch is freed, the backend DOWN. */
void watch_down(struct watch *watch, enum reason reason);

/* There is evidence: an incident begins, and a READY backend is SUSPECT. */
void watch_suspect(struct watch *watch, enum reason reason);
