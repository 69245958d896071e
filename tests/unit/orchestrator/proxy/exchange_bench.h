/* exchange_bench: what exchanges need, real but for the supervisor and health, which are the test's: a fleet whose backends are
 * unix sockets that the test listens on, and a scripted turn.
 */
#pragma once

#include "orchestrator/fleet/fleet.h"
#include "orchestrator/proxy/core.h"
#include "orchestrator/proxy/exchange.h"
#include "orchestrator/proxy/exchange_seek.h"
#include "orchestrator/proxy/pools.h"
#include "tests/unit/orchestrator/proxy/scripted_turn.h"
#include "tests/unit/orchestrator/wire/pairs.h"
#include "tests/unit/unit.h"

#define BACKENDS 4

struct bench {
	struct event_base *base;
	struct core core;
	struct config *config;
	struct service *service; /* that is asked */
	struct backend *backends[BACKENDS];
	int listening[BACKENDS];
	int peers[BACKENDS]; /* the test's end of the last connection to each; -1 none */
	struct scripted turn;
	/* the supervisor's, and health's */
	unsigned counted;
	size_t waiting;
	bool is_short;
	unsigned failures; /* told to health */
	health_answer *answer;
	void *answer_arg; /* of the open question; answer NULL: none */
	struct backend *asked;
};

extern struct bench bench;

void bench_make(void);
void bench_clear(void);

/* One more backend, READY. Returns its index. */
int bench_add(void);

/* A request of this method to a path of the service; body "" for none. */
void bench_ask(const char *method, const char *body);

/* The connection to this backend that came, and the request on it, which must have come whole. Returns its text. */
const char *bench_hear(int index);

/* Nothing came there. */
void bench_hear_nothing(int index);
void bench_say(int index, const char *text);
void bench_hang_up(int index);  /* in order */
void bench_reset(int index);    /* by a reset */
void bench_turn(void);          /* of the loop, for what is due */
void bench_say_well(bool well); /* the answer to the open question */
