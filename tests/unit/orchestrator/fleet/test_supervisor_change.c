/* The supervisor on a fake engine: what it finds at start, and rolls. */
#include "common/log.h"
#include "tests/unit/orchestrator/fleet/supervisor_bench.h"

#include <stdio.h>
#include <string.h>

static void reload_with(const char *env)
{
	strings_clear(&bench.service.env);
	if (env != NULL)
		strings_add(&bench.service.env, env);
	bench_rehash(&bench);
	supervisor_reload(supervisor, &bench.config, &bench.service);
}

START_TEST(rolls_a_new_spec)
{
	begin();
	wait_settled();
	scale_to(3);
	wait_settled();
	reload_with("NEW=1");
	wait_rolled(bench.hash, 3);
	ck_assert_ptr_null(fake_by_name(bench.engine, "acts_roll"));
	for (size_t i = 0; i < 3; i++)
		ck_assert_uint_eq(view_of(i).faults, 0);
}
END_TEST

START_TEST(rolls_one_service_container_without_a_pause)
{
	begin();
	wait_settled();
	reload_with("NEW=1");
	wait_rolled(bench.hash, 1);
}
END_TEST

START_TEST(failed_roll_goes_back)
{
	char old[ENGINE_SPEC_SIZE], id[ENGINE_ID_SIZE], now[ENGINE_ID_SIZE];

	begin();
	wait_settled();
	snprintf(old, sizeof(old), "%s", bench.hash);
	id_of("acts_0", id);
	bench.engine->answer = FAKE_ILL;
	strings_add(&bench.service.env, "BAD=1");
	supervisor_reload(supervisor, &bench.config, &bench.service);
	bench_run(&bench, 600); /* start_ms is 400 */
	bench.engine->answer = FAKE_GOOD;
	wait_rolled(old, 1);
	id_of("acts_0", now);
	ck_assert_str_eq(id, now);
}
END_TEST

static bool is_made_from(const char *name, const char *spec)
{
	const struct fake_container *container = fake_by_name(bench.engine, name);

	return container != NULL && strcmp(container->spec, spec) == 0;
}

/* A fault while the new revision is not known to work: the slot's next one is of the old. */
START_TEST(unproven_it_replaces_nobody)
{
	char old[ENGINE_SPEC_SIZE];

	begin();
	wait_settled();
	snprintf(old, sizeof(old), "%s", bench.hash);
	bench.engine->answer = FAKE_ILL;
	reload_with("BAD=1");
	bench_run(&bench, 100);
	ck_assert(is_made_from("acts_roll", bench.hash));
	ck_assert(is_made_from("acts_0.next", old));
	for (int i = 0; i < 2; i++) { /* the one created ahead, and one that is made now */
		bench.engine->answer = FAKE_GOOD;
		fake_kill(bench.engine, fake_by_name(bench.engine, "acts_0"), 137);
		bench_run(&bench, 100);
		ck_assert_uint_eq(ready_now(), 1);
		ck_assert(is_made_from("acts_0", old));
	}
	wait_rolled(old, 1); /* start_ms is 400 */
}
END_TEST

static bool first_slot_is_empty(void *arg)
{
	(void)arg;
	return fake_by_name(bench.engine, "acts_roll") != NULL && ready_now() > 0 &&
	       strcmp(view_of(0).state, "ready") != 0;
}

/* The stand-in works, the slot's own new container does not: back, with somebody serving all the time. */
START_TEST(failed_slot_goes_back)
{
	char old[ENGINE_SPEC_SIZE];

	begin();
	wait_settled();
	if (_i == 1)
		scale_to(2);
	wait_settled();
	snprintf(old, sizeof(old), "%s", bench.hash);
	bench.engine->delay_us[FAKE_CREATE] = 20000;
	reload_with("BAD=1");
	ck_assert(bench_until(&bench, first_slot_is_empty, NULL, 3000));
	bench.engine->answer = FAKE_ILL;
	bench_run(&bench, 300);
	bench.engine->answer = FAKE_GOOD;
	wait_rolled(old, 1);
	ck_assert_ptr_null(fake_by_name(bench.engine, "acts_roll"));
}
END_TEST

