/* When a backend is probed, and how patiently: hours of it, with probes that end as the test says. */
#include "common/clock.h"
#include "orchestrator/fleet/fleet.h"
#include "orchestrator/fleet/health_schedule.h"
#include "tests/unit/orchestrator/fleet/fake_probe.h"
#include "tests/unit/orchestrator/fleet/fake_timer.h"
#include "tests/unit/unit.h"

#define BEGIN_US 1000000000
#define SECOND_US 1000000

/* --- the bench ------------------------------------------------------------------------------------------------- */

static struct event_base *base;
static struct fleet *fleet;
static struct backend *backend;
static struct config_health config;
static struct schedule schedule;
static unsigned found;
static const struct fake_probe *const probe = &fake_probes[0];

static void on_finding(const struct probe_finding *finding, void *arg)
{
	(void)finding;
	ck_assert_ptr_eq(arg, &found);
	found++;
}

static void open_slot(int slot)
{
	const struct address address = fake_probe_address(0);

	backend = backend_new(fleet_group(fleet), slot, "c0ffee", &address);
	schedule_init(
	        &schedule,
	        &(struct schedule_settings){
	                .base = base, .config = &config, .backend = backend, .on_finding = on_finding, .arg = &found});
}

static void close_slot(void)
{
	schedule_clear(&schedule);
	backend_unref(backend);
}

static void set_up(void)
{
	static char path[] = "/health";

	clock_fake(BEGIN_US);
	base = event_base_new();
	fleet = fleet_new("acts", NULL);
	config = (struct config_health){.path = path, .interval_ms = 1000, .timeout_ms = 1000};
	fake_probes_reset();
	found = 0;
	open_slot(0);
}

static void tear_down(void)
{
	close_slot();
	fleet_free(fleet);
	event_base_free(base);
	clock_fake(-1);
}

static void finish(enum probe_outcome outcome, int64_t took_us)
{
	fake_probe_end(0, outcome, took_us);
}

/* The probe in flight ends like this; returns how long later the next one began. */
static int64_t pause_after(enum probe_outcome outcome)
{
	int64_t now_us = clock_us();
	unsigned before = probe->started;

	finish(outcome, 1000);
	schedule_next(&schedule);
	fake_time_pass(base, 10 * SECOND_US);
	ck_assert_uint_eq(probe->started, before + 1);
	clock_fake(probe->started_us);
	return probe->started_us - now_us;
}

static void serve(void)
{
	schedule_hurry(&schedule);
	schedule_begin_beats(&schedule);
}

/* --- a start --------------------------------------------------------------------------------------------------- */

START_TEST(pauses_of_a_start_double)
{
	static const int64_t pauses_us[] = {5000, 10000, 20000, 40000, 80000, 100000, 100000};

	schedule_hurry(&schedule);
	ck_assert_uint_eq(probe->started, 1);
	for (size_t i = 0; i < sizeof(pauses_us) / sizeof(pauses_us[0]); i++)
		ck_assert_int_eq(pause_after(PROBE_REFUSED), pauses_us[i]);
	ck_assert_uint_eq(schedule.probe_no, probe->started);
	ck_assert_uint_eq(found, probe->started - 1);
}
END_TEST

START_TEST(patience_of_a_start_grows_only_where_it_was_too_short)
{
	schedule_hurry(&schedule);
	ck_assert_int_eq(probe->timeout_ms, 100);
	pause_after(PROBE_REFUSED);
	ck_assert_int_eq(probe->timeout_ms, 100);
	ck_assert(!schedule_was_patient(&schedule));
	for (int ms = 200; ms <= 800; ms *= 2) {
		pause_after(PROBE_TIMEOUT);
		ck_assert_int_eq(probe->timeout_ms, ms);
	}
	pause_after(PROBE_TIMEOUT);
	ck_assert_int_eq(probe->timeout_ms, 1000);
	ck_assert(schedule_was_patient(&schedule));
	pause_after(PROBE_TIMEOUT);
	ck_assert_int_eq(probe->timeout_ms, 1000);
}
END_TEST

/* --- beats ----------------------------------------------------------------------------------------------------- */

START_TEST(beats_are_an_interval_apart)
{
	serve();
	pause_after(PROBE_GOOD);
	for (int i = 0; i < 3600; i++) {
		ck_assert_int_eq(pause_after(PROBE_GOOD), SECOND_US);
		ck_assert_int_eq(probe->timeout_ms, 1000);
	}
}
END_TEST

START_TEST(a_probe_in_between_does_not_shift_the_beat)
{
	int64_t beat_us;

	serve();
	pause_after(PROBE_GOOD);
	beat_us = probe->started_us;
	finish(PROBE_GOOD, 1000);
	schedule_next(&schedule);
	fake_time_pass(base, 300000);
	schedule_hurry(&schedule);
	ck_assert_int_eq(probe->started_us, beat_us + 300000);
	pause_after(PROBE_GOOD);
	ck_assert_int_eq(probe->started_us, beat_us + SECOND_US);
}
END_TEST

