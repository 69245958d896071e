/* Control on a fake engine: services that come, stay, change places and leave with a new configuration. */
#include "common/mem.h"
#include "orchestrator/fleet/lately.h"
#include "tests/unit/orchestrator/fleet/supervisor_bench.h"

#include <string.h>

#define SERVICES_MAX 2

static struct config_service services[SERVICES_MAX];
static char other_image[] = "usercontainer";
static struct config config; /* the next one; its texts are the bench's or constant */

/* A configuration with these services, all made like the bench's. */
static const struct config *config_with(const char *first, const char *second)
{
	const char *names[SERVICES_MAX] = {first, second};

	config = bench.config;
	for (size_t i = 0; i < SERVICES_MAX; i++) {
		services[i] = bench.service;
		services[i].name = (char *)(uintptr_t)names[i];
		if (strcmp(names[i] != NULL ? names[i] : "", "acts") != 0) /* else it was renamed */
			services[i].image = other_image;
	}
	config.services = (struct option_array){.items = services, .count = second != NULL ? 2 : 1};
	return &config;
}

static unsigned containers_of(const char *service)
{
	unsigned count = 0;

	for (const struct fake_container *at = bench.engine->containers; at != NULL; at = at->next)
		count += strcmp(at->service, service) == 0;
	return count;
}

static bool is_ready(void *arg)
{
	const struct supervisor *found = supervisors_find(supervisors, arg);

	return found != NULL &&
	       fleet_count_state(supervisor_fleet((struct supervisor *)(uintptr_t)found), BACKEND_READY) > 0;
}

static bool is_gone(void *arg)
{
	return containers_of(arg) == 0 && supervisors_sweep(supervisors) == 0;
}

static char acts[] = "acts", users[] = "users", root[] = "/";

static void begin_settled(void)
{
	begin();
	wait_settled();
}

START_TEST(one_is_added)
{
	char id[ENGINE_ID_SIZE], now[ENGINE_ID_SIZE];

	begin_settled();
	id_of("acts_0", id);
	supervisors_reload(supervisors, config_with(users, acts));
	ck_assert_uint_eq(supervisors_count(supervisors), 2);
	ck_assert_ptr_eq(supervisors_at(supervisors, 1), supervisor);
	ck_assert(bench_until(&bench, is_ready, users, 3000));
	id_of("acts_0", now);
	ck_assert_str_eq(id, now);
	ck_assert_uint_eq(bench.engine->calls[FAKE_STOP], 0);
}
END_TEST

START_TEST(one_leaves)
{
	begin_settled();
	supervisors_reload(supervisors, config_with(users, NULL));
	ck_assert_ptr_null(supervisors_find(supervisors, acts));
	ck_assert_uint_eq(supervisors_sweep(supervisors), 1);
	ck_assert(bench_until(&bench, is_ready, users, 3000));
	ck_assert_msg(bench_until(&bench, is_gone, acts, 3000), "%u left", containers_of(acts));
}
END_TEST

/* Its containers are in the engine's list, and no orphans: one that has something in flight is not cut off. */
START_TEST(one_leaves_after_its_requests)
{
	struct fleet_tried none = {0};
	struct backend *backend;

	begin_settled();
	backend = fleet_acquire(supervisor_fleet(supervisor), &none);
	ck_assert_ptr_nonnull(backend);
	supervisors_reload(supervisors, config_with(users, NULL));
	ck_assert(bench_until(&bench, is_ready, users, 200));
	ck_assert_ptr_nonnull(fake_by_name(bench.engine, "acts_0"));
	ck_assert_int_eq(fake_by_name(bench.engine, "acts_0")->state, ENGINE_RUNNING);
	ck_assert_ptr_null(fleet_acquire(supervisor_fleet(supervisor), &none));
	fleet_release(backend, FLEET_SERVED);
	ck_assert(bench_until(&bench, is_gone, acts, 3000));
}
END_TEST

START_TEST(one_comes_back_while_it_leaves)
{
	struct fleet_tried none = {0};
	struct backend *backend;

	begin_settled();
	backend = fleet_acquire(supervisor_fleet(supervisor), &none);
	supervisors_reload(supervisors, config_with(users, NULL));
	bench_run(&bench, 20);
	supervisors_reload(supervisors, config_with(users, acts));
	ck_assert_ptr_eq(supervisors_find(supervisors, acts), supervisor);
	ck_assert_uint_eq(supervisors_sweep(supervisors), 0);
	bench_run(&bench, 20);
	fleet_release(backend, FLEET_SERVED);
	wait_ready(1);
}
END_TEST

