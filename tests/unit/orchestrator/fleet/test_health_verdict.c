/* What each outcome of a probe makes of a backend, by the state that it is in; and when, to the microsecond. */
#include "common/clock.h"
#include "common/log.h"
#include "orchestrator/fleet/fleet.h"
#include "orchestrator/fleet/health.h"
#include "tests/unit/orchestrator/fleet/fake_probe.h"
#include "tests/unit/orchestrator/fleet/fake_timer.h"
#include "tests/unit/unit.h"

#define SECOND_US 1000000
#define INTERVAL_US SECOND_US
#define START_MS 60000

static struct event_base *base;
static struct fleet *fleet;
static struct health *health;
static struct config_health config;
static struct backend *backends[FAKE_PROBES]; /* by port */
static int made, late, missed;
static bool unread;

static bool is_unread(struct backend *backend)
{
	(void)backend;
	return unread;
}

static void on_late(struct backend *backend)
{
	(void)backend;
	late++;
}

static void on_missed(struct backend *backend)
{
	(void)backend;
	missed++;
}

static const struct health_traffic traffic = {.is_unread = is_unread, .on_late = on_late, .on_missed = on_missed};

static void set_up(void)
{
	static char path[] = "/health";

	log_set_level(LOG_ERROR);
	clock_fake(1000 * SECOND_US);
	base = event_base_new();
	fleet = fleet_new("acts", NULL);
	config = (struct config_health){
	        .path = path, .interval_ms = 1000, .timeout_ms = 500, .fall = 2, .start_ms = START_MS};
	health = health_new(&(struct health_settings){.base = base, .config = &config, .traffic = &traffic});
	fake_probes_reset();
	made = late = missed = 0;
	unread = false;
}

static void tear_down(void)
{
	health_free(health);
	for (int i = 0; i < made; i++)
		backend_unref(backends[i]);
	fleet_free(fleet);
	event_base_free(base);
	clock_fake(-1);
}

static int make(void)
{
	const struct address address = fake_probe_address(made);

	backends[made] = backend_new(fleet_group(fleet), made, "c0ffee", &address);
	health_watch(health, backends[made]);
	return made++;
}

static void pass(int64_t us)
{
	fake_time_pass(base, us);
}

/* Lets time pass until the next probe of this backend is in flight, and ends it like this. */
static void probe(int port, enum probe_outcome outcome)
{
	for (int64_t us = 0; !fake_probes[port].in_flight && us < 2 * INTERVAL_US; us += 1000)
		pass(1000);
	fake_probe_end(port, outcome, 1000);
}

static int make_in(enum backend_state state)
{
	int port = make();

	if (state == BACKEND_STARTING)
		return port;
	probe(port, PROBE_GOOD);
	ck_assert_int_eq(backend_state(backends[port]), BACKEND_READY);
	if (state == BACKEND_SUSPECT)
		health_exchange_failed(backends[port]);
	if (state == BACKEND_DRAINING)
		backend_set_state(backends[port], BACKEND_DRAINING, REASON_SCALE_DOWN);
	ck_assert_int_eq(backend_state(backends[port]), state);
	return port;
}

static enum backend_state state_of(int port)
{
	return backend_state(backends[port]);
}

/* --- one backend ----------------------------------------------------------------------------------------------- */

