/* The supervisor on a fake engine: containers that are there when it starts. */
#include "common/clock.h"
#include "tests/unit/orchestrator/fleet/supervisor_bench.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

START_TEST(adopts_what_runs)
{
	char dir[3][128], ids[3][ENGINE_ID_SIZE];
	int64_t begun_ms;

	add_running("acts_0", 0, bench.hash, dir[0]);
	add_running("acts_1", 1, bench.hash, dir[1]);
	add_running("acts_2.next", 2, bench.hash, dir[2]); /* we died before the rename */
	fake_add(bench.engine, "acts", "acts_0.next", 0, bench.hash, ENGINE_CREATED, "", 0);
	id_of("acts_0", ids[0]);
	id_of("acts_2.next", ids[2]);
	id_of("acts_0.next", ids[1]);
	begun_ms = clock_ms();
	begin();
	wait_ready(3);
	ck_assert_int_lt(clock_ms() - begun_ms, 1000); /* 50, on a machine that is not busy */
	wait_settled();
	ck_assert_uint_eq(bench.engine->calls[FAKE_START], 0);
	ck_assert_uint_eq(bench.engine->calls[FAKE_STOP], 0);
	ck_assert_uint_eq(bench.engine->calls[FAKE_REMOVE], 0);
	ck_assert_str_eq(fake_by_name(bench.engine, "acts_2")->id, ids[2]);
	ck_assert_str_eq(fake_by_name(bench.engine, "acts_0.next")->id, ids[1]);
	ck_assert_int_eq(access(dir[0], F_OK), 0);
}
END_TEST

/* The list still had it as running, and its event came before we listened. */
START_TEST(adopts_one_that_is_dead)
{
	char dir[128], id[ENGINE_ID_SIZE], now[ENGINE_ID_SIZE];

	bench.service.health.start_ms = 30000;
	add_running("acts_0", 0, bench.hash, dir);
	fake_by_name(bench.engine, "acts_0")->answer = FAKE_HANG;
	id_of("acts_0", id);
	begin();
	bench_run(&bench, 50);
	ck_assert_uint_eq(ready_now(), 0);
	bench.engine->silent = true;
	fake_kill(bench.engine, fake_by_name(bench.engine, "acts_0"), 0);
	bench.engine->silent = false;
	wait_ready(1);
	wait_settled();
	id_of("acts_0", now);
	ck_assert_str_ne(id, now);
}
END_TEST

/* What was created for us without a network gets it when it is started, whatever the configuration says today. */
START_TEST(adopts_one_without_a_network)
{
	char dir[2][128], id[ENGINE_ID_SIZE];

	add_running("acts_0", 0, bench.hash, dir[0]);
	snprintf(dir[1], sizeof(dir[1]), "%s/acts_0.0badcafe", bench.dir);
	ck_assert_int_eq(mkdir(dir[1], 0700), 0);
	fake_add(bench.engine, "acts", "acts_0.next", 0, bench.hash, ENGINE_CREATED, dir[1], 0)->no_network = true;
	id_of("acts_0.next", id);
	begin();
	wait_ready(1);
	wait_settled();
	fake_kill(bench.engine, fake_by_name(bench.engine, "acts_0"), 137);
	wait_settled();
	ck_assert_str_eq(fake_by_name(bench.engine, "acts_0")->id, id);
	ck_assert(!fake_by_name(bench.engine, "acts_0")->no_network);
	ck_assert(!fake_by_name(bench.engine, "acts_0.next")->no_network);
}
END_TEST

/* We died between its start and its network: it is given that, and then taken for one that serves. */
START_TEST(finishes_a_start_that_was_cut_short)
{
	char dir[128], id[ENGINE_ID_SIZE], now[ENGINE_ID_SIZE];

	add_running("acts_0", 0, bench.hash, dir);
	fake_by_name(bench.engine, "acts_0")->no_network = true;
	id_of("acts_0", id);
	begin();
	wait_ready(1);
	wait_settled();
	id_of("acts_0", now);
	ck_assert_str_eq(id, now);
	ck_assert(!fake_by_name(bench.engine, "acts_0")->no_network);
	ck_assert_uint_eq(bench.engine->calls[FAKE_REMOVE], 0);
}
END_TEST