START_TEST(one_comes_back_after_it_left)
{
	begin_settled();
	supervisors_reload(supervisors, config_with(users, NULL));
	ck_assert(bench_until(&bench, is_gone, acts, 3000));
	supervisors_reload(supervisors, config_with(users, acts));
	supervisor = supervisors_find(supervisors, acts);
	wait_ready(1);
}
END_TEST

static bool is_true(void *arg)
{
	return *(bool *)arg;
}

static void on_stopped(void *arg)
{
	*(bool *)arg = true;
}

START_TEST(the_end_waits_for_those_that_leave)
{
	bool stopped = false;

	begin_settled();
	supervisors_reload(supervisors, config_with(users, NULL));
	ck_assert(bench_until(&bench, is_ready, users, 3000));
	supervisors_stop(supervisors, true, on_stopped, &stopped);
	ck_assert(bench_until(&bench, is_true, &stopped, 3000));
	ck_assert_uint_eq(containers_of(acts) + containers_of(users), 0);
}
END_TEST

/* The stand-in's port lies behind the last slot's, wherever that is now. */
START_TEST(more_slots_move_the_spare_port)
{
	int port = bench_free_port();
	struct err err;

	bench.service.first_port = port;
	bench.service.reach = REACH_PUBLISHED;
	strings_add(&bench.service.publish, "127.0.0.1");
	bench_rehash(&bench);
	begin_settled();
	config_with(acts, NULL);
	services[0].scale.max = 8;
	supervisors_reload(supervisors, &config);
	ck_assert(supervisor_roll(supervisor, &err));
	for (int i = 0; i < 1000 && fake_by_name(bench.engine, "acts_roll") == NULL; i++)
		bench_run(&bench, 1);
	ck_assert_ptr_nonnull(fake_by_name(bench.engine, "acts_roll"));
	ck_assert_int_eq(fake_by_name(bench.engine, "acts_roll")->port, port + 8);
}
END_TEST

/* An engine that has to know it when it makes a container. */
START_TEST(those_made_later_have_the_new_time_to_end)
{
	begin_settled();
	config_with(acts, NULL);
	config.stop_ms = 700;
	supervisors_reload(supervisors, &config);
	scale_to(2);
	wait_settled();
	ck_assert_int_eq(fake_by_name(bench.engine, "acts_1")->stop_ms, 700);
}
END_TEST

/* --- names ----------------------------------------------------------------------------------------------------- */

static unsigned least;

static bool only_users(void *arg)
{
	unsigned ready = ready_now();

	least = ready < least ? ready : least;
	return containers_of(acts) == 0 && settled(arg);
}

/* Whatever else changed with it. */
START_TEST(one_is_renamed)
{
	static char *routes[] = {root};

	publish(REACH_PUBLISHED);
	bench.service.routes = (struct strings){routes, 1};
	begin_settled();
	config_with(users, NULL);
	services[0].image = bench.service.image;
	if (_i == 1)
		services[0].first_port = bench_free_ports(16) + 100;
	least = 99;
	supervisors_reload(supervisors, &config);
	ck_assert_ptr_eq(supervisors_find(supervisors, users), supervisor);
	ck_assert_uint_eq(supervisors_sweep(supervisors), 0);
	ck_assert(bench_until(&bench, only_users, NULL, 5000));
	ck_assert_uint_ge(least, 1);
	ck_assert_str_eq(fleet_service(supervisor_fleet(supervisor)), users);
	ck_assert_int_eq(fake_by_name(bench.engine, "users_0")->port, (int)services[0].first_port);
}
END_TEST

/* What it is to be does not get ready: it stays what it was, and says why. */
START_TEST(one_is_renamed_to_what_does_not_work)
{
	char id[ENGINE_ID_SIZE], now[ENGINE_ID_SIZE];

	begin_settled();
	id_of("acts_0", id);
	bench.engine->answer = FAKE_ILL;
	config_with(users, NULL);
	services[0].image = bench.service.image;
	supervisors_reload(supervisors, &config);
	bench_run(&bench, 1500);
	id_of("acts_0", now);
	ck_assert_str_eq(id, now);
	ck_assert_uint_eq(ready_now(), 1);
	ck_assert_str_ne(supervisor_roll_failed(supervisor), "");
	bench.engine->answer = FAKE_GOOD;
	fake_kill(bench.engine, fake_by_name(bench.engine, "acts_0"), 1); /* and a fault is mended as before */
	wait_settled();
	ck_assert_ptr_nonnull(fake_by_name(bench.engine, "acts_0"));
}
END_TEST

