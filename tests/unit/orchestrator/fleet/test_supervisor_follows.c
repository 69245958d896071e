/* Another orchestrator leads: what there is is served and never changed; then this one leads. */
#include "orchestrator/fleet/lately.h"
#include "tests/unit/orchestrator/fleet/supervisor_bench.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static char dirs[4][128];

/* As Swarm. */
static void set_up(void)
{
	setup();
	bench.engine->can = (struct engine_can){.elects = true};
	bench.config.drain_ms = 300;
	bench.config.hold_ms = 3000;
}

static void tell(bool leads)
{
	bench.engine->observer.on_role(&(struct engine_role){.leads = leads, .leader = "two (10.0.0.2)"},
	                               bench.engine->observer.arg);
}

/* What the leader makes, under the name that it gave. */
static void add_told(const char *name, int slot, char dir[128])
{
	add_running(name, slot, bench.hash, dir);
	bench.engine->observer.on_event(
	        &(struct engine_event){.type = ENGINE_EVENT_START, .id = fake_by_name(bench.engine, name)->id},
	        bench.engine->observer.arg);
}

static unsigned changes(void)
{
	unsigned calls = 0;

	for (int i = 0; i < FAKE_VERBS; i++)
		calls += i != FAKE_LIST && i != FAKE_INSPECT && i != FAKE_LOGS ? bench.engine->calls[i] : 0;
	return calls;
}

static void begin_with_two(void)
{
	add_running("acts_0", 0, bench.hash, dirs[0]);
	add_running("acts_1", 1, bench.hash, dirs[1]);
	begin();
	wait_ready(2);
}

START_TEST(what_is_there_is_served_and_left_alone)
{
	add_running("acts_odd", 2, bench.hash, dirs[2]);
	begin_with_two();
	bench_run(&bench, 300);
	ck_assert_int_eq(supervisor_scaler(supervisor)->wanted, 2);
	ck_assert_uint_eq(changes(), 0);
}
END_TEST

START_TEST(nothing_is_made)
{
	begin();
	bench_run(&bench, 200);
	ck_assert_uint_eq(changes(), 0);
	ck_assert(supervisor_is_short(supervisor)); /* requests wait for what the leader makes */
}
END_TEST

START_TEST(orders_are_for_the_leader)
{
	struct err err;

	begin_with_two();
	tell(false);
	ck_assert(!supervisor_scale(supervisor, 3, &err));
	ck_assert_msg(strstr(err.message, "two (10.0.0.2)") != NULL, "%s", err.message);
	ck_assert(!supervisor_roll(supervisor, &err));
	ck_assert_msg(strstr(err.message, "two (10.0.0.2)") != NULL, "%s", err.message);
	ck_assert(!supervisor_replace(supervisor, 0, &err));
	ck_assert_msg(strstr(err.message, "two (10.0.0.2)") != NULL, "%s", err.message);
	bench_run(&bench, 100);
	ck_assert_uint_eq(changes(), 0);
}
END_TEST

START_TEST(what_the_leader_makes_is_served_at_once)
{
	begin_with_two();
	add_told("acts_2", 2, dirs[2]);
	wait_ready(3);
	ck_assert_uint_eq(changes(), 0);
}
END_TEST

/* Its host, that nobody leads now, has started it again: where it is now, it serves. */
START_TEST(one_that_moved_is_asked_where_it_is)
{
	struct fake_container *first;

	begin_with_two();
	first = fake_by_name(bench.engine, "acts_0");
	first->answer = FAKE_RESET; /* what is at the old address now is something else */
	wait_ready(1);
	bench.engine->observer.on_event(
	        &(struct engine_event){.type = ENGINE_EVENT_MOVED,
	                               .id = first->id,
	                               .address = &fake_by_name(bench.engine, "acts_1")->address},
	        bench.engine->observer.arg);
	wait_ready(2);
	ck_assert_uint_eq(changes(), 0);
}
END_TEST

/* The next one has another name, for this one has its own until it is gone. */
START_TEST(one_that_died_is_the_leaders_to_replace)
{
	begin_with_two();
	fake_kill(bench.engine, fake_by_name(bench.engine, "acts_0"), 137);
	wait_ready(1);
	bench_run(&bench, 100);
	ck_assert_uint_eq(changes(), 0);
	ck_assert_uint_eq(supervisor_replacements(supervisor, REASON_EXITED), 0);
	add_told("acts_0.next", 0, dirs[2]);
	wait_ready(2);
	fake_remove(bench.engine, fake_by_name(bench.engine, "acts_0"));
	bench_run(&bench, 100);
	ck_assert_uint_eq(ready_now(), 2);
	ck_assert_uint_eq(changes(), 0);
}
END_TEST