START_TEST(slots_are_spread_over_the_interval)
{
	int64_t beats_us[4];

	for (int slot = 0; slot < 4; slot++) {
		close_slot();
		clock_fake(BEGIN_US);
		open_slot(slot);
		serve();
		pause_after(PROBE_GOOD);
		beats_us[slot] = probe->started_us;
		for (int other = 0; other < slot; other++)
			ck_assert_int_ge(llabs(beats_us[slot] - beats_us[other]), SECOND_US / 10);
	}
}
END_TEST

/* --- wishes ---------------------------------------------------------------------------------------------------- */

START_TEST(one_probe_in_flight_at_most)
{
	serve();
	schedule_hurry(&schedule);
	schedule_hurry(&schedule);
	ck_assert_uint_eq(probe->started, 1);
	ck_assert_int_eq(pause_after(PROBE_GOOD), 0);
	ck_assert_int_gt(pause_after(PROBE_GOOD), 0);
}
END_TEST

START_TEST(what_is_wanted_comes_at_once)
{
	serve();
	schedule_want(&schedule);
	ck_assert_uint_eq(probe->started, 1);
	ck_assert_int_eq(pause_after(PROBE_GOOD), 0);
}
END_TEST

/* --- haste ----------------------------------------------------------------------------------------------------- */

START_TEST(a_quick_probe_and_a_second)
{
	config.timeout_ms = 5000;
	serve();
	pause_after(PROBE_GOOD);
	ck_assert_int_eq(probe->timeout_ms, 5000);
	finish(PROBE_GOOD, 1000);
	schedule_hurry_quickly(&schedule);
	ck_assert_int_eq(probe->timeout_ms, 250);
	schedule_follow_up(&schedule);
	ck_assert_int_eq(pause_after(PROBE_TIMEOUT), 0);
	ck_assert_int_eq(probe->timeout_ms, 500);
	schedule_follow_up(&schedule); /* there is no third */
	ck_assert_int_gt(pause_after(PROBE_TIMEOUT), 0);
	ck_assert_int_eq(probe->timeout_ms, 5000);
}
END_TEST

START_TEST(a_slow_service_is_given_four_times_what_is_usual)
{
	config.timeout_ms = 5000;
	serve();
	for (int i = 0; i < 100; i++) {
		finish(PROBE_GOOD, 200000);
		schedule_hurry(&schedule);
	}
	finish(PROBE_GOOD, 200000);
	schedule_hurry_quickly(&schedule);
	ck_assert_int_ge(probe->timeout_ms, 790);
	ck_assert_int_le(probe->timeout_ms, 800);
}
END_TEST

START_TEST(the_probe_in_flight_loses_its_patience)
{
	config.timeout_ms = 5000;
	serve();
	pause_after(PROBE_GOOD);
	fake_time_pass(base, 100000);
	schedule_hurry_quickly(&schedule);
	ck_assert_int_eq(probe->timeout_ms, 250);
	ck_assert_int_eq(schedule.asked_us, clock_us());
	ck_assert_int_eq(pause_after(PROBE_GOOD), 0); /* its finding was not the last word */
	ck_assert_int_eq(probe->timeout_ms, 250);
}
END_TEST

START_TEST(a_silent_backend_is_asked_once_a_second)
{
	serve();
	pause_after(PROBE_GOOD);
	finish(PROBE_GOOD, 1000);
	schedule_next(&schedule);
	ck_assert(schedule_ask_silent(&schedule));
	ck_assert(!schedule_ask_silent(&schedule));
	finish(PROBE_GOOD, 1000);
	clock_fake(clock_us() + SECOND_US - 1);
	ck_assert(!schedule_ask_silent(&schedule));
	clock_fake(clock_us() + 1);
	ck_assert(schedule_ask_silent(&schedule));
	clock_fake(clock_us() + SECOND_US);
	ck_assert(!schedule_ask_silent(&schedule)); /* a quick one is in flight */
}
END_TEST

UNIT_MAIN_WITH("health_schedule", set_up, tear_down, pauses_of_a_start_double,
               patience_of_a_start_grows_only_where_it_was_too_short, beats_are_an_interval_apart,
               a_probe_in_between_does_not_shift_the_beat, slots_are_spread_over_the_interval,
               one_probe_in_flight_at_most, what_is_wanted_comes_at_once, a_quick_probe_and_a_second,
               a_slow_service_is_given_four_times_what_is_usual, the_probe_in_flight_loses_its_patience,
               a_silent_backend_is_asked_once_a_second)