/* Nothing to go back to: the stand-in serves until the slot does, by itself (0) or after a reload (1). */
START_TEST(failed_slot_of_an_operators_roll)
{
	struct err err;

	begin();
	wait_settled();
	bench.engine->delay_us[FAKE_CREATE] = 20000;
	ck_assert(supervisor_roll(supervisor, &err));
	ck_assert(bench_until(&bench, first_slot_is_empty, NULL, 3000));
	bench.engine->answer = FAKE_ILL;
	for (int i = 0; i < 20; i++) {
		bench_run(&bench, 50);
		ck_assert_uint_eq(ready_now(), 1);
	}
	bench.engine->answer = FAKE_GOOD;
	if (_i == 1)
		reload_with("NEW=1");
	wait_rolled(bench.hash, 1);
	ck_assert_ptr_null(fake_by_name(bench.engine, "acts_roll"));
}
END_TEST

/* The stand-in carries the only slot: it stays for it, and then the newest is rolled. */
START_TEST(reloaded_while_a_slot_is_filled)
{
	struct err err;

	begin();
	wait_settled();
	bench.engine->delay_us[FAKE_START] = 100000;
	reload_with("NEW=1");
	ck_assert(!supervisor_roll(supervisor, &err)); /* it is due anyway, and knows what to go back to */
	ck_assert(bench_until(&bench, first_slot_is_empty, NULL, 3000));
	reload_with("NEW=2");
	wait_rolled(bench.hash, 1);
}
END_TEST

/* The engine does not answer the roll's create (0) or start (1): that says nothing of the new revision. */
START_TEST(roll_outlives_an_engine_that_is_away)
{
	static const enum fake_verb verbs[] = {FAKE_CREATE, FAKE_START};

	begin();
	wait_settled();
	bench.engine->fail_with[verbs[_i]] = ENGINE_TIMEOUT;
	bench.engine->fail_times[verbs[_i]] = 1;
	reload_with("NEW=1");
	wait_rolled(bench.hash, 1);
}
END_TEST

/* A second file while the first is being rolled: the last one that worked is gone back to (0), or is wanted again (1). */
START_TEST(reloaded_while_it_rolls)
{
	char old[ENGINE_SPEC_SIZE], id[ENGINE_ID_SIZE], now[ENGINE_ID_SIZE];

	begin();
	wait_settled();
	snprintf(old, sizeof(old), "%s", bench.hash);
	id_of("acts_0", id);
	bench.engine->answer = FAKE_ILL;
	reload_with("BAD=1");
	bench_run(&bench, 100);
	reload_with(_i == 0 ? "BAD=2" : NULL);
	bench_run(&bench, 700);
	bench.engine->answer = FAKE_GOOD;
	wait_rolled(old, 1);
	id_of("acts_0", now);
	ck_assert_str_eq(id, now); /* nobody touched it */
}
END_TEST

/* What the new revision needs is made first; where that is refused nothing is begun. */
START_TEST(roll_prepares_before_it_begins)
{
	char old[ENGINE_SPEC_SIZE];
	unsigned prepared;

	begin();
	wait_settled();
	snprintf(old, sizeof(old), "%s", bench.hash);
	prepared = bench.engine->calls[FAKE_PREPARE];
	bench.engine->fail_with[FAKE_PREPARE] = ENGINE_NO_IMAGE;
	bench.engine->fail_times[FAKE_PREPARE] = _i;
	reload_with("NEW=1");
	bench_run(&bench, 30);
	ck_assert_uint_eq(bench.engine->calls[FAKE_PREPARE], prepared + 1 + (unsigned)_i);
	wait_rolled(_i == 0 ? bench.hash : old, 1);
	fake_kill(bench.engine, fake_by_name(bench.engine, "acts_0"), 137);
	wait_settled();
	ck_assert(is_made_from("acts_0", _i == 0 ? bench.hash : old));
}
END_TEST

START_TEST(adopts_and_rolls_an_old_spec)
{
	char dir[128];

	add_running("acts_0", 0, "0000000000000000", dir);
	begin();
	wait_ready(1);
	wait_rolled(bench.hash, 1);
}
END_TEST