START_TEST(each_outcome_in_each_state)
{
	static const enum backend_state then[PROBE_OUTCOMES_COUNT][BACKEND_DOWN] = {
	        /*                     STARTING          READY            SUSPECT          DRAINING */
	        [PROBE_GOOD] = {BACKEND_READY, BACKEND_READY, BACKEND_READY, BACKEND_DRAINING},
	        [PROBE_ODD_STATUS] = {BACKEND_STARTING, BACKEND_READY, BACKEND_READY, BACKEND_DRAINING},
	        [PROBE_BAD_STATUS] = {BACKEND_STARTING, BACKEND_DOWN, BACKEND_DOWN, BACKEND_DOWN},
	        [PROBE_REFUSED] = {BACKEND_STARTING, BACKEND_DOWN, BACKEND_DOWN, BACKEND_DOWN},
	        [PROBE_RESET] = {BACKEND_STARTING, BACKEND_DOWN, BACKEND_DOWN, BACKEND_DOWN},
	        [PROBE_MALFORMED] = {BACKEND_STARTING, BACKEND_DOWN, BACKEND_DOWN, BACKEND_DOWN},
	        [PROBE_TIMEOUT] = {BACKEND_STARTING, BACKEND_SUSPECT, BACKEND_SUSPECT, BACKEND_DRAINING},
	        [PROBE_STRANGER] = {BACKEND_STARTING, BACKEND_SUSPECT, BACKEND_SUSPECT, BACKEND_DRAINING},
	        [PROBE_UNABLE] = {BACKEND_STARTING, BACKEND_READY, BACKEND_SUSPECT, BACKEND_DRAINING},
	};

	for (int outcome = 0; outcome < PROBE_OUTCOMES_COUNT; outcome++) {
		for (int state = 0; state < BACKEND_DOWN; state++) {
			int port = make_in((enum backend_state)state);

			probe(port, (enum probe_outcome)outcome);
			ck_assert_msg(state_of(port) == then[outcome][state], "%s, %s: %s",
			              backend_state_text((enum backend_state)state),
			              probe_outcome_text((enum probe_outcome)outcome),
			              backend_state_text(state_of(port)));
			if (state_of(port) == BACKEND_DOWN)
				ck_assert_int_eq(backend_reason(backends[port]),
				                 probe_outcome_reason((enum probe_outcome)outcome));
			tear_down();
			set_up();
		}
	}
}
END_TEST

START_TEST(fall_misses_in_a_row)
{
	config.fall = 3;
	health_configure(health, &config);
	int port = make_in(BACKEND_READY);
	probe(port, PROBE_TIMEOUT);
	probe(port, PROBE_TIMEOUT);
	ck_assert_int_eq(state_of(port), BACKEND_SUSPECT);
	ck_assert_int_eq(missed, 2);
	ck_assert_int_eq(late, 2);
	probe(port, PROBE_GOOD); /* forgiven */
	ck_assert_int_eq(state_of(port), BACKEND_READY);
	probe(port, PROBE_TIMEOUT);
	probe(port, PROBE_TIMEOUT);
	ck_assert_int_eq(state_of(port), BACKEND_SUSPECT);
	probe(port, PROBE_TIMEOUT);
	ck_assert_int_eq(state_of(port), BACKEND_DOWN);
}
END_TEST

/* Our own shortage is nobody's fault, however long it lasts. */
START_TEST(an_hour_without_descriptors)
{
	int ready = make_in(BACKEND_READY), draining = make_in(BACKEND_DRAINING);

	for (int i = 0; i < 3600; i++) {
		probe(ready, PROBE_UNABLE);
		probe(draining, PROBE_UNABLE);
	}
	ck_assert_int_eq(state_of(ready), BACKEND_READY);
	ck_assert_int_eq(state_of(draining), BACKEND_DRAINING);
	ck_assert(!incident_open(backend_incident(backends[ready])));
}
END_TEST

START_TEST(a_start_has_all_its_time)
{
	int port = make_in(BACKEND_STARTING);
	int64_t end_us = clock_us() + START_MS * 1000LL;

	while (clock_us() < end_us - SECOND_US) {
		probe(port, PROBE_RESET);
		ck_assert_int_eq(state_of(port), BACKEND_STARTING);
	}
	while (clock_us() < end_us && state_of(port) == BACKEND_STARTING)
		probe(port, PROBE_RESET);
	if (state_of(port) == BACKEND_STARTING)
		probe(port, PROBE_RESET);
	ck_assert_int_eq(state_of(port), BACKEND_DOWN);
	ck_assert_int_ge(clock_us(), end_us);
	ck_assert_int_eq(backend_reason(backends[port]), REASON_START_TIMEOUT);
	ck_assert_str_eq(backend_finding(backends[port]),
	                 "no good probe within 60 s; the last one saw: as the test says: "
	                 "is `port` right, does the program listen on 0.0.0.0?");
}
END_TEST

/* --- evidence -------------------------------------------------------------------------------------------------- */