/* It may be the way there that fails, from here alone. */
START_TEST(one_that_does_not_answer_is_taken_up_again)
{
	begin_with_two();
	fake_by_name(bench.engine, "acts_0")->answer = FAKE_ILL;
	wait_ready(1);
	bench_run(&bench, 1500);
	ck_assert_uint_eq(ready_now(), 1);
	ck_assert_uint_eq(changes(), 0);
	fake_by_name(bench.engine, "acts_0")->answer = FAKE_GOOD;
	wait_ready(2);
	ck_assert_uint_eq(changes(), 0);
}
END_TEST

/* No quorum, no list: of who leads and who follows alike. */
START_TEST(without_an_engine_what_answers_again_serves)
{
	begin_with_two();
	tell(_i == 1);
	bench_run(&bench, 100);
	bench.engine->down = true;
	bench.engine->observer.on_down("The swarm does not have a leader", bench.engine->observer.arg);
	fake_by_name(bench.engine, "acts_0")->answer = FAKE_ILL;
	wait_ready(1);
	bench_run(&bench, 300);
	fake_by_name(bench.engine, "acts_0")->answer = FAKE_GOOD;
	wait_ready(2);
}
END_TEST

START_TEST(one_that_is_evicted_is_drained_and_let_go)
{
	struct backend *held;

	begin_with_two();
	held = view_of(1).backend;
	request_on(held);
	fake_evict(bench.engine, fake_by_name(bench.engine, "acts_1"));
	wait_ready(1);
	ck_assert_int_eq(backend_state(held), BACKEND_DRAINING);
	ck_assert_uint_eq(supervisor_container_count(supervisor), 2);
	fleet_release(held, FLEET_SERVED);
	bench_run(&bench, 50);
	ck_assert_uint_eq(supervisor_container_count(supervisor), 1);
	ck_assert_uint_eq(changes(), 0);
}
END_TEST

/* Its host is not known just now, as where the engine itself was away. */
START_TEST(one_without_an_address_is_asked_for_again)
{
	struct fake_container *nowhere;
	struct address address;

	bench.engine->unlocated = true;
	add_running("acts_0", 0, bench.hash, dirs[0]);
	add_running("acts_1", 1, bench.hash, dirs[1]);
	nowhere = fake_by_name(bench.engine, "acts_1");
	address = nowhere->address;
	nowhere->address.len = 0;
	begin();
	wait_ready(1);
	bench_run(&bench, 100);
	ck_assert_uint_eq(ready_now(), 1);
	nowhere->address = address;
	wait_ready(2);
	ck_assert_uint_eq(changes(), 0);
}
END_TEST

static struct fleet *fleet; /* of the service */

static bool end_is_known(void *serial)
{
	enum fleet_fate fate = fleet_fate(fleet, *(uint64_t *)serial);

	return fate == FLEET_FATE_KILLED || fate == FLEET_FATE_ENDED;
}

/* It hung with a request that can go elsewhere once it has ended; the leader takes it away, and it ends a moment later. */
START_TEST(the_end_of_one_that_is_let_go_is_heard)
{
	struct fake_container *hung;
	struct backend *held;
	uint64_t serial;

	begin_with_two();
	hung = fake_by_name(bench.engine, "acts_1");
	held = view_of(1).backend;
	fleet = backend_fleet(held);
	serial = backend_serial(held);
	request_on(held);
	hung->answer = FAKE_ILL;
	wait_ready(1);
	fleet_release(held, FLEET_FAILED);
	fake_evict(bench.engine, hung);
	bench_run(&bench, 50);
	ck_assert_int_eq(fleet_fate(fleet, serial), FLEET_FATE_UNKNOWN);
	fake_kill(bench.engine, hung, 137);
	ck_assert(bench_until(&bench, end_is_known, &serial, 1000));
	bench_run(&bench, 50);
	ck_assert_uint_eq(supervisor_container_count(supervisor), 1);
	ck_assert_uint_eq(changes(), 0);
}
END_TEST

/* Each time it is taken up it is another backend. */
START_TEST(the_end_of_one_that_was_taken_up_again_is_heard)
{
	struct fake_container *hung;
	struct backend *held;
	uint64_t serial;

	begin_with_two();
	hung = fake_by_name(bench.engine, "acts_1");
	held = view_of(1).backend;
	fleet = backend_fleet(held);
	serial = backend_serial(held);
	request_on(held);
	hung->answer = FAKE_ILL;
	wait_ready(1);
	fleet_release(held, FLEET_FAILED);
	hung->answer = FAKE_GOOD;
	wait_ready(2);
	ck_assert_int_eq(fleet_fate(fleet, serial), FLEET_FATE_UNKNOWN);
	fake_kill(bench.engine, hung, 137);
	ck_assert(bench_until(&bench, end_is_known, &serial, 1000));
}
END_TEST

static bool is_over;

