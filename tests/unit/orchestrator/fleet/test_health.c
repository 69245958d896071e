/* Verdicts: what evidence makes of a backend, and when it is asked. */
#include "common/clock.h"
#include "tests/unit/orchestrator/fleet/fleet_bench.h"
#include "orchestrator/fleet/health.h"
#include "orchestrator/fleet/fleet.h"
#include "orchestrator/fleet/place.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define MOST 3

static struct fleet_bench bench;
static struct health *health;
static struct fleet *fleet;
static struct fake_container *containers[MOST];
static struct backend *backends[MOST];
static int made;
static int asked; /* questions answered */
static bool well;
static bool suspect_seen;
static bool ready_seen;
static int64_t running_ms; /* of those that are made: found running, started so long ago; -1: just started */

static void on_changed(struct backend *backend, enum backend_state from, enum reason reason, void *arg)
{
	(void)from;
	(void)reason;
	(void)arg;
	suspect_seen |= backend_state(backend) == BACKEND_SUSPECT;
	ready_seen |= backend_state(backend) == BACKEND_READY;
}

static void setup(void)
{
	bench_open(&bench);
	health = health_new(&(struct health_settings){.base = bench.base, .config = &bench.service.health});
	fleet = fleet_new("acts", &(struct fleet_observer){.changed = on_changed});
	made = 0;
	asked = 0;
	running_ms = -1;
	suspect_seen = false;
}

static void teardown(void)
{
	health_free(health);
	for (int i = 0; i < made; i++)
		backend_unref(backends[i]);
	fleet_free(fleet);
	bench_run(&bench, 40); /* the listeners' replies */
	fake_engine_free(bench.engine);
	bench_close(&bench);
}

/* A container that answers like this, in the next slot, watched. */
static struct backend *make(enum fake_answer answer)
{
	struct address address;
	char dir[128], name[32];
	int slot = made++;

	snprintf(dir, sizeof(dir), "%s/%d", bench.dir, slot);
	snprintf(name, sizeof(name), "acts_%d", slot);
	ck_assert_int_eq(mkdir(dir, 0700), 0);
	bench.engine->answer = answer;
	containers[slot] = fake_add(bench.engine, "acts", name, slot, "", ENGINE_RUNNING, dir, 0);
	place_socket(dir, &address);
	backends[slot] = backend_new(fleet_group(fleet), slot, containers[slot]->id, &address);
	fleet_add(fleet, backends[slot]);
	if (running_ms < 0)
		health_watch(health, backends[slot]);
	else
		health_watch_running(health, backends[slot], running_ms);
	return backends[slot];
}

static struct {
	struct backend *backend;
	enum backend_state state;
} waiting;

static bool reached(void *arg)
{
	(void)arg;
	return backend_state(waiting.backend) == waiting.state;
}

static void wait_state(struct backend *backend, enum backend_state state)
{
	waiting.backend = backend;
	waiting.state = state;
	ck_assert_msg(bench_until(&bench, reached, NULL, 2000), "%s instead of %s",
	              backend_state_text(backend_state(backend)), backend_state_text(state));
}

static struct backend *make_ready(void)
{
	struct backend *backend = make(FAKE_GOOD);

	wait_state(backend, BACKEND_READY);
	return backend;
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
	struct backend *backend = make(FAKE_ILL);

	bench_run(&bench, 150);
	ck_assert_int_eq(backend_state(backend), BACKEND_STARTING);
	containers[0]->answer = FAKE_GOOD;
	wait_state(backend, BACKEND_READY);
}
END_TEST

START_TEST(start_has_an_end)
{
	int64_t begun_ms = clock_ms();
	struct backend *backend = make(FAKE_ILL);

	wait_state(backend, BACKEND_DOWN);
	ck_assert_int_eq(backend_reason(backend), REASON_START_TIMEOUT);
	ck_assert_int_ge(clock_ms() - begun_ms, 400);
}
END_TEST

static void find_running(int64_t so_long_ms, int64_t start_ms)
{
	running_ms = so_long_ms;
	bench.service.health.start_ms = start_ms;
	health_configure(health, &bench.service.health);
}

#define PATIENCE_MS (2 * (50 + 150)) /* of one that serves */

START_TEST(found_ill_is_replaced_soon)
{
	int64_t begun_ms = clock_ms();

	find_running(0, 10000);
	struct backend *backend = make(FAKE_ILL);
	wait_state(backend, BACKEND_DOWN);
	ck_assert_int_eq(backend_reason(backend), REASON_PROBE_STATUS);
	ck_assert_int_ge(clock_ms() - begun_ms, PATIENCE_MS);
}
END_TEST