START_TEST(operator_replaces_without_a_pause)
{
	char id[ENGINE_ID_SIZE], now[ENGINE_ID_SIZE];
	struct err err;

	begin();
	wait_settled();
	id_of("acts_0", id);
	ck_assert(!supervisor_replace(supervisor, 2, &err));
	ck_assert(supervisor_replace(supervisor, 0, &err));
	bench_run(&bench, 1);
	wait_rolled(bench.hash, 1);
	id_of("acts_0", now);
	ck_assert_str_ne(id, now);
	ck_assert_uint_eq(supervisor_replacements(supervisor, REASON_OPERATOR), 1);
}
END_TEST

/* What it was made from is known to work all the same: a bad file is gone back from. */
START_TEST(failed_replacement_then_a_bad_file)
{
	char old[ENGINE_SPEC_SIZE];
	struct err err;

	begin();
	wait_settled();
	snprintf(old, sizeof(old), "%s", bench.hash);
	bench.engine->fail_with[FAKE_START] = ENGINE_REFUSED;
	bench.engine->fail_times[FAKE_START] = 1;
	ck_assert(supervisor_replace(supervisor, 0, &err));
	bench_run(&bench, 100);
	bench.engine->answer = FAKE_ILL;
	reload_with("BAD=1");
	bench_run(&bench, 600); /* start_ms is 400 */
	bench.engine->answer = FAKE_GOOD;
	for (int i = 0; i < 2; i++) { /* the one created ahead, and one that is made now */
		fake_kill(bench.engine, fake_by_name(bench.engine, "acts_0"), 137);
		bench_run(&bench, 100);
		ck_assert(is_made_from("acts_0", old));
	}
	wait_rolled(old, 1);
}
END_TEST

static bool has_ended(void *container_id)
{
	for (const struct fake_container *c = bench.engine->containers; c != NULL; c = c->next)
		if (strcmp(c->id, container_id) == 0)
			return c->state == ENGINE_EXITED;
	return true;
}

/* Somebody takes the slot's port while it is rolled. With other ports in the file the roll goes on. */
START_TEST(another_port_for_a_slot_that_is_stuck)
{
	struct fake_container *foreign;
	char id[ENGINE_ID_SIZE];
	struct err err;

	publish(REACH_PUBLISHED);
	begin();
	wait_settled();
	id_of("acts_0", id);
	ck_assert(supervisor_roll(supervisor, &err));
	ck_assert(bench_until(&bench, first_slot_is_empty, NULL, 3000));
	bench.engine->delay_us[FAKE_START] = 100000;
	ck_assert(bench_until(&bench, has_ended, id, 3000));
	foreign = fake_add(bench.engine, "", "web", 9, "", ENGINE_RUNNING, "", (int)bench.service.first_port);
	foreign->foreign = true;
	bench.engine->delay_us[FAKE_START] = 1000;
	bench_run(&bench, 3500); /* so long it might be our own dead one's */
	ck_assert_int_eq(view_of(0).reason, REASON_PORT_TAKEN);
	ck_assert_uint_eq(ready_now(), 1);
	bench.service.first_port = bench_free_ports(8);
	reload_with("NEW=1");
	for (int ms = 0; ms < 3000 && strcmp(view_of(0).state, "ready") != 0; ms++) {
		bench_run(&bench, 1);
		ck_assert_uint_ge(ready_now(), 1);
	}
	fake_remove(bench.engine, foreign);
	wait_rolled(bench.hash, 1);
	ck_assert_int_eq(fake_by_name(bench.engine, "acts_0")->port, (int)bench.service.first_port);
}
END_TEST

/* Ports move by less than there are slots, so that a slot's new one is another's old one; or so that the stand-in's is. */
static const struct {
	int first; /* beside what it was */
	int max;   /* before 4 */
	int live;
	int held; /* the slot that has a request, -1 = none, */
	int ms;   /* and for how long */
} moves[] = {{1, 4, 3, -1, 0},  {-1, 4, 3, -1, 0},  {-4, 4, 3, -1, 0}, {2, 4, 2, -1, 0},
             {-2, 4, 4, -1, 0}, {2, 2, 4, 3, 3500}, {0, 2, 4, 2, 300}, {0, 3, 4, 3, 300}};

