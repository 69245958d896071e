/* All containers fail alike: the last one is kept. */
#include "tests/unit/orchestrator/fleet/health_bench.h"
#include "tests/unit/unit.h"

static void set_up(void)
{
	health_bench_open(NULL);
}

START_TEST(last_one_is_kept)
{
	struct backend *first = make_ready(), *last = make_ready();
	struct backend *replacement;

	containers[0]->answer = FAKE_ILL;
	wait_state(first, BACKEND_DOWN);
	replacement = make_backend(FAKE_ILL); /* in its place, just as ill */
	containers[1]->answer = FAKE_ILL;
	wait_state(last, BACKEND_SUSPECT);
	wait_state(last, BACKEND_READY); /* better an error than nothing */
	ck_assert_int_eq(backend_reason(last), REASON_PROBE_STATUS);
	ask(last);
	wait_answers(1);
	ck_assert(well); /* its reply is all there is */
	containers[2]->answer = FAKE_GOOD;
	wait_state(replacement, BACKEND_READY);
	wait_state(last, BACKEND_DOWN);
}
END_TEST

/* The last one is kept while it drains, too: its reply is all there is. */
START_TEST(kept_while_it_drains)
{
	struct backend *first = make_ready(), *last = make_ready();

	containers[0]->answer = FAKE_ILL;
	wait_state(first, BACKEND_DOWN);
	make_backend(FAKE_ILL);
	backend_set_state(last, BACKEND_DRAINING, REASON_SCALE_DOWN);
	containers[1]->answer = FAKE_ILL;
	ask(last);
	wait_answers(1);
	ck_assert(well);
	ck_assert_int_eq(backend_state(last), BACKEND_DRAINING);
	containers[2]->answer = FAKE_GOOD;
	wait_state(last, BACKEND_DOWN);
}
END_TEST

START_TEST(kept_one_gets_well)
{
	struct backend *first = make_ready(), *last = make_ready();

	containers[0]->answer = FAKE_ILL;
	wait_state(first, BACKEND_DOWN);
	containers[1]->answer = FAKE_ILL;
	wait_state(last, BACKEND_SUSPECT);
	containers[1]->answer = FAKE_GOOD;
	wait_state(last, BACKEND_READY);
	ck_assert_int_eq(backend_reason(last), REASON_PROBE_GOOD);
}
END_TEST

/* Two crashes, one after the other was replaced: the fault was the containers' own. */
START_TEST(lone_one_is_replaced_each_time)
{
	struct backend *backend = make_ready();

	containers[0]->answer = FAKE_ILL;
	wait_state(backend, BACKEND_DOWN);
	backend = make_ready();
	containers[1]->answer = FAKE_ILL;
	wait_state(backend, BACKEND_DOWN);
}
END_TEST

UNIT_MAIN_WITH("health_kept", set_up, health_bench_close, last_one_is_kept, kept_while_it_drains, kept_one_gets_well,
               lone_one_is_replaced_each_time)
