/* step: one look at the whole, asked for from anywhere, taken from the loop.
 *
 * Callbacks write down what they learnt and ask for a step (step_soon); what is to be done about it is decided in the look
 * alone. It may run at any time and any number of times, so whatever ends may end in any order, and nothing is entered twice.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct event_base;
struct step;

#define NEVER INT64_MAX /* a time (clock_us) that does not come */

struct step_settings {
	struct event_base *base;
	/* Looks, and does what is to be done next. Called again at once, a few times, while it asks for that (step_soon). */
	void (*look)(void *arg);
	/* The last thing of a step, which it may free; settled: the last look asked for no other. May be NULL. */
	void (*over)(bool settled, void *arg);
	void *arg;
};

struct step *step_new(const struct step_settings *settings); /* nothing is due yet */
void step_free(struct step *step);                           /* NULL is fine; not from the look */

/* Something changed: looks in the loop's next turn; within a look, once more after it. */
void step_soon(struct step *step);

/* Within a look: the next one is due at at_us (clock_us) at the latest. */
void step_by(struct step *step, int64_t at_us);
