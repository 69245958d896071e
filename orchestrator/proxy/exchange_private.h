/* exchange_private: the insides of an exchange, for the files that are it: exchange.c (its life), exchange_seek.c (finding
 * a backend, being held), exchange_reply.c (the reply), exchange_fail.c (what a failed try leads to), exchange_hedge.c (two
 * tries at once). Nobody else includes this.
 */
#pragma once

#include "common/clock.h"
#include "common/log.h"
#include "orchestrator/fleet/health.h"
#include "orchestrator/proxy/exchange.h"
#include "orchestrator/proxy/proxy.h"

#define BREAKS_MAX 2 /* a request that breaks so many backends is not tried on another */

enum exchange_state {
	EXCHANGE_SEEKING,
	EXCHANGE_HELD,
	EXCHANGE_DOUBTED, /* it would be given up, but who killed its backends is not known yet, or a socket may get free */
	EXCHANGE_SENT,
	EXCHANGE_REPLYING,
	EXCHANGE_OVER
};

/* One try of the request on one backend. */
struct trial {
	struct exchange *exchange;
	struct backend *backend;   /* set exactly while it counts as in flight there */
	struct upstream *upstream; /* set while a final callback of it is due */
};

struct exchange {
	struct proxy *proxy;
	struct service *service;
	struct turn *turn;
	struct request *request; /* the turn's */
	enum exchange_state state;

	struct trial trials[2];
	struct trial
	        *trial; /* whose reply counts; the other one has a backend only while both wait for their replies */
	bool hedged;    /* there was a second one */
	struct fleet_tried tried;
	unsigned tries;            /* sent so often, stale connections included */
	struct fleet_tried broken; /* backends that broke while they had the request; with stales BREAKS_MAX count */
	struct fleet_tried
	        stales;     /* backends whose pooled connection ended under the request, and which did not survive it */
	unsigned forgiven;  /* tries and breaks that were not the request's fault */
	unsigned doubts;    /* how often it was looked at while DOUBTED */
	uint64_t awaited;   /* the backend that must have ended before the request is sent again; 0: none */
	int64_t awaited_us; /* since when */
	unsigned refusals;
	const char *broke; /* static text: the rule that the last reply broke, behind "the reply"; NULL: none */
	bool fresh;        /* no further try takes a pooled connection */
	uint64_t stale;    /* the backend whose pooled connection ended just now, with the request on it; 0 none */
	struct held held;
	int64_t held_since_us;
	int64_t held_us;                  /* in all, so far */
	int64_t held_bytes;               /* of its head, counted with front_buffer while it is held */
	struct deadline deadline;         /* of being held */
	struct health_question *question; /* of a 5xx, or of a reply's end: is the backend well? */

	int status;
	int64_t length; /* of its body, as the backend says; -1: it did not */
	bool gather;    /* received whole before it is sent */
	bool complete;  /* all of it was received */
	bool to_close;  /* it ends where the backend's connection does, */
	unsigned asked; /* and so often the backend was asked whether that was its end */
	bool upgraded;
	int last_slot; /* of the backend it was sent to last; -1 none */
	char last_container[ENGINE_ID_SIZE];
	struct incident incident; /* of the backend that failed it last; none open: none did */
	struct deferred deferred;
};

/* exchange.c */

/* The one way out. code 0: the client left before its reply was complete. */
void exchange_over(struct exchange *exchange, int code, enum fleet_outcome outcome);
void exchange_release(struct exchange *exchange, enum fleet_outcome outcome);

/* Out of the list of those that wait, if it is there; the supervisor hears how many are left. */
void exchange_leave_held(struct exchange *exchange);
void exchange_drop_upstream(struct exchange *exchange);

/* Over, with an answer of our own. detail: for people; of a 502 the rule that the reply broke comes in its place. */
void exchange_give_up(struct exchange *exchange, int status, const char *detail);

#define EXCHANGE_DETAIL_SIZE 256
/* The rule that the last reply broke, in a sentence; broke must be set. Returns text. */
const char *exchange_explain(const struct exchange *exchange, char text[EXCHANGE_DETAIL_SIZE]);

/* The same, with 503: nothing can come before that is tried again, at retry_us. */
void exchange_turn_away(struct exchange *exchange, const char *detail, int64_t retry_us);

/* The reply was begun and cannot be completed. */
void exchange_cut(struct exchange *exchange);

/* exchange_seek.c */

/* Sends the request to a backend, holds it, or gives up. */
void exchange_seek(struct exchange *exchange);

/* Its deadline: it was held for hold_ms, or is to be looked at again while DOUBTED. */
void exchange_on_deadline(struct deadline *deadline);

/* For the access log: who has it now, or answered it. */
void exchange_note_container(struct exchange *exchange, const struct backend *backend);

/* Sends it there, as that try. fresh: on a new connection. */
void exchange_send(struct trial *trial, struct backend *backend, bool fresh);

/* exchange_hedge.c */

/* Its backend seems to hang: another one is asked as well, if that is harmless and there is one. */
void exchange_hedge(struct trial *trial);

/* Do two tries wait for their replies? */
bool exchange_is_hedging(const struct exchange *exchange);

/* This try is answered: its reply counts, and another one is cancelled. */
void exchange_settle(struct trial *trial);

/* The try that counts has failed and is released: the other one is left. */
void exchange_go_on_with_other(struct exchange *exchange);

/* Ends every try that is under way but the one that counts. */
void exchange_cancel_other(struct exchange *exchange);

/* exchange_reply.c */

/* What upstream calls. */
extern const struct upstream_reader exchange_reader;

/* exchange_fail.c */

/* Is the backend health's to judge (not one that is leaving, or gone)? */
bool exchange_is_judged(const struct backend *backend);

/* The try failed (there is no upstream any more): another one, or the end. untouched: no byte was written. */
void exchange_fail(struct exchange *exchange, enum upstream_failure failure, bool untouched);
void exchange_replay(struct exchange *exchange, enum stats_replay reason);

/* Looks for another backend, unless it has failed too often through its own fault. */
void exchange_judge(struct exchange *exchange);