START_TEST(found_ill_beside_well_is_replaced_soon)
{
	find_running(0, 10000);
	make_ready();
	wait_state(make(FAKE_ILL), BACKEND_DOWN);
}
END_TEST

START_TEST(all_found_ill_are_kept)
{
	find_running(0, 3 * PATIENCE_MS);
	struct backend *one = make(FAKE_ILL), *other = make(FAKE_ILL);
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
	find_running(1000, 1000 + 2 * PATIENCE_MS);
	struct backend *backend = make(FAKE_RESET);
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

	find_running(0, 10000);
	struct backend *backend = make(FAKE_HANG);
	wait_state(backend, BACKEND_DOWN);
	ck_assert_int_eq(backend_reason(backend), REASON_PROBE_TIMEOUT);
	ck_assert_int_ge(clock_ms() - begun_ms, PATIENCE_MS);
}
END_TEST

START_TEST(found_old_gets_what_one_that_serves_gets)
{
	int64_t begun_ms = clock_ms();

	find_running(60000, 10000);
	struct backend *backend = make(FAKE_HANG);
	wait_state(backend, BACKEND_DOWN);
	ck_assert_int_eq(backend_reason(backend), REASON_START_TIMEOUT);
	ck_assert_int_ge(clock_ms() - begun_ms, PATIENCE_MS);
	wait_state(make(FAKE_SLOW), BACKEND_READY);
}
END_TEST

START_TEST(exit_ends_the_start)
{
	struct backend *backend = make(FAKE_ILL);

	health_engine_died(backend, REASON_EXITED);
	ck_assert_int_eq(backend_state(backend), BACKEND_DOWN);
	ck_assert(incident_open(backend_incident(backend)));
	health_engine_died(backend, REASON_EXITED); /* once more is harmless */
}
END_TEST

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
	ck_assert(!suspect_seen);
}
END_TEST

START_TEST(soft_fault_then_well)
{
	struct backend *backend = make_ready();

	bench.service.health.fall = 100;
	health_configure(health, &bench.service.health);
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
	ck_assert(suspect_seen);
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
	ready_seen = false;
	wait_state(backend, BACKEND_DOWN);
	ck_assert_int_eq(backend_reason(backend), REASON_PROBE_STATUS);
	ck_assert(!ready_seen);
}
END_TEST

static void on_answer(bool is_well, void *arg)
{
	(void)arg;
	asked++;
	well = is_well;
}

static bool answered(void *arg)
{
	return asked >= *(int *)arg;
}

static void wait_answers(int n)
{
	ck_assert(bench_until(&bench, answered, &n, 2000));
	bench_run(&bench, 5);
	ck_assert_int_eq(asked, n);
}

START_TEST(asks_a_well_one)
{
	struct backend *backend = make_ready();

	health_ask(health, backend, on_answer, NULL);
	health_ask(health, backend, on_answer, NULL);
	ck_assert_int_eq(asked, 0);
	wait_answers(2);
	ck_assert(well);
	ck_assert_int_eq(backend_state(backend), BACKEND_READY);
	ck_assert(!suspect_seen);
}
END_TEST

START_TEST(asks_an_ill_one)
{
	struct backend *backend = make_ready();

	containers[0]->answer = FAKE_ILL;
	health_ask(health, backend, on_answer, NULL);
	wait_answers(1);
	ck_assert(!well);
	ck_assert_int_eq(backend_state(backend), BACKEND_DOWN);
	health_ask(health, backend, on_answer, NULL);
	wait_answers(2);
	ck_assert(!well);
}
END_TEST

START_TEST(does_not_trust_an_older_probe)
{
	struct backend *backend = make_ready();

	containers[0]->answer = FAKE_SLOW;
	health_ask(health, backend, on_answer, NULL);
	bench_run(&bench, 10);
	containers[0]->answer = FAKE_ILL; /* the slow one on its way will still be good */
	health_ask(health, backend, on_answer, NULL);
	wait_answers(2);
	ck_assert(!well);
}
END_TEST

/* Questions without a pause must not starve one another. */
START_TEST(many_questions)
{
	struct backend *backend = make_ready();

	for (int i = 0; i < 50; i++) {
		health_ask(health, backend, on_answer, NULL);
		bench_run(&bench, 1);
	}
	ck_assert_int_gt(asked, 10);
	wait_answers(50);
}
END_TEST