START_TEST(a_probe_that_began_before_the_evidence_clears_nothing)
{
	int port = make_in(BACKEND_READY);

	while (!fake_probes[port].in_flight)
		pass(1000);
	health_exchange_failed(backends[port]);
	ck_assert_int_eq(state_of(port), BACKEND_SUSPECT);
	fake_probe_end(port, PROBE_GOOD, 1000);
	ck_assert_int_eq(state_of(port), BACKEND_SUSPECT);
	pass(0);
	ck_assert(fake_probes[port].in_flight); /* at once */
	fake_probe_end(port, PROBE_GOOD, 1000);
	ck_assert_int_eq(state_of(port), BACKEND_READY);
}
END_TEST

START_TEST(evidence_against_one_that_starts_or_leaves)
{
	int starting = make_in(BACKEND_STARTING), draining = make_in(BACKEND_DRAINING);

	health_exchange_failed(backends[starting]);
	health_exchange_failed(backends[draining]);
	ck_assert_int_eq(state_of(starting), BACKEND_STARTING);
	ck_assert_int_eq(state_of(draining), BACKEND_DRAINING);
	ck_assert(!incident_open(backend_incident(backends[starting])));
	ck_assert(!incident_open(backend_incident(backends[draining])));
	ck_assert(fake_probes[draining].in_flight);
}
END_TEST

/* --- late, but not silent -------------------------------------------------------------------------------------- */

START_TEST(busy_until_start_ms)
{
	int port = make_in(BACKEND_READY), other = make_in(BACKEND_READY);
	int64_t begun_us = clock_us();

	unread = true;
	while (state_of(port) != BACKEND_DOWN) {
		if (fake_probes[other].in_flight)
			fake_probe_end(other, PROBE_GOOD, 1000);
		probe(port, PROBE_TIMEOUT);
		if (state_of(port) != BACKEND_DOWN)
			ck_assert_int_eq(backend_reason(backends[port]), REASON_BUSY);
		ck_assert_int_eq(missed, 0);
	}
	ck_assert_int_ge(clock_us() - begun_us, START_MS * 1000LL);
	ck_assert_int_le(clock_us() - begun_us, START_MS * 1000LL + 3 * INTERVAL_US);
	ck_assert_int_eq(state_of(other), BACKEND_READY);
}
END_TEST

/* --- all fail alike -------------------------------------------------------------------------------------------- */

START_TEST(kept_out_for_five_intervals)
{
	int first = make_in(BACKEND_READY), last = make_in(BACKEND_READY);
	int64_t kept_us;

	probe(first, PROBE_BAD_STATUS);
	ck_assert_int_eq(state_of(first), BACKEND_DOWN);
	probe(last, PROBE_BAD_STATUS);
	kept_us = clock_us();
	ck_assert_int_eq(state_of(last), BACKEND_SUSPECT);
	while (clock_us() < kept_us + 4 * INTERVAL_US) {
		probe(last, PROBE_BAD_STATUS);
		ck_assert_int_eq(state_of(last), BACKEND_SUSPECT);
	}
	probe(last, PROBE_BAD_STATUS);
	ck_assert_int_ge(clock_us(), kept_us + 5 * INTERVAL_US);
	ck_assert_int_eq(state_of(last), BACKEND_READY);
	int third = make_in(BACKEND_READY); /* another one serves: the last one is judged anew, at once */
	ck_assert(fake_probes[last].in_flight);
	fake_probe_end(last, PROBE_BAD_STATUS, 1000);
	ck_assert_int_eq(state_of(last), BACKEND_DOWN);
	ck_assert_int_eq(state_of(third), BACKEND_READY);
}
END_TEST

/* The other one was lost longer ago than a probe and the pause before it: that is another fault. */
START_TEST(lost_long_ago_is_not_alike)
{
	int first = make_in(BACKEND_READY), last = make_in(BACKEND_READY);

	probe(first, PROBE_BAD_STATUS);
	probe(last, PROBE_UNABLE);
	probe(last, PROBE_UNABLE);
	probe(last, PROBE_BAD_STATUS);
	ck_assert_int_eq(state_of(last), BACKEND_DOWN);
}
END_TEST

UNIT_MAIN_WITH("health_verdict", set_up, tear_down, each_outcome_in_each_state, fall_misses_in_a_row,
               an_hour_without_descriptors, a_start_has_all_its_time,
               a_probe_that_began_before_the_evidence_clears_nothing, evidence_against_one_that_starts_or_leaves,
               busy_until_start_ms, kept_out_for_five_intervals, lost_long_ago_is_not_alike)