static void on_stopped(void *arg)
{
	(void)arg;
	is_over = true;
}

static bool over(void *arg)
{
	(void)arg;
	return is_over;
}

START_TEST(its_end_removes_nothing)
{
	is_over = false;
	begin_with_two();
	supervisors_stop(supervisors, _i == 1, on_stopped, NULL);
	ck_assert(bench_until(&bench, over, NULL, 3000));
	ck_assert_uint_eq(changes(), 0);
	ck_assert_uint_eq(fake_count(bench.engine, ENGINE_RUNNING), 2);
}
END_TEST

/* --- it leads -------------------------------------------------------------------------------------------------- */

static bool all_is_well(void *name)
{
	return ready_now() == 2 && fake_by_name(bench.engine, name) == NULL &&
	       fake_count(bench.engine, ENGINE_RUNNING) == 2;
}

/* One in a slot died with nobody to replace it, one has no place. */
START_TEST(who_leads_mends_what_the_former_leader_left)
{
	static char odd[] = "acts_odd";
	char id[ENGINE_ID_SIZE];

	add_running(odd, 2, bench.hash, dirs[2]);
	bench.service.scale.min = 2;
	begin_with_two();
	id_of("acts_1", id);
	tell(false);
	fake_kill(bench.engine, fake_by_name(bench.engine, "acts_0"), 137);
	wait_ready(1);
	bench_run(&bench, 100);
	ck_assert_uint_eq(changes(), 0);
	tell(true);
	ck_assert(bench_until(&bench, all_is_well, odd, 2000));
	ck_assert_str_eq(fake_by_name(bench.engine, "acts_1")->id, id);
}
END_TEST

START_TEST(who_led_stops_acting)
{
	begin();
	tell(true);
	wait_ready(1);
	tell(false);
	fake_kill(bench.engine, fake_by_name(bench.engine, "acts_0"), 137);
	wait_ready(0);
	unsigned before = changes();
	bench_run(&bench, 300);
	ck_assert_uint_eq(changes(), before);
	tell(true);
	wait_ready(1);
}
END_TEST

/* Others may have elected another one, of which it does not hear. */
START_TEST(who_is_cut_off_leads_nobody)
{
	begin();
	tell(true);
	ck_assert(supervisors_lead(supervisors));
	bench.engine->observer.on_down("this node is not a swarm manager", bench.engine->observer.arg);
	ck_assert(!supervisors_lead(supervisors));
	bench.engine->observer.on_up(bench.engine->observer.arg);
	ck_assert(supervisors_lead(supervisors));
}
END_TEST

/* What was refused here is no trouble any more once the leader brings what serves. */
START_TEST(a_refusal_ends_with_what_the_leader_brings)
{
	bench.engine->fail_times[FAKE_PREPARE] = 1000;
	bench.engine->fail_with[FAKE_PREPARE] = ENGINE_NO_IMAGE;
	begin();
	tell(true);
	for (int i = 0; i < 1000 && lately_count(lately) == 0; i++)
		bench_run(&bench, 1);
	ck_assert(lately_at(lately, 0)->open);
	tell(false);
	add_told("acts_0", 0, dirs[0]);
	wait_ready(1);
	bench_run(&bench, 50);
	ck_assert(!lately_at(lately, 0)->open);
}
END_TEST

/* What was being made when another one took over is served once it runs. */
START_TEST(what_was_under_way_is_not_lost)
{
	bench.engine->delay_us[FAKE_START] = 100000;
	begin();
	tell(true);
	bench_run(&bench, 50);
	tell(false);
	wait_ready(1);
	ck_assert_uint_eq(bench.engine->calls[FAKE_CREATE], 1);
	ck_assert_uint_eq(bench.engine->calls[FAKE_STOP] + bench.engine->calls[FAKE_REMOVE], 0);
}
END_TEST

/* So many serve, and all are made from our file. */
static bool is_rolled(void *ready)
{
	for (struct fake_container *at = bench.engine->containers; at != NULL; at = at->next)
		if (strcmp(at->spec, bench.hash) != 0)
			return false;
	return ready_now() == *(unsigned *)ready && fake_by_name(bench.engine, "acts_roll") == NULL &&
	       !supervisor_is_rolling(supervisor);
}

START_TEST(a_roll_goes_on_in_other_hands)
{
	char id[ENGINE_ID_SIZE];
	unsigned two = 2;

	add_running("acts_0", 0, "former", dirs[0]);
	add_running("acts_1", 1, bench.hash, dirs[1]);
	add_running("acts_roll", -1, bench.hash, dirs[2]);
	id_of("acts_1", id);
	begin();
	wait_ready(3); /* the stand-in, too */
	bench_run(&bench, 100);
	ck_assert_uint_eq(changes(), 0);
	tell(true);
	ck_assert(bench_until(&bench, is_rolled, &two, 3000));
	ck_assert_str_eq(fake_by_name(bench.engine, "acts_1")->id, id);
}
END_TEST