START_TEST(question_cancelled)
{
	struct backend *backend = make_ready();
	struct health_question *question = health_ask(health, backend, on_answer, NULL);

	health_ask_cancel(question);
	question = health_ask(health, backend, on_answer, NULL);
	health_engine_died(backend, REASON_EXITED);
	health_ask_cancel(question); /* answered, not told yet */
	bench_run(&bench, 20);
	ck_assert_int_eq(asked, 0);
}
END_TEST

/* One that leaves is asked like any other, and is down when it is ill: what it still has is lost with it. */
START_TEST(draining_and_ill)
{
	struct backend *backend = make_ready();

	backend_set_state(backend, BACKEND_DRAINING, REASON_SCALE_DOWN);
	health_ask(health, backend, on_answer, NULL);
	wait_answers(1);
	ck_assert(well);
	ck_assert_int_eq(backend_state(backend), BACKEND_DRAINING);
	bench_run(&bench, 120);
	ck_assert_int_eq(backend_state(backend), BACKEND_DRAINING);
	containers[0]->answer = FAKE_ILL;
	if (_i == 0)
		health_ask(health, backend, on_answer, NULL);
	wait_state(backend, BACKEND_DOWN);
	if (_i == 0) {
		wait_answers(2);
		ck_assert(!well);
	}
}
END_TEST

START_TEST(draining_and_hanging)
{
	struct backend *backend = make_ready();

	backend_set_state(backend, BACKEND_DRAINING, REASON_ROLL);
	containers[0]->answer = FAKE_HANG;
	health_ask(health, backend, on_answer, NULL);
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
	health_ask(health, backend, on_answer, NULL);
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

	health_ask(health, backend, on_answer, NULL);
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

START_TEST(last_one_is_kept)
{
	struct backend *first = make_ready(), *last = make_ready();
	struct backend *replacement;

	containers[0]->answer = FAKE_ILL;
	wait_state(first, BACKEND_DOWN);
	replacement = make(FAKE_ILL); /* in its place, just as ill */
	containers[1]->answer = FAKE_ILL;
	wait_state(last, BACKEND_SUSPECT);
	wait_state(last, BACKEND_READY); /* better an error than nothing */
	ck_assert_int_eq(backend_reason(last), REASON_PROBE_STATUS);
	health_ask(health, last, on_answer, NULL);
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
	make(FAKE_ILL);
	backend_set_state(last, BACKEND_DRAINING, REASON_SCALE_DOWN);
	containers[1]->answer = FAKE_ILL;
	health_ask(health, last, on_answer, NULL);
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

int main(void)
{
	Suite *suite = suite_create("health");
	TCase *tcase = tcase_create("health");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 20);
	tcase_add_test(tcase, ready_at_the_first_good_probe);
	tcase_add_test(tcase, start_is_waited_for);
	tcase_add_test(tcase, start_has_an_end);
	tcase_add_test(tcase, found_ill_is_replaced_soon);
	tcase_add_test(tcase, found_ill_beside_well_is_replaced_soon);
	tcase_add_test(tcase, all_found_ill_are_kept);
	tcase_add_test(tcase, found_young_may_still_start);
	tcase_add_test(tcase, found_hanging_is_replaced_soon);
	tcase_add_test(tcase, found_old_gets_what_one_that_serves_gets);
	tcase_add_test(tcase, exit_ends_the_start);
	tcase_add_test(tcase, hard_faults);
	tcase_add_test(tcase, soft_fault_then_well);
	tcase_add_test(tcase, soft_fault_twice);
	tcase_add_test(tcase, failed_exchange_is_doubt);
	tcase_add_test(tcase, older_probe_clears_nothing);
	tcase_add_test(tcase, asks_a_well_one);
	tcase_add_test(tcase, asks_an_ill_one);
	tcase_add_test(tcase, does_not_trust_an_older_probe);
	tcase_add_test(tcase, many_questions);
	tcase_add_test(tcase, question_cancelled);
	tcase_add_loop_test(tcase, draining_and_ill, 0, 2);
	tcase_add_test(tcase, draining_and_hanging);
	tcase_add_test(tcase, draining_and_slow_once);
	tcase_add_test(tcase, unwatched);
	tcase_add_test(tcase, last_one_is_kept);
	tcase_add_test(tcase, kept_while_it_drains);
	tcase_add_test(tcase, kept_one_gets_well);
	tcase_add_test(tcase, lone_one_is_replaced_each_time);
	tcase_add_test(tcase, keeps_the_beat);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
