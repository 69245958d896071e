/* crashes: is it a crash loop, of a slot or of a spare?  Pure but for the clock.
 *
 * CRASHES_FAULTS crashes within CRASHES_WINDOW_US are a loop, and so are CRASHES_FAULTS containers one after the other that
 * were never ready, however long each of them took; then each further crash doubles the wait, until a container was well for
 * as long as the window.
 *
 * All zero is ready for use: there was none. Embedded by value; owns nothing.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define CRASHES_WINDOW_US 30000000
#define CRASHES_FAULTS 3

struct crashes {
	int64_t at_us[CRASHES_FAULTS]; /* of the last ones (clock_us), newest first; 0 = none */
	unsigned barren;               /* of the last ones, so many were never ready before */
	unsigned level;                /* of the back-off: doubles with each; 0 = no crash loop */
};

/* A container has ended that had been well since well_since_us (clock_us; NEVER: it was not). */
void crashes_calm(struct crashes *crashes, int64_t well_since_us);

/* Counts a crash, of a container that was ready once, or never. Returns how long to wait, in microseconds; 0: it is no loop. */
int64_t crashes_note(struct crashes *crashes, bool was_ready);

void crashes_pardon(struct crashes *crashes); /* the last one was none */
