/* A request got a 5xx: is its backend itself ill? */
#include "tests/unit/orchestrator/fleet/health_bench.h"
#include "tests/unit/unit.h"

static void set_up(void)
{
	health_bench_open(NULL);
}

START_TEST(asks_a_well_one)
{
	struct backend *backend = make_ready();

	ask(backend);
	ask(backend);
	ck_assert_int_eq(answered, 0);
	wait_answers(2);
	ck_assert(well);
	ck_assert_int_eq(backend_state(backend), BACKEND_READY);
	ck_assert(!seen.suspect);
}
END_TEST

START_TEST(asks_an_ill_one)
{
	struct backend *backend = make_ready();

	containers[0]->answer = FAKE_ILL;
	ask(backend);
	wait_answers(1);
	ck_assert(!well);
	ck_assert_int_eq(backend_state(backend), BACKEND_DOWN);
	ask(backend);
	wait_answers(2);
	ck_assert(!well);
}
END_TEST

START_TEST(does_not_trust_an_older_probe)
{
	struct backend *backend = make_ready();

	containers[0]->answer = FAKE_SLOW;
	ask(backend);
	bench_run(&bench, 10);
	containers[0]->answer = FAKE_ILL; /* the slow one on its way will still be good */
	ask(backend);
	wait_answers(2);
	ck_assert(!well);
}
END_TEST

/* Questions without a pause must not starve one another. */
START_TEST(many_questions)
{
	struct backend *backend = make_ready();

	for (int i = 0; i < 50; i++) {
		ask(backend);
		bench_run(&bench, 1);
	}
	ck_assert_int_gt(answered, 10);
	wait_answers(50);
}
END_TEST

START_TEST(question_cancelled)
{
	struct backend *backend = make_ready();
	struct health_question *question = ask(backend);

	health_ask_cancel(question);
	question = ask(backend);
	health_engine_died(backend, REASON_EXITED);
	health_ask_cancel(question); /* answered, not told yet */
	bench_run(&bench, 20);
	ck_assert_int_eq(answered, 0);
}
END_TEST

static struct backend *make_draining(void)
{
	struct backend *backend = make_ready();

	backend_set_state(backend, BACKEND_DRAINING, REASON_SCALE_DOWN);
	ask(backend);
	wait_answers(1);
	ck_assert(well);
	ck_assert_int_eq(backend_state(backend), BACKEND_DRAINING);
	bench_run(&bench, 120);
	ck_assert_int_eq(backend_state(backend), BACKEND_DRAINING);
	return backend;
}

/* A backend that leaves is asked like any other, and is down when it is ill: what it still has is lost with it. */
START_TEST(draining_and_ill)
{
	struct backend *backend = make_draining();

	containers[0]->answer = FAKE_ILL;
	ask(backend);
	wait_state(backend, BACKEND_DOWN);
	wait_answers(2);
	ck_assert(!well);
}
END_TEST

START_TEST(draining_and_ill_though_nobody_asks)
{
	struct backend *backend = make_draining();

	containers[0]->answer = FAKE_ILL;
	wait_state(backend, BACKEND_DOWN);
}
END_TEST

START_TEST(draining_and_hanging)
{
	struct backend *backend = make_ready();

	backend_set_state(backend, BACKEND_DRAINING, REASON_ROLL);
	containers[0]->answer = FAKE_HANG;
	ask(backend);
	wait_answers(1);
	ck_assert(!well);
	ck_assert_int_eq(backend_state(backend), BACKEND_DRAINING);
	wait_state(backend, BACKEND_DOWN);
}
END_TEST

/* A miss is no fault yet. */
START_TEST(draining_and_slow_once)
{
	struct backend *backend = make_ready();

	backend_set_state(backend, BACKEND_DRAINING, REASON_ROLL);
	containers[0]->answer = FAKE_HANG;
	ask(backend);
	bench_run(&bench, 75); /* it was asked, and is not overdue yet */
	containers[0]->answer = FAKE_GOOD;
	wait_answers(1);
	ck_assert(!well);
	bench_run(&bench, 500);
	ck_assert_int_eq(backend_state(backend), BACKEND_DRAINING);
}
END_TEST

START_TEST(unwatched)
{
	struct backend *backend = make_ready();

	ask(backend);
	health_unwatch(backend);
	wait_answers(1);
	ck_assert(well);
	containers[0]->answer = FAKE_ILL;
	bench_run(&bench, 120);
	ck_assert_int_eq(backend_state(backend), BACKEND_READY);
	health_engine_died(backend, REASON_EXITED);
	ck_assert_int_eq(backend_state(backend), BACKEND_DOWN);
}
END_TEST

UNIT_MAIN_WITH("health_asked", set_up, health_bench_close, asks_a_well_one, asks_an_ill_one,
               does_not_trust_an_older_probe, many_questions, question_cancelled, draining_and_ill,
               draining_and_ill_though_nobody_asks, draining_and_hanging, draining_and_slow_once, unwatched)
