/* leave: who is told when, how long it waits, and what a second signal does. Control and proxy are the test's own. */
#include "orchestrator/leave.h"

#include "common/clock.h"
#include "orchestrator/config/config.h"
#include "orchestrator/fleet/supervisors.h"
#include "orchestrator/proxy/proxy.h"
#include "orchestrator/systemd/lifecycle.h"
#include "tests/unit/orchestrator/fleet/fake_timer.h"
#include "tests/unit/unit.h"

#include <event2/event.h>
#include <string.h>

static uint64_t in_flight;
static const struct config config = {.drain_ms = 2000, .name = "testing"};
static struct event_base *base;
static struct leave *leave;
static bool told, draining, stopped, removing;
static size_t containers;
static supervisor_stopped *on_stopped;
static void *on_stopped_arg;

void lifecycle_stopping(struct lifecycle *lifecycle)
{
	(void)lifecycle;
	told = true;
}

void proxy_drain(struct proxy *of)
{
	(void)of;
	draining = true;
}

bool proxy_is_idle(const struct proxy *of)
{
	(void)of;
	return in_flight == 0;
}

uint64_t proxy_in_flight(const struct proxy *of)
{
	(void)of;
	return in_flight;
}

unsigned proxy_connections(const struct proxy *of)
{
	(void)of;
	return 0;
}

size_t supervisors_containers(const struct supervisors *supervisors)
{
	(void)supervisors;
	return containers;
}

void supervisors_stop(struct supervisors *supervisors, bool remove_containers, supervisor_stopped *done, void *arg)
{
	(void)supervisors;
	ck_assert(!stopped);
	stopped = true;
	removing = remove_containers;
	on_stopped = done;
	on_stopped_arg = arg;
}

static void make(void)
{
	clock_fake(1000000);
	base = event_base_new();
	in_flight = 1;
	told = draining = stopped = removing = false;
	containers = 2;
	leave = leave_new(&(struct leave_settings){.base = base});
}

static void clear(void)
{
	leave_free(leave);
	event_base_free(base);
	clock_fake(-1);
}

/* The loop is told to end: it does not wait for anything. */
static bool loop_ends(void)
{
	event_base_loop(base, EVLOOP_NONBLOCK);
	return event_base_got_exit(base);
}

START_TEST(waits_for_what_is_in_flight)
{
	ck_assert(!leave_is_under_way(leave));
	leave_begin(leave, "Terminated", false, &config);
	ck_assert(leave_is_under_way(leave) && told && draining && !stopped);
	fake_time_pass(base, 1000000);
	ck_assert(!stopped);
	in_flight = 0;
	fake_time_pass(base, 100000);
	ck_assert(stopped && !removing);
	ck_assert(!loop_ends());
	on_stopped(on_stopped_arg);
	ck_assert(loop_ends());
	ck_assert(!leave_was_cut_short(leave));
}
END_TEST

START_TEST(not_for_ever)
{
	leave_begin(leave, "Interrupt", true, &config);
	fake_time_pass(base, 1900000);
	ck_assert(!stopped);
	fake_time_pass(base, 200000);
	ck_assert(stopped && removing);
}
END_TEST

START_TEST(a_second_signal_does_not_wait)
{
	leave_begin(leave, "Interrupt", true, &config);
	leave_now(leave, "Interrupt", &config);
	ck_assert(loop_ends());
	ck_assert(leave_was_cut_short(leave));
}
END_TEST

/* Nothing was in flight, and the containers were to stay anyhow: what was asked for is done. */
START_TEST(nothing_was_cut)
{
	in_flight = 0;
	leave_begin(leave, "Terminated", false, &config);
	leave_now(leave, "Terminated", &config);
	ck_assert(loop_ends());
	ck_assert(!leave_was_cut_short(leave));
}
END_TEST

START_TEST(before_it_was_made)
{
	ck_assert(!leave_is_under_way(NULL) && !leave_was_cut_short(NULL));
	leave_free(NULL);
}
END_TEST

UNIT_MAIN_WITH("leave", make, clear, waits_for_what_is_in_flight, not_for_ever, a_second_signal_does_not_wait,
               nothing_was_cut, before_it_was_made)
