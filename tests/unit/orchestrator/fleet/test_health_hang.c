/* Busy is not ill, and a hang is noticed by traffic: what health makes of a backend that is late, or silent. */
#include "common/clock.h"
#include "orchestrator/base/timer.h"
#include "tests/unit/orchestrator/fleet/health_bench.h"
#include "tests/unit/unit.h"

#define PATIENT_MS 5000 /* what a probe may take where only haste ends it sooner */
#define QUICK_MS 250
#define BOTH_MS 750  /* the quick probe, and the second */
#define SLACK_MS 600 /* of a busy machine */

static struct timer *talk;
static struct backend *talker; /* sends bytes of replies all the time; NULL: nobody */
static struct backend *unread; /* has sent what nobody reads */
static int late, missed;       /* how often the traffic was told */

static void on_talk(void *arg)
{
	(void)arg;
	if (talker != NULL)
		pulse_hear(backend_pulse(talker), clock_us());
	timer_set(talk, 10000);
}

static bool is_unread(struct backend *backend)
{
	return backend == unread;
}

static void on_late(struct backend *backend)
{
	(void)backend;
	late++;
}

static void on_missed(struct backend *backend)
{
	ck_assert_int_ne(backend_state(backend), BACKEND_READY);
	missed++;
}

static const struct health_traffic traffic = {is_unread, on_late, on_missed};

static void set_up(void)
{
	health_bench_open(&traffic);
	bench.service.health.start_ms = 20000;
	reconfigure();
	talk = timer_new(bench.base, on_talk, NULL);
	talker = unread = NULL;
	late = missed = 0;
	timer_set(talk, 1);
}

static void tear_down(void)
{
	timer_free(talk);
	health_bench_close();
}

static void configure(int64_t interval_ms, int64_t timeout_ms)
{
	bench.service.health.interval_ms = interval_ms;
	bench.service.health.timeout_ms = timeout_ms;
	reconfigure();
}

/* --- busy ------------------------------------------------------------------------------------------------------ */

/* Probes every 50 ms, 150 ms each, and fall is 2: a silent one would be DOWN after 400. */
START_TEST(a_busy_one_leaves_the_rotation_and_is_not_replaced)
{
	struct backend *busy = make_ready();

	make_ready();
	talker = busy;
	containers[0]->answer = FAKE_HANG;
	wait_state(busy, BACKEND_SUSPECT);
	ck_assert_int_eq(backend_reason(busy), REASON_BUSY);
	bench_run(&bench, 1000);
	ck_assert_int_eq(backend_state(busy), BACKEND_SUSPECT);
	ck_assert_int_eq(missed, 0);
	ck_assert_int_gt(late, 2);
	containers[0]->answer = FAKE_GOOD;
	wait_state(busy, BACKEND_READY);
}
END_TEST

START_TEST(so_is_one_whose_clients_do_not_read)
{
	struct backend *busy = make_ready();

	make_ready();
	unread = busy;
	containers[0]->answer = FAKE_HANG;
	wait_state(busy, BACKEND_SUSPECT);
	ck_assert_int_eq(backend_reason(busy), REASON_BUSY);
	bench_run(&bench, 1000);
	ck_assert_int_eq(backend_state(busy), BACKEND_SUSPECT);
	unread = NULL;
	wait_state(busy, BACKEND_DOWN);
	ck_assert_int_eq(backend_reason(busy), REASON_PROBE_TIMEOUT);
}
END_TEST

START_TEST(the_last_one_stays_though_it_is_busy)
{
	struct backend *busy = make_ready();

	talker = busy;
	containers[0]->answer = FAKE_HANG;
	bench_run(&bench, 1000);
	ck_assert_int_eq(backend_state(busy), BACKEND_READY);
	ck_assert(!seen.left);
}
END_TEST

START_TEST(a_busy_one_comes_back_when_it_is_the_last)
{
	struct backend *busy = make_ready(), *other = make_ready();

	talker = busy;
	containers[0]->answer = FAKE_HANG;
	wait_state(busy, BACKEND_SUSPECT);
	fake_kill(bench.engine, containers[1], 1);
	wait_state(other, BACKEND_DOWN);
	wait_state(busy, BACKEND_READY);
}
END_TEST

/* Silent for one probe, then it sends again: it is no longer doubted, and nobody else is there. */
START_TEST(so_does_one_that_was_silent_before)
{
	struct backend *busy = make_ready();

	configure(50, 150);
	bench.service.health.fall = 3;
	reconfigure();
	containers[0]->answer = FAKE_HANG;
	wait_state(busy, BACKEND_SUSPECT);
	ck_assert_int_eq(backend_reason(busy), REASON_PROBE_TIMEOUT);
	talker = busy;
	wait_state(busy, BACKEND_READY);
}
END_TEST

START_TEST(busy_for_too_long_is_ill)
{
	struct backend *busy = make_ready();
	int64_t begun_ms = clock_ms();

	bench.service.health.start_ms = 700;
	reconfigure();
	talker = busy;
	containers[0]->answer = FAKE_HANG;
	wait_state(busy, BACKEND_DOWN);
	ck_assert_int_ge(clock_ms() - begun_ms, 600);
}
END_TEST

START_TEST(a_paused_one_is_not_busy)
{
	struct backend *paused = make_ready();

	unread = talker = paused;
	containers[0]->answer = FAKE_HANG;
	health_engine_doubt(paused, REASON_PAUSED);
	wait_state(paused, BACKEND_DOWN);
	ck_assert_int_eq(backend_reason(paused), REASON_PAUSED);
}
END_TEST

