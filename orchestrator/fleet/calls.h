/* calls: the calls of one engine that are in flight.
 *
 * The engine answers each call once, in any order, perhaps after whoever made it is gone. So what it is given is a note of
 * ours, never a pointer to something that may be freed; a forgotten note swallows its answer.
 */
#pragma once

#include "orchestrator/engine/engine.h"

#include <stdbool.h>
#include <stdint.h>

struct step;
struct calls;

struct calls *calls_new(void);
/* The engine is gone, and no answer comes any more. NULL is fine. */
void calls_free(struct calls *calls);

/* What one call at a time is about. Embedded by value; all zero is ready for use. */
struct call_mark {
	bool busy;     /* a call is in flight: what it is about is not freed, and no other call is made */
	int64_t at_us; /* when the last one began or ended (clock_us), or something else was heard of it */
};

/* Runs later, from the engine; the step is asked for when it has returned. */
typedef void call_done(const struct engine_result *result, void *arg);

struct call {
	struct step *step;      /* of whoever makes the call */
	struct call_mark *mark; /* busy until the answer; NULL: it is about no container */
	call_done *done;
	void *arg; /* of done */
};

/* The argument for a verb of the engine, whose engine_done is calls_on_answer. call: copied. */
void *calls_begin(struct calls *calls, const struct call *call);
void calls_on_answer(const struct engine_result *result, void *arg);

/* The answers to all calls with that step will be ignored; the marks are not touched any more. */
void calls_forget(struct calls *calls, const struct step *step);
