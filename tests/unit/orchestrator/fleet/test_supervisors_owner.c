/* Control on a fake engine: containers of our name that another orchestrator made, or whose service nobody knows. */
#include "tests/unit/orchestrator/fleet/supervisor_bench.h"

#include <string.h>
#include <sys/stat.h>

#define OTHER "0123456789abcdef0123456789abcdef"

static void add_of(const char *owner, enum engine_state state)
{
	char dir[128];

	snprintf(dir, sizeof(dir), "%s/acts_0.00000001", bench.dir);
	ck_assert_int_ne(mkdir(dir, 0700), -1);
	struct fake_container *added = fake_add(bench.engine, "acts", "acts_0", 0, bench.hash, state, dir, 0);
	snprintf(added->owner, sizeof(added->owner), "%s", owner);
}

static unsigned verbs_called(void)
{
	unsigned calls = 0;

	for (int i = 0; i < FAKE_VERBS; i++)
		calls += i != FAKE_LIST ? bench.engine->calls[i] : 0;
	return calls;
}

START_TEST(running_ones_of_another_refuse_us)
{
	add_of(OTHER, _i == 0 ? ENGINE_RUNNING : ENGINE_PAUSED);
	begin();
	bench_run(&bench, 100);
	ck_assert_msg(strstr(refused, "acts_0") != NULL && strstr(refused, "--take-over") != NULL, "%s", refused);
	ck_assert_uint_eq(verbs_called(), 0);
	ck_assert_uint_eq(bench.engine->calls[FAKE_LIST], 1);
}
END_TEST

START_TEST(our_own_and_those_without_owner_are_adopted)
{
	char id[ENGINE_ID_SIZE], now[ENGINE_ID_SIZE];

	add_of(_i == 0 ? bench.identity.owner : "", ENGINE_RUNNING);
	id_of("acts_0", id);
	begin();
	wait_settled();
	id_of("acts_0", now);
	ck_assert_str_eq(id, now);
	ck_assert_str_eq(refused, "");
}
END_TEST

/* It holds the slot's name, so the slot has to say so. */
START_TEST(what_does_not_run_is_left_alone)
{
	char id[ENGINE_ID_SIZE], now[ENGINE_ID_SIZE];

	add_of(OTHER, ENGINE_EXITED);
	id_of("acts_0", id);
	begin();
	bench_run(&bench, 200);
	id_of("acts_0", now);
	ck_assert_str_eq(id, now);
	ck_assert_str_eq(refused, "");
	ck_assert_int_eq(view_of(0).reason, REASON_NAME_TAKEN);
	ck_assert_uint_eq(bench.engine->calls[FAKE_REMOVE], 0);
}
END_TEST

static bool is_gone(void *name)
{
	return fake_by_name(bench.engine, name) == NULL;
}

START_TEST(an_unknown_service_stays_for_drain_ms)
{
	char dir[128], name[] = "gone_0";

	snprintf(dir, sizeof(dir), "%s/gone_0.00000001", bench.dir);
	ck_assert_int_ne(mkdir(dir, 0700), -1);
	fake_add(bench.engine, "gone", name, 0, "x", ENGINE_RUNNING, dir, 0);
	if (_i == 1)
		snprintf(fake_by_name(bench.engine, name)->owner, ENGINE_OWNER_SIZE, "%s", bench.identity.owner);
	begin();
	wait_ready(1);
	bench_run(&bench, 100);
	ck_assert(!is_gone(name));
	ck_assert(bench_until(&bench, is_gone, name, 3000));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("supervisors_owner");
	TCase *tcase = tcase_of(suite, "owner", 20);

	tcase_add_loop_test(tcase, running_ones_of_another_refuse_us, 0, 2);
	tcase_add_loop_test(tcase, our_own_and_those_without_owner_are_adopted, 0, 2);
	tcase_add_test(tcase, what_does_not_run_is_left_alone);
	tcase_add_loop_test(tcase, an_unknown_service_stays_for_drain_ms, 0, 2);
	return run_suite(suite);
}