/* Its file may be older than the former leader's: no roll before somebody says that it holds. */
START_TEST(its_own_file_rolls_nothing)
{
	struct err err;
	unsigned one = 1;

	add_running("acts_0", 0, "other", dirs[0]);
	begin();
	wait_ready(1);
	tell(false);
	tell(true);
	bench_run(&bench, 300);
	ck_assert_uint_eq(bench.engine->calls[FAKE_CREATE] + bench.engine->calls[FAKE_STOP], 0);
	ck_assert(supervisor_roll(supervisor, &err));
	ck_assert(bench_until(&bench, is_rolled, &one, 3000));
}
END_TEST

/* --- what a reload says ---------------------------------------------------------------------------------------- */

static void reload_with(const char *env)
{
	if (env != NULL)
		strings_add(&bench.service.env, env);
	supervisor_reload(supervisor, &bench.config, &bench.service);
	bench_rehash(&bench);
}

static void check_nothing_is_rolled(void)
{
	bench_run(&bench, 300);
	ck_assert_uint_eq(bench.engine->calls[FAKE_CREATE] + bench.engine->calls[FAKE_STOP], 0);
}

START_TEST(its_own_file_holds_once_it_is_reloaded)
{
	unsigned one = 1;

	add_running("acts_0", 0, "other", dirs[0]);
	begin();
	wait_ready(1);
	tell(false);
	tell(true);
	check_nothing_is_rolled();
	reload_with(NULL);
	ck_assert(bench_until(&bench, is_rolled, &one, 3000));
}
END_TEST

/* What ran was made from that file then; what the leader made later was not. */
START_TEST(a_reload_of_long_ago_says_nothing_of_now)
{
	begin_with_two();
	tell(false);
	reload_with(NULL);
	add_told("acts_2", 2, dirs[2]);
	wait_ready(3);
	snprintf(bench.hash, sizeof(bench.hash), "later");
	add_told("acts_3", 3, dirs[3]);
	wait_ready(4);
	tell(true);
	check_nothing_is_rolled();
}
END_TEST

/* The leader had the new file first. */
START_TEST(what_runs_is_what_a_reload_asks_for)
{
	strings_add(&bench.service.env, "NEW=1");
	bench_rehash(&bench);
	add_running("acts_0", 0, bench.hash, dirs[0]);
	strings_clear(&bench.service.env);
	begin();
	wait_ready(1);
	tell(false);
	reload_with("NEW=1");
	tell(true);
	check_nothing_is_rolled();
	ck_assert(!supervisor_is_rolling(supervisor));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("supervisor_follows");
	TCase *tcase = tcase_create("follows");

	tcase_add_checked_fixture(tcase, set_up, teardown);
	tcase_set_timeout(tcase, 20);
	suite_add_tcase(suite, tcase);
	tcase_add_test(tcase, what_is_there_is_served_and_left_alone);
	tcase_add_test(tcase, nothing_is_made);
	tcase_add_test(tcase, orders_are_for_the_leader);
	tcase_add_test(tcase, what_the_leader_makes_is_served_at_once);
	tcase_add_test(tcase, one_that_died_is_the_leaders_to_replace);
	tcase_add_test(tcase, one_that_does_not_answer_is_taken_up_again);
	tcase_add_test(tcase, one_that_moved_is_asked_where_it_is);
	tcase_add_loop_test(tcase, without_an_engine_what_answers_again_serves, 0, 2);
	tcase_add_test(tcase, one_that_is_evicted_is_drained_and_let_go);
	tcase_add_test(tcase, one_without_an_address_is_asked_for_again);
	tcase_add_test(tcase, the_end_of_one_that_is_let_go_is_heard);
	tcase_add_test(tcase, the_end_of_one_that_was_taken_up_again_is_heard);
	tcase_add_loop_test(tcase, its_end_removes_nothing, 0, 2);
	tcase_add_test(tcase, who_leads_mends_what_the_former_leader_left);
	tcase_add_test(tcase, who_led_stops_acting);
	tcase_add_test(tcase, who_is_cut_off_leads_nobody);
	tcase_add_test(tcase, a_refusal_ends_with_what_the_leader_brings);
	tcase_add_test(tcase, what_was_under_way_is_not_lost);
	tcase_add_test(tcase, a_roll_goes_on_in_other_hands);
	tcase_add_test(tcase, its_own_file_rolls_nothing);
	tcase_add_test(tcase, its_own_file_holds_once_it_is_reloaded);
	tcase_add_test(tcase, a_reload_of_long_ago_says_nothing_of_now);
	tcase_add_test(tcase, what_runs_is_what_a_reload_asks_for);
	return run_suite(suite);
}
