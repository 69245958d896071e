/* Verdicts: what evidence makes of a backend that serves, and when it is probed. */
#include "common/clock.h"
#include "tests/unit/orchestrator/fleet/health_bench.h"
#include "tests/unit/unit.h"

static void set_up(void)
{
	health_bench_open(NULL);
}

START_TEST(hard_faults)
{
	struct backend *ill = make_ready(), *dead = make_ready();

	containers[0]->answer = FAKE_ILL;
	wait_state(ill, BACKEND_DOWN);
	ck_assert_int_eq(backend_reason(ill), REASON_PROBE_STATUS);
	bench.engine->silent = true;
	fake_kill(bench.engine, containers[1], 1);
	wait_state(dead, BACKEND_DOWN);
	ck_assert(backend_reason(dead) == REASON_PROBE_REFUSED || backend_reason(dead) == REASON_PROBE_RESET);
	ck_assert(!seen.suspect);
}
END_TEST

START_TEST(soft_fault_then_well)
{
	struct backend *backend = make_ready();

	bench.service.health.fall = 100;
	reconfigure();
	containers[0]->answer = FAKE_HANG;
	wait_state(backend, BACKEND_SUSPECT);
	ck_assert_int_eq(backend_reason(backend), REASON_PROBE_TIMEOUT);
	ck_assert(incident_open(backend_incident(backend)));
	containers[0]->answer = FAKE_GOOD;
	wait_state(backend, BACKEND_READY);
	ck_assert(!incident_open(backend_incident(backend)));
}
END_TEST

START_TEST(soft_fault_twice)
{
	struct backend *backend = make_ready();
	int64_t begun_ms = clock_ms();

	containers[0]->answer = FAKE_HANG;
	wait_state(backend, BACKEND_DOWN);
	ck_assert(seen.suspect);
	ck_assert_int_eq(backend_reason(backend), REASON_PROBE_TIMEOUT);
	ck_assert_int_lt(clock_ms() - begun_ms, 50 + 2 * 150 + 600); /* an interval, two timeouts, a busy machine */
}
END_TEST

START_TEST(failed_exchange_is_doubt)
{
	struct backend *backend = make_ready();

	health_exchange_failed(backend);
	ck_assert_int_eq(backend_state(backend), BACKEND_SUSPECT);
	ck_assert_int_eq(backend_reason(backend), REASON_EXCHANGE_FAILED);
	wait_state(backend, BACKEND_READY);
	health_exchange_failed(backend);
	fake_kill(bench.engine, containers[0], 1);
	wait_state(backend, BACKEND_DOWN);
	health_exchange_failed(backend);
}
END_TEST

/* A probe on its way may have been answered before the evidence: it does not clear it. */
START_TEST(older_probe_clears_nothing)
{
	struct backend *backend = make_ready();

	containers[0]->answer = FAKE_SLOW;
	health_exchange_failed(backend);
	bench_run(&bench, 10); /* the probe is at the container */
	health_engine_doubt(backend, REASON_OOM_KILLED);
	containers[0]->answer = FAKE_ILL;
	seen.ready = false;
	wait_state(backend, BACKEND_DOWN);
	ck_assert_int_eq(backend_reason(backend), REASON_PROBE_STATUS);
	ck_assert(!seen.ready);
}
END_TEST

/* The beat: probes of a ready one come once an interval, whatever is asked in between. */
START_TEST(keeps_the_beat)
{
	struct backend *backend = make_ready();
	int64_t begun_us = clock_us(), last = backend_probe_us(backend), gap = 0, since = begun_us;

	while (clock_us() - begun_us < 400000) {
		bench_run(&bench, 1);
		if (backend_probe_us(backend) != last) {
			if (clock_us() - since > gap)
				gap = clock_us() - since;
			since = clock_us();
			last = backend_probe_us(backend);
		}
	}
	ck_assert_int_lt(gap, 300000); /* 55 ms, on a machine that is not busy */
	ck_assert_int_gt(gap, 30000);
}
END_TEST

UNIT_MAIN_WITH("health", set_up, health_bench_close, hard_faults, soft_fault_then_well, soft_fault_twice,
               failed_exchange_is_doubt, older_probe_clears_nothing, keeps_the_beat)