/* Slots have it late, if so configured; a spare waits with its network. */
START_TEST(gives_the_network_late)
{
	bench.service.late_network = true;
	bench.service.scale.spares = 1;
	begin();
	wait_settled();
	ck_assert(!fake_by_name(bench.engine, "acts_0")->no_network);
	ck_assert(fake_by_name(bench.engine, "acts_0.next")->no_network);
	ck_assert(!bench.engine->late_extra);
	fake_kill(bench.engine, fake_by_name(bench.engine, "acts_0"), 137);
	wait_settled();
	ck_assert(!fake_by_name(bench.engine, "acts_0")->no_network);
	ck_assert(fake_by_name(bench.engine, "acts_0.next")->no_network);
}
END_TEST

START_TEST(removes_what_does_not_fit)
{
	char dir[2][128];
	struct fake_container *foreign;

	add_running("acts_0", 0, bench.hash, dir[0]);
	add_running("acts_0.next", 0, bench.hash, dir[1]); /* a second one in the slot */
	fake_add(bench.engine, "acts", "acts_1", 1, bench.hash, ENGINE_EXITED, "", 0);
	fake_add(bench.engine, "acts", "acts_77", 77, bench.hash, ENGINE_CREATED, "", 0);
	fake_add(bench.engine, "other", "other_0", 0, "x", ENGINE_EXITED, "", 0);
	foreign = fake_add(bench.engine, "", "web", 9, "", ENGINE_EXITED, "", 0);
	foreign->foreign = true;
	begin();
	bench_run(&bench, 50);
	wait_settled();
	ck_assert_ptr_null(fake_by_name(bench.engine, "acts_77"));
	ck_assert_ptr_null(fake_by_name(bench.engine, "other_0"));
	ck_assert_ptr_eq(fake_by_name(bench.engine, "web"), foreign);
	ck_assert_int_eq(access(dir[1], F_OK), -1);
}
END_TEST

/* Of a service that left the configuration while nobody was there: its directory goes, too. */
START_TEST(removes_orphans_whole)
{
	char dir[128];

	snprintf(dir, sizeof(dir), "%s/old_0.0123abcd", bench.dir);
	ck_assert_int_eq(mkdir(dir, 0700), 0);
	fake_add(bench.engine, "old", "old_0", 0, "another", ENGINE_RUNNING, dir, 0);
	begin();
	wait_settled();
	ck_assert_ptr_null(fake_by_name(bench.engine, "old_0"));
	ck_assert_int_eq(access(dir, F_OK), -1);
}
END_TEST

/* Slot 0 stays slot 0 when what is left of it does not run: never started (_i = 0), or ended with the machine (1). */
START_TEST(fills_the_slot_of_one_that_does_not_run)
{
	char dir[128], id[ENGINE_ID_SIZE];

	snprintf(dir, sizeof(dir), "%s/acts_0.0badcafe", bench.dir);
	ck_assert_int_eq(mkdir(dir, 0700), 0);
	fake_add(bench.engine, "acts", "acts_0", 0, bench.hash, _i == 0 ? ENGINE_CREATED : ENGINE_EXITED, dir, 0);
	id_of("acts_0", id);
	begin();
	wait_ready(1);
	wait_settled();
	ck_assert_ptr_nonnull(fake_by_name(bench.engine, "acts_0"));
	ck_assert_ptr_null(fake_by_name(bench.engine, "acts_1"));
	ck_assert_int_eq(strcmp(fake_by_name(bench.engine, "acts_0")->id, id) == 0, _i == 0);
	ck_assert_uint_eq(bench.engine->two_in_a_slot, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("supervisor_adopts");
	TCase *tcase;

	tcase = tcase_of(suite, "adoption", 20);
	tcase_add_test(tcase, adopts_what_runs);
	tcase_add_test(tcase, adopts_one_that_is_dead);
	tcase_add_test(tcase, adopts_one_without_a_network);
	tcase_add_test(tcase, finishes_a_start_that_was_cut_short);
	tcase_add_test(tcase, gives_the_network_late);
	tcase_add_test(tcase, removes_what_does_not_fit);
	tcase_add_test(tcase, removes_orphans_whole);
	tcase_add_loop_test(tcase, fills_the_slot_of_one_that_does_not_run, 0, 2);
	return run_suite(suite);
}
