/* fake_timer: timer.h again, for programs whose time is the clock's fake one: hours pass in seconds.
 *
 * Sockets are real, so between two moments of the fake time the loop is let run until it has nothing to do.
 */
#pragma once

#include <event2/event.h>
#include <stdint.h>

/* Runs the loop, and every timer that is due meanwhile, until the fake clock (clock_fake) has moved on by that much. */
void fake_time_pass(struct event_base *base, int64_t us);