/* What it still sends is not cut. */
START_TEST(a_draining_one_may_be_busy)
{
	struct backend *busy = make_ready();

	talker = busy;
	containers[0]->answer = FAKE_HANG;
	backend_set_state(busy, BACKEND_DRAINING, REASON_SCALE_DOWN);
	bench_run(&bench, 1000);
	ck_assert_int_eq(backend_state(busy), BACKEND_DRAINING);
	talker = NULL;
	wait_state(busy, BACKEND_DOWN);
}
END_TEST

/* --- hangs ----------------------------------------------------------------------------------------------------- */

static void expect_within(int64_t begun_ms, int64_t least_ms)
{
	ck_assert_int_ge(clock_ms() - begun_ms, least_ms - 5);
	ck_assert_int_lt(clock_ms() - begun_ms, least_ms + SLACK_MS);
}

START_TEST(a_silent_one_is_probed_quickly_and_at_once_again)
{
	struct backend *backend = make_ready();

	configure(PATIENT_MS, PATIENT_MS);
	containers[0]->answer = FAKE_HANG;
	bench_run(&bench, 100); /* a beat of before is over */
	int64_t begun_ms = clock_ms();
	health_silent(backend);
	ck_assert_int_eq(backend_state(backend), BACKEND_READY);
	wait_state(backend, BACKEND_SUSPECT);
	expect_within(begun_ms, QUICK_MS - 100); /* one that was in flight had less left */
	ck_assert_int_eq(missed, 1);
	wait_state(backend, BACKEND_DOWN);
	expect_within(begun_ms, BOTH_MS - 100);
	ck_assert_int_eq(backend_reason(backend), REASON_PROBE_TIMEOUT);
}
END_TEST

START_TEST(so_is_one_that_is_paused)
{
	struct backend *backend = make_ready();

	configure(PATIENT_MS, PATIENT_MS);
	containers[0]->answer = FAKE_HANG;
	bench_run(&bench, 100);
	int64_t begun_ms = clock_ms();
	health_engine_doubt(backend, REASON_PAUSED);
	ck_assert_int_eq(backend_state(backend), BACKEND_SUSPECT);
	ck_assert_int_eq(missed, 1);
	wait_state(backend, BACKEND_DOWN);
	expect_within(begun_ms, BOTH_MS - 100);
}
END_TEST

/* A probe that has PATIENT_MS is under way already. */
START_TEST(the_probe_in_flight_loses_its_patience)
{
	struct backend *backend = make_ready();

	configure(20, PATIENT_MS);
	containers[0]->answer = FAKE_HANG;
	bench_run(&bench, 150);
	ck_assert_int_eq(backend_state(backend), BACKEND_READY);
	int64_t begun_ms = clock_ms();
	health_silent(backend);
	wait_state(backend, BACKEND_DOWN);
	expect_within(begun_ms, 150 + 500);
}
END_TEST

START_TEST(a_slow_endpoint_is_no_hang)
{
	struct backend *backend = make_ready();

	configure(PATIENT_MS, PATIENT_MS);
	bench_run(&bench, 300);
	int64_t before_us = backend_probe_us(backend);
	backend_note_probe(backend, -1, true);
	health_silent(backend);
	bench_run(&bench, 100);
	ck_assert_int_ge(backend_probe_us(backend), 0);
	backend_note_probe(backend, before_us, true);
	ck_assert(!seen.left);
	ck_assert_int_eq(missed, 0);
}
END_TEST

START_TEST(quick_probes_are_a_second_apart)
{
	struct backend *backend = make_ready();

	configure(PATIENT_MS, PATIENT_MS);
	bench_run(&bench, 300);
	health_silent(backend);
	bench_run(&bench, 100);
	backend_note_probe(backend, -1, true);
	health_silent(backend);
	bench_run(&bench, 100);
	ck_assert_int_eq(backend_probe_us(backend), -1);
	bench_run(&bench, 900);
	health_silent(backend);
	bench_run(&bench, 100);
	ck_assert_int_ge(backend_probe_us(backend), 0);
}
END_TEST

START_TEST(no_longer_than_an_ordinary_probe)
{
	struct backend *backend = make_ready();

	configure(PATIENT_MS, 100);
	containers[0]->answer = FAKE_HANG;
	bench_run(&bench, 200);
	int64_t begun_ms = clock_ms();
	health_silent(backend);
	wait_state(backend, BACKEND_DOWN);
	ck_assert_int_lt(clock_ms() - begun_ms, QUICK_MS + SLACK_MS / 2);
}
END_TEST

START_TEST(a_hang_that_is_over_is_forgiven)
{
	struct backend *backend = make_ready();

	bench.service.health.fall = 3;
	configure(50, PATIENT_MS);
	containers[0]->answer = FAKE_HANG;
	bench_run(&bench, 100);
	health_silent(backend);
	wait_state(backend, BACKEND_SUSPECT);
	ck_assert(backend_pulse(backend)->missed);
	bench_run(&bench, 50); /* the second probe is at the container, and is lost */
	containers[0]->answer = FAKE_GOOD;
	wait_state(backend, BACKEND_READY);
	ck_assert(!backend_pulse(backend)->missed);
}
END_TEST

UNIT_MAIN_WITH("health_hang", set_up, tear_down, a_busy_one_leaves_the_rotation_and_is_not_replaced,
               so_is_one_whose_clients_do_not_read, the_last_one_stays_though_it_is_busy,
               a_busy_one_comes_back_when_it_is_the_last, so_does_one_that_was_silent_before, busy_for_too_long_is_ill,
               a_paused_one_is_not_busy, a_draining_one_may_be_busy, a_silent_one_is_probed_quickly_and_at_once_again,
               so_is_one_that_is_paused, the_probe_in_flight_loses_its_patience, a_slow_endpoint_is_no_hang,
               quick_probes_are_a_second_apart, no_longer_than_an_ordinary_probe, a_hang_that_is_over_is_forgiven)
