/* The supervisor on a fake engine in a storm of mishaps, by seed. */
#include "tests/unit/orchestrator/fleet/supervisor_bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A storm: whatever happens to the containers, in the end the service is as it should be. */
static void mischief(unsigned *seed)
{
	struct fake_container *container = bench.engine->containers;
	unsigned nth = (unsigned)rand_r(seed) % 8;

	while (container != NULL && nth-- > 0)
		container = container->next;
	if (container == NULL)
		return;
	switch (rand_r(seed) % 7) {
	case 0:
		fake_kill(bench.engine, container, 137);
		break;
	case 1:
		fake_remove(bench.engine, container);
		break;
	case 2:
		if (container->state == ENGINE_RUNNING)
			fake_pause(bench.engine, container);
		break;
	case 3:
		container->answer = FAKE_ILL;
		break;
	case 4:
		bench.engine->fail_times[rand_r(seed) % FAKE_VERBS] = 1;
		break;
	case 5:
		if (container->state == ENGINE_PAUSED)
			fake_unpause(bench.engine, container);
		break;
	default:
		scale_to(1 + rand_r(seed) % 4);
	}
}

START_TEST(storm)
{
	static const enum engine_fault faults[FAKE_VERBS] = {
	        [FAKE_PREPARE] = ENGINE_REFUSED, [FAKE_LIST] = ENGINE_TIMEOUT,  [FAKE_CREATE] = ENGINE_TIMEOUT,
	        [FAKE_START] = ENGINE_TIMEOUT,   [FAKE_STOP] = ENGINE_TIMEOUT,  [FAKE_REMOVE] = ENGINE_REFUSED,
	        [FAKE_RENAME] = ENGINE_TIMEOUT,  [FAKE_PAUSE] = ENGINE_TIMEOUT, [FAKE_UNPAUSE] = ENGINE_TIMEOUT,
	        [FAKE_INSPECT] = ENGINE_TIMEOUT, [FAKE_LOGS] = ENGINE_TIMEOUT};
	unsigned seed = (unsigned)_i + 1;

	for (int i = 0; i < FAKE_VERBS; i++) {
		bench.engine->fail_with[i] = faults[i];
		bench.engine->hidden_failure[i] = i % 2 == 0;
		bench.engine->delay_us[i] = 500 + 700 * i;
	}
	bench.service.scale.spares = _i % 3;
	bench.service.late_network = _i % 2 == 0;
	begin();
	for (int i = 0; i < 60; i++) {
		mischief(&seed);
		bench_run(&bench, rand_r(&seed) % 30);
		ck_assert(!bench.engine->two_in_a_slot);
	}
	memset(bench.engine->fail_times, 0, sizeof(bench.engine->fail_times));
	for (struct fake_container *c = bench.engine->containers; c != NULL; c = c->next)
		c->answer = FAKE_GOOD;
	ck_assert_msg(bench_until(&bench, settled, NULL, 40000),
	              "seed %u: running %u created %u exited %u paused %u "
	              "wanted %d ready %u calls %u",
	              seed, fake_count(bench.engine, ENGINE_RUNNING), fake_count(bench.engine, ENGINE_CREATED),
	              fake_count(bench.engine, ENGINE_EXITED), fake_count(bench.engine, ENGINE_PAUSED),
	              supervisor_scaler(supervisor)->wanted, ready_now(), bench.engine->in_flight);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("supervisor_storm");
	TCase *tcase;

	tcase = tcase_of(suite, "storm", 90);
	tcase_add_loop_test(tcase, storm, 0, 18);
	return run_suite(suite);
}