/* A list that is compared meanwhile takes nobody for an orphan, nor for the other one's. */
START_TEST(lists_come_while_it_is_renamed)
{
	least = 99;
	begin_settled();
	bench.engine->delay_us[FAKE_CREATE] = 20000;
	config_with(users, NULL);
	services[0].image = bench.service.image;
	supervisors_reload(supervisors, &config);
	for (int i = 0; i < 40; i++) {
		bench.engine->observer.on_up(bench.engine->observer.arg);
		bench_run(&bench, 10);
		ck_assert_uint_ge(ready_now(), 1);
	}
	ck_assert(bench_until(&bench, only_users, NULL, 5000));
	ck_assert_uint_ge(least, 1);
}
END_TEST

/* --- what goes on there ---------------------------------------------------------------------------------------- */

static bool one_goes_on(void *arg)
{
	(void)arg;
	return lately_count(lately) > 0 && lately_at(lately, 0)->open;
}

static void check_all_over(void)
{
	for (size_t i = 0; i < lately_count(lately); i++) {
		ck_assert_msg(!lately_at(lately, i)->open, "%s goes on", lately_at(lately, i)->service);
		ck_assert_int_eq(lately_at(lately, i)->took_ms, -1);
	}
}

static const enum fake_verb refusals[] = {FAKE_PREPARE, FAKE_CREATE};

/* Where there is no such service any more, nothing of it goes on for ever; nor does it by an answer that comes then. */
START_TEST(what_went_on_ends_where_it_leaves)
{
	enum fake_verb verb = refusals[_i % 2];

	bench.engine->fail_times[verb] = 1000;
	bench.engine->fail_with[verb] = ENGINE_NO_IMAGE;
	bench.engine->delay_us[verb] = _i < 2 ? 0 : 30000;
	begin();
	ck_assert(bench_until(&bench, one_goes_on, NULL, 3000));
	for (int i = 0; _i >= 2 && i < 1000 && bench.engine->in_flight == 0; i++)
		bench_run(&bench, 1);
	bench.engine->fail_times[verb] = _i < 2 ? 0 : 1;
	supervisors_reload(supervisors, config_with(users, NULL));
	check_all_over();
	bench_run(&bench, 100);
	check_all_over();
}
END_TEST

START_TEST(what_went_on_ends_where_it_is_renamed)
{
	enum fake_verb verb = refusals[_i];

	bench.engine->fail_times[verb] = 1000;
	bench.engine->fail_with[verb] = ENGINE_NO_IMAGE;
	begin();
	ck_assert(bench_until(&bench, one_goes_on, NULL, 3000));
	config_with(users, NULL);
	services[0].image = bench.service.image;
	supervisors_reload(supervisors, &config);
	check_all_over();
	bench.engine->fail_times[verb] = 0;
	ck_assert(bench_until(&bench, is_ready, users, 5000));
	for (size_t i = 0; i < lately_count(lately); i++)
		ck_assert(!lately_at(lately, i)->open);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("supervisors_reload");
	TCase *tcase = tcase_of(suite, "services", 20);

	tcase_add_test(tcase, one_is_added);
	tcase_add_test(tcase, one_leaves);
	tcase_add_test(tcase, one_leaves_after_its_requests);
	tcase_add_test(tcase, one_comes_back_while_it_leaves);
	tcase_add_test(tcase, one_comes_back_after_it_left);
	tcase_add_test(tcase, the_end_waits_for_those_that_leave);
	tcase_add_test(tcase, more_slots_move_the_spare_port);
	tcase_add_test(tcase, those_made_later_have_the_new_time_to_end);
	tcase_add_loop_test(tcase, one_is_renamed, 0, 2);
	tcase_add_test(tcase, one_is_renamed_to_what_does_not_work);
	tcase_add_test(tcase, lists_come_while_it_is_renamed);
	tcase_add_loop_test(tcase, what_went_on_ends_where_it_leaves, 0, 4);
	tcase_add_loop_test(tcase, what_went_on_ends_where_it_is_renamed, 0, 2);
	return run_suite(suite);
}
