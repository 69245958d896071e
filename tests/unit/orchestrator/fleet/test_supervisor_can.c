/* What an engine cannot do is not asked of it, and the services run all the same. */
#include "tests/unit/orchestrator/fleet/supervisor_bench.h"
#include "tests/unit/unit.h"

static bool spare_waits(void *arg)
{
	(void)arg;
	return supervisor_spares_waiting(supervisor) == 1;
}

static bool replaced(void *arg)
{
	(void)arg;
	return bench.engine->calls[FAKE_CREATE] == 2 && ready_now() == 1;
}

/* Nor is there anything to rename. */
START_TEST(nothing_is_made_ahead)
{
	bench.engine->can.ahead = false;
	begin();
	wait_ready(1);
	bench_run(&bench, 100);
	ck_assert_uint_eq(bench.engine->calls[FAKE_CREATE], 1);
	fake_kill(bench.engine, fake_by_name(bench.engine, "acts_0"), 137);
	ck_assert(bench_until(&bench, replaced, NULL, 3000));
	ck_assert_uint_eq(bench.engine->calls[FAKE_RENAME], 0);
}
END_TEST

/* The one that was made ahead serves under the name that it was made with. */
START_TEST(nothing_is_renamed)
{
	bench.engine->can.rename = false;
	begin();
	wait_settled();
	fake_kill(bench.engine, fake_by_name(bench.engine, "acts_0"), 137);
	bench_run(&bench, 20);
	wait_ready(1);
	ck_assert_uint_eq(bench.engine->calls[FAKE_RENAME], 0);
	ck_assert_int_eq(fake_by_name(bench.engine, "acts_0.next")->state, ENGINE_RUNNING);
}
END_TEST

START_TEST(nothing_is_paused)
{
	bench.engine->can.pause = false;
	bench.service.scale.spares = 1;
	begin();
	ck_assert(bench_until(&bench, spare_waits, NULL, 3000));
	bench_run(&bench, 100);
	ck_assert_uint_eq(bench.engine->calls[FAKE_PAUSE], 0);
}
END_TEST

START_TEST(no_network_is_late)
{
	bench.engine->can.late_network = false;
	bench.service.late_network = true;
	begin();
	wait_settled();
	ck_assert(!fake_by_name(bench.engine, "acts_0.next")->no_network);
}
END_TEST

UNIT_MAIN_WITH("supervisor_can", setup, teardown, nothing_is_made_ahead, nothing_is_renamed, nothing_is_paused,
               no_network_is_late)
