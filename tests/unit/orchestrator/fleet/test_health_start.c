/* How long a container may take until its first good probe. */
#include "common/clock.h"
#include "tests/unit/orchestrator/fleet/health_bench.h"
#include "tests/unit/unit.h"

static void set_up(void)
{
	health_bench_open(NULL);
}

#define PATIENCE_MS (2 * (50 + 150)) /* of a container that serves */

static void allow_start(int64_t start_ms)
{
	bench.service.health.start_ms = start_ms;
	reconfigure();
}

START_TEST(ready_at_the_first_good_probe)
{
	struct backend *backend = make_ready();

	ck_assert_int_eq(backend_reason(backend), REASON_PROBE_GOOD);
	ck_assert_int_ge(backend_probe_us(backend), 0);
	ck_assert(!incident_open(backend_incident(backend)));
}
END_TEST

START_TEST(start_is_waited_for)
{
	struct backend *backend = make_backend(FAKE_ILL);

	bench_run(&bench, 150);
	ck_assert_int_eq(backend_state(backend), BACKEND_STARTING);
	containers[0]->answer = FAKE_GOOD;
	wait_state(backend, BACKEND_READY);
}
END_TEST

START_TEST(start_has_an_end)
{
	int64_t begun_ms = clock_ms();
	struct backend *backend = make_backend(FAKE_ILL);

	wait_state(backend, BACKEND_DOWN);
	ck_assert_int_eq(backend_reason(backend), REASON_START_TIMEOUT);
	ck_assert_int_ge(clock_ms() - begun_ms, 400);
}
END_TEST

START_TEST(found_ill_is_replaced_soon)
{
	int64_t begun_ms = clock_ms();

	allow_start(10000);
	struct backend *backend = make_running(FAKE_ILL, 0);
	wait_state(backend, BACKEND_DOWN);
	ck_assert_int_eq(backend_reason(backend), REASON_PROBE_STATUS);
	ck_assert_int_ge(clock_ms() - begun_ms, PATIENCE_MS);
}
END_TEST

START_TEST(found_ill_beside_well_is_replaced_soon)
{
	allow_start(10000);
	make_ready();
	wait_state(make_running(FAKE_ILL, 0), BACKEND_DOWN);
}
END_TEST

START_TEST(all_found_ill_are_kept)
{
	allow_start(3 * PATIENCE_MS);
	struct backend *one = make_running(FAKE_ILL, 0), *other = make_running(FAKE_ILL, 0);
	bench_run(&bench, 2 * PATIENCE_MS);
	ck_assert_int_eq(backend_state(one), BACKEND_STARTING);
	ck_assert_int_eq(backend_state(other), BACKEND_STARTING);
	containers[1]->answer = FAKE_GOOD;
	wait_state(other, BACKEND_READY);
	wait_state(one, BACKEND_DOWN);
}
END_TEST

START_TEST(found_young_may_still_start)
{
	allow_start(1000 + 2 * PATIENCE_MS);
	struct backend *backend = make_running(FAKE_RESET, 1000);
	bench_run(&bench, PATIENCE_MS + PATIENCE_MS / 2);
	ck_assert_int_eq(backend_state(backend), BACKEND_STARTING);
	wait_state(backend, BACKEND_DOWN);
	ck_assert_int_eq(backend_reason(backend), REASON_START_TIMEOUT);
}
END_TEST

/* Its time is not over, but it accepts and says nothing: it may have been well before it hung. */
START_TEST(found_hanging_is_replaced_soon)
{
	int64_t begun_ms = clock_ms();

	allow_start(10000);
	struct backend *backend = make_running(FAKE_HANG, 0);
	wait_state(backend, BACKEND_DOWN);
	ck_assert_int_eq(backend_reason(backend), REASON_PROBE_TIMEOUT);
	ck_assert_int_ge(clock_ms() - begun_ms, PATIENCE_MS);
}
END_TEST

START_TEST(found_old_gets_what_one_that_serves_gets)
{
	int64_t begun_ms = clock_ms();

	allow_start(10000);
	struct backend *backend = make_running(FAKE_HANG, 60000);
	wait_state(backend, BACKEND_DOWN);
	ck_assert_int_eq(backend_reason(backend), REASON_START_TIMEOUT);
	ck_assert_int_ge(clock_ms() - begun_ms, PATIENCE_MS);
	wait_state(make_running(FAKE_SLOW, 60000), BACKEND_READY);
}
END_TEST

START_TEST(exit_ends_the_start)
{
	struct backend *backend = make_backend(FAKE_ILL);

	health_engine_died(backend, REASON_EXITED);
	ck_assert_int_eq(backend_state(backend), BACKEND_DOWN);
	ck_assert(incident_open(backend_incident(backend)));
	health_engine_died(backend, REASON_EXITED); /* once more is harmless */
}
END_TEST

UNIT_MAIN_WITH("health_start", set_up, health_bench_close, ready_at_the_first_good_probe, start_is_waited_for,
               start_has_an_end, found_ill_is_replaced_soon, found_ill_beside_well_is_replaced_soon,
               all_found_ill_are_kept, found_young_may_still_start, found_hanging_is_replaced_soon,
               found_old_gets_what_one_that_serves_gets, exit_ends_the_start)
