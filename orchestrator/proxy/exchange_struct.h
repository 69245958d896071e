/* exchange_struct: what the files know that are an exchange. Each part is written by the file that it names; from below, each
 * calls only those before it: exchange_trial, exchange_end, exchange_seek, exchange_fail, exchange_hedge, exchange_reply,
 * exchange. Nobody else includes this.
 */
#pragma once

#include "common/clock.h"
#include "common/log.h"
#include "orchestrator/fleet/fleet.h"
#include "orchestrator/fleet/health.h"
#include "orchestrator/proxy/core.h"
#include "orchestrator/proxy/service.h"
#include "orchestrator/proxy/turn.h"
#include "orchestrator/wire/upstream.h"

enum exchange_state {
	EXCHANGE_SEEKING,
	EXCHANGE_HELD,
	EXCHANGE_WAITING, /* before giving up: the engine may yet report that somebody else killed the backend, or a descriptor
	                   * may become free */
	EXCHANGE_SENT,
	EXCHANGE_REPLYING,
	EXCHANGE_OVER
};

struct trial {
	struct exchange *exchange;
	struct backend *backend;   /* set exactly while it counts as in flight there */
	struct upstream *upstream; /* set while a final callback of it is due */
};

/* exchange_fail's: what became of the trials so far. */
struct exchange_past {
	struct fleet_tried tried;
	struct fleet_tried broken; /* backends that broke while they had the request; with stales BREAKS_MAX count */
	struct fleet_tried
	        stales;     /* backends whose pooled connection ended under the request, and which did not survive it */
	unsigned forgiven;  /* tries and breaks that were not the request's fault */
	unsigned waits;     /* how often it was looked at while WAITING */
	uint64_t awaited;   /* the backend that must have ended before the request is sent again; 0: none */
	int64_t awaited_us; /* since when */
	unsigned refusals;
	bool fresh;        /* no further try takes a pooled connection */
	uint64_t stale;    /* the backend whose pooled connection ended just now, with the request on it; 0: none */
	const char *broke; /* static text: the rule that the last trial's reply broke, behind "the reply"; NULL: none */
};

/* exchange_seek's: waiting for a backend. */
struct exchange_hold {
	struct held held;
	int64_t since_us;
	int64_t us;    /* in all, so far */
	int64_t bytes; /* of its head, counted with conns_buffer while it is held */
};

/* exchange_reply's: what comes back. */
struct exchange_answer {
	int status;
	int64_t length; /* of its body, as the backend says; -1: it did not */
	bool gather;    /* received whole before it is sent */
	bool complete;  /* all of it was received */
	bool to_close;  /* it ends where the backend's connection does, */
	unsigned asked; /* and so often the backend was asked whether that was its end */
	bool upgraded;
};

struct exchange {
	struct core *core;
	struct service *service;
	struct turn *turn;
	struct request *request; /* the turn's */
	enum exchange_state state;
	const struct upstream_reader *reader;

	struct trial trials[2];
	struct trial *trial;      /* whose reply counts */
	bool hedged;              /* there was a second one at the same time */
	unsigned tries;           /* sent so often, stale connections included */
	struct incident incident; /* of the backend that failed it last; none open: none did */
	int last_slot;            /* of the backend it was sent to last; -1 none */
	char last_container[ENGINE_ID_SIZE];

	struct exchange_past past;
	struct exchange_hold hold;
	struct exchange_answer answer;
	struct health_question *question; /* of a 5xx, or of a reply's end: is the backend well? */
	struct deadline deadline;         /* of being HELD or WAITING */
	struct deferred deferred;
};