START_TEST(ports_that_move)
{
	struct backend *held = NULL;
	int first;

	publish(REACH_PUBLISHED);
	bench.service.first_port += 4;
	begin();
	wait_settled();
	scale_to(moves[_i].live);
	wait_settled();
	bench.config.drain_ms = 5000;
	bench.service.scale.max = moves[_i].max;
	first = (int)(bench.service.first_port += moves[_i].first);
	if (moves[_i].held != -1)
		request_on(held = view_of((size_t)moves[_i].held).backend);
	reload_with("NEW=1");
	bench_run(&bench, moves[_i].ms); /* one that leaves has its port until its request is done */
	if (held != NULL)
		fleet_release(held, FLEET_SERVED);
	wait_rolled(bench.hash, 1);
	for (int i = 0; i < moves[_i].live && i < moves[_i].max; i++) {
		char name[20];

		snprintf(name, sizeof(name), "acts_%d", i);
		ck_assert_int_eq(fake_by_name(bench.engine, name)->port, first + i);
	}
}
END_TEST

static void count_failed_rolls(enum log_level level, const char *text, size_t len, void *arg)
{
	unsigned *count = arg;

	(void)level;
	*count += memmem(text, len, "event=roll-failed", strlen("event=roll-failed")) != NULL;
}

/* The engine will not take away the one that has the stand-in's port: the roll does not wait for that, it says so. */
START_TEST(a_port_that_is_not_given_back)
{
	unsigned failed = 0;

	publish(REACH_PUBLISHED);
	begin();
	wait_settled();
	scale_to(3);
	wait_settled();
	log_listen(count_failed_rolls, &failed);
	bench.engine->fail_with[FAKE_STOP] = bench.engine->fail_with[FAKE_REMOVE] = ENGINE_REFUSED;
	bench.engine->fail_times[FAKE_STOP] = bench.engine->fail_times[FAKE_REMOVE] = 1000;
	bench.service.scale.max = 2;
	reload_with("NEW=1");
	for (int ms = 0; ms < 3000 && failed == 0; ms++)
		bench_run(&bench, 1);
	ck_assert_uint_ge(failed, 1);
	log_listen(NULL, NULL);
	ck_assert_uint_eq(ready_now(), 2);
	bench.engine->fail_times[FAKE_STOP] = bench.engine->fail_times[FAKE_REMOVE] = 0;
	wait_settled();
}
END_TEST

START_TEST(operator_rolls)
{
	char id[ENGINE_ID_SIZE], now[ENGINE_ID_SIZE];
	struct err err;

	begin();
	wait_settled();
	scale_to(2);
	wait_settled();
	id_of("acts_1", id);
	ck_assert(supervisor_roll(supervisor, &err));
	bench_run(&bench, 5);
	wait_rolled(bench.hash, 2);
	id_of("acts_1", now);
	ck_assert_str_ne(id, now);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("supervisor_change");
	TCase *tcase;

	tcase = tcase_of(suite, "rolls", 20);
	tcase_add_test(tcase, rolls_a_new_spec);
	tcase_add_test(tcase, rolls_one_service_container_without_a_pause);
	tcase_add_test(tcase, failed_roll_goes_back);
	tcase_add_test(tcase, unproven_it_replaces_nobody);
	tcase_add_loop_test(tcase, failed_slot_goes_back, 0, 2);
	tcase_add_loop_test(tcase, failed_slot_of_an_operators_roll, 0, 2);
	tcase_add_test(tcase, reloaded_while_a_slot_is_filled);
	tcase_add_loop_test(tcase, roll_outlives_an_engine_that_is_away, 0, 2);
	tcase_add_loop_test(tcase, reloaded_while_it_rolls, 0, 2);
	tcase_add_loop_test(tcase, roll_prepares_before_it_begins, 0, 2);
	tcase_add_test(tcase, adopts_and_rolls_an_old_spec);
	tcase_add_test(tcase, operator_replaces_without_a_pause);
	tcase_add_test(tcase, failed_replacement_then_a_bad_file);
	tcase_add_test(tcase, another_port_for_a_slot_that_is_stuck);
	tcase_add_test(tcase, operator_rolls);
	tcase_add_test(tcase, a_port_that_is_not_given_back);
	tcase_add_loop_test(tcase, ports_that_move, 0, sizeof(moves) / sizeof(moves[0]));
	return run_suite(suite);
}
