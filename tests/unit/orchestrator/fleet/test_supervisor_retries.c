/* Whatever is tried again backs off: each verb of the engine fails for ever, and in ten minutes it is called a bounded number
 * of times, whatever else that leads to. */
#include "common/clock.h"
#include "common/log.h"
#include "tests/unit/orchestrator/fleet/fake_timer.h"
#include "tests/unit/orchestrator/fleet/supervisor_bench.h"

#include <stdlib.h>
#include <string.h>

#define SECOND 1000000
#define TEN_MINUTES (INT64_C(600) * SECOND)
#define CALLS_MAX 80     /* 0.5 s doubling to 30 s are 26 for each of two slots and a spare */
#define LISTS_MAX 110    /* every 30 s by itself, and once in doubt after each failure */
#define INSPECTS_MAX 160 /* at the start, and at the end */
#define EVER 1000000

static const struct {
	const char *name;
	enum fake_verb verb;
	enum engine_fault fault;
	bool before; /* from the start on; else once all is well, and then a container dies */
} rows[] = {
        {"prepare refused", FAKE_PREPARE, ENGINE_REFUSED, true},
        {"no image", FAKE_PREPARE, ENGINE_NO_IMAGE, true},
        {"prepare without answer", FAKE_PREPARE, ENGINE_TIMEOUT, true},
        {"create refused", FAKE_CREATE, ENGINE_REFUSED, true},
        {"create refused later", FAKE_CREATE, ENGINE_REFUSED, false},
        {"create without answer", FAKE_CREATE, ENGINE_TIMEOUT, true},
        {"name taken", FAKE_CREATE, ENGINE_NAME_TAKEN, false},
        {"start refused", FAKE_START, ENGINE_REFUSED, true},
        {"start refused later", FAKE_START, ENGINE_REFUSED, false},
        {"start without answer", FAKE_START, ENGINE_TIMEOUT, false},
        {"port taken", FAKE_START, ENGINE_PORT_TAKEN, false},
        {"container not found", FAKE_START, ENGINE_NOT_FOUND, false},
        {"stop refused", FAKE_STOP, ENGINE_REFUSED, false},
        {"stop without answer", FAKE_STOP, ENGINE_TIMEOUT, false},
        {"remove refused", FAKE_REMOVE, ENGINE_REFUSED, false},
        {"remove without answer", FAKE_REMOVE, ENGINE_TIMEOUT, false},
        {"rename refused", FAKE_RENAME, ENGINE_REFUSED, false},
        {"rename without answer", FAKE_RENAME, ENGINE_TIMEOUT, false},
        {"pause refused", FAKE_PAUSE, ENGINE_REFUSED, true},
        {"pause without answer", FAKE_PAUSE, ENGINE_TIMEOUT, true},
        {"unpause refused", FAKE_UNPAUSE, ENGINE_REFUSED, false},
        {"unpause without answer", FAKE_UNPAUSE, ENGINE_TIMEOUT, false},
        {"inspect refused", FAKE_INSPECT, ENGINE_REFUSED, false},
        {"inspect without answer", FAKE_INSPECT, ENGINE_TIMEOUT, false},
        {"logs refused", FAKE_LOGS, ENGINE_REFUSED, false},
        {"list refused", FAKE_LIST, ENGINE_REFUSED, true},
        {"list without answer", FAKE_LIST, ENGINE_TIMEOUT, false},
};

static void fail_ever(int row)
{
	bench.engine->fail_times[rows[row].verb] = EVER;
	bench.engine->fail_with[rows[row].verb] = rows[row].fault;
}

static void check_calls(int row, const unsigned before[FAKE_VERBS])
{
	for (int verb = 0; verb < FAKE_VERBS; verb++) {
		unsigned calls = bench.engine->calls[verb] - before[verb];

		unsigned most = verb == FAKE_LIST ? LISTS_MAX : verb == FAKE_INSPECT ? INSPECTS_MAX : CALLS_MAX;

		ck_assert_msg(calls <= most, "%s: verb %d was called %u times", rows[row].name, verb, calls);
	}
}

static void open_bench(void)
{
	clock_fake(SECOND);
	setup();
	log_set_level(getenv("VERBOSE") == NULL ? LOG_ERROR : LOG_INFO);
	bench.service.scale.min = 2;
	bench.service.scale.spares = 1;
	bench.service.health.interval_ms = 5000;
	bench.service.health.start_ms = 30000;
	publish(REACH_BRIDGE); /* so that starts need inspect */
}

START_TEST(a_verb_that_fails_for_ever)
{
	unsigned before[FAKE_VERBS];
	struct fake_container *victim;

	open_bench();
	if (rows[_i].before)
		fail_ever(_i);
	begin();
	fake_time_pass(bench.base, 5 * SECOND);
	fail_ever(_i);
	memcpy(before, bench.engine->calls, sizeof(before));
	victim = fake_by_name(bench.engine, "acts_0");
	if (victim != NULL && !rows[_i].before)
		fake_kill(bench.engine, victim, 1);
	fake_time_pass(bench.base, TEN_MINUTES);
	check_calls(_i, before);
	bench.engine->fail_times[rows[_i].verb] = 0;
	fake_time_pass(bench.base, 100 * SECOND);
	ck_assert_msg(ready_now() >= 2, "%s: %u ready", rows[_i].name, ready_now());
	teardown();
	clock_fake(-1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("supervisor_retries");
	TCase *tcase = tcase_create("retries");

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, a_verb_that_fails_for_ever, 0, sizeof(rows) / sizeof(rows[0]));
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
