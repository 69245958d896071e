/* The supervisor on a fake engine: starting, healing, scaling, adopting, rolling, stopping. */
#include "common/clock.h"
#include "fleet_bench.h"
#include "orchestrator/fleet/control.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct fleet_bench bench;
static struct control *control;
static struct supervisor *supervisor;
static bool stopped;

static void on_changed(struct backend *backend, enum backend_state from, enum reason reason, void *arg)
{
	(void)reason;
	(void)arg;
	control_backend_changed(backend, from);
}

static void setup(void)
{
	bench_open(&bench);
	stopped = false;
	backend_observe(on_changed, NULL);
}

static void begin(void)
{
	control = control_new(bench.base, &bench.config);
	bench.engine->observer = control_observer(control);
	control_start(control, &bench.engine->engine);
	supervisor = control_at(control, 0);
	bench.engine->observer.on_up(bench.engine->observer.arg);
}

static void teardown(void)
{
	backend_observe(NULL, NULL);
	ck_assert(!bench.engine->two_in_a_slot);
	/* let calls in flight end, so that nothing of theirs is left */
	if (control != NULL)
		control_free(control);
	control = NULL;
	bench.engine->observer.on_event = NULL;
	for (int i = 0; i < 1000 && bench.engine->in_flight > 0; i++)
		bench_run(&bench, 1);
	fake_engine_free(bench.engine);
	bench_close(&bench);
}

/* --- what is waited for --- */

static unsigned ready_wanted;

static unsigned ready_now(void)
{
	return fleet_count_state(supervisor_fleet(supervisor), BACKEND_READY);
}

static bool ready_is(void *arg)
{
	(void)arg;
	return ready_now() == ready_wanted;
}

static void wait_ready(unsigned n)
{
	ready_wanted = n;
	ck_assert_msg(bench_until(&bench, ready_is, NULL, 3000), "%u of %u ready", ready_now(), n);
}

/* Nothing in flight, every live slot ready with its next one ahead, nothing leaving. */
static bool settled(void *arg)
{
	struct supervisor_slot view;
	unsigned live = 0;

	(void)arg;
	for (size_t i = 0; i < supervisor_slot_count(supervisor); i++) {
		supervisor_slot_at(supervisor, i, &view);
		if (strcmp(view.state, "empty") == 0)
			continue;
		live++;
		if (view.backend == NULL || backend_state(view.backend) != BACKEND_READY || !view.next_ready)
			return false;
	}
	return live == (unsigned)supervisor_scaler(supervisor)->wanted && bench.engine->in_flight == 0 &&
	       fake_count(bench.engine, ENGINE_RUNNING) == live && fake_count(bench.engine, ENGINE_CREATED) == live &&
	       fake_count(bench.engine, ENGINE_EXITED) == 0 && fake_count(bench.engine, ENGINE_PAUSED) == 0;
}

static void wait_settled(void)
{
	ck_assert_msg(bench_until(&bench, settled, NULL, 3000), "running %u created %u exited %u wanted %d ready %u",
	              fake_count(bench.engine, ENGINE_RUNNING), fake_count(bench.engine, ENGINE_CREATED),
	              fake_count(bench.engine, ENGINE_EXITED), supervisor_scaler(supervisor)->wanted, ready_now());
}

static struct supervisor_slot view_of(size_t index)
{
	struct supervisor_slot view;

	supervisor_slot_at(supervisor, index, &view);
	return view;
}

static void id_of(const char *name, char id[ENGINE_ID_SIZE])
{
	struct fake_container *container = fake_by_name(bench.engine, name);

	ck_assert_ptr_nonnull(container);
	snprintf(id, ENGINE_ID_SIZE, "%s", container->id);
}

static void scale_to(int wanted)
{
	struct err err;

	ck_assert(supervisor_scale(supervisor, wanted, &err));
}

/* --- start, growth, shrinking --- */

START_TEST(starts_the_minimum)
{
	begin();
	wait_settled();
	ck_assert_ptr_nonnull(fake_by_name(bench.engine, "acts_0"));
	ck_assert_ptr_nonnull(fake_by_name(bench.engine, "acts_0.next"));
	ck_assert_uint_eq(fake_count(bench.engine, ENGINE_RUNNING), 1);
}
END_TEST

START_TEST(grows_and_shrinks)
{
	begin();
	wait_settled();
	scale_to(4);
	wait_settled();
	ck_assert_uint_eq(ready_now(), 4);
	ck_assert_ptr_nonnull(fake_by_name(bench.engine, "acts_3"));
	scale_to(2);
	wait_settled();
	ck_assert_ptr_nonnull(fake_by_name(bench.engine, "acts_1"));
	ck_assert_ptr_null(fake_by_name(bench.engine, "acts_2"));
	ck_assert_str_eq(view_of(3).state, "empty");
}
END_TEST

START_TEST(requests_grow_it_early)
{
	begin();
	wait_settled();
	for (int i = 0; i < 61; i++)
		supervisor_count_request(supervisor);
	wait_settled();
	ck_assert_uint_eq(ready_now(), 4);
}
END_TEST

START_TEST(window_end_shrinks_on_time)
{
	bench.service.scale.window_s = 1;
	begin();
	wait_settled();
	for (int i = 0; i < 61; i++)
		supervisor_count_request(supervisor);
	wait_ready(4);
	supervisor_count_request(supervisor);
	wait_ready(1);
	wait_settled();
	ck_assert_ptr_nonnull(fake_by_name(bench.engine, "acts_0"));
}
END_TEST

START_TEST(drains_before_stopping)
{
	struct backend *held[2];

	begin();
	wait_settled();
	scale_to(2);
	wait_settled();
	for (int i = 0; i < 2; i++)
		held[i] = fleet_acquire(supervisor_fleet(supervisor), NULL);
	scale_to(1);
	bench_run(&bench, 150);
	ck_assert_int_eq(fake_by_name(bench.engine, "acts_1")->state, ENGINE_RUNNING);
	for (int i = 0; i < 2; i++)
		fleet_release(held[i], FLEET_SERVED);
	wait_settled();
	ck_assert_ptr_null(fake_by_name(bench.engine, "acts_1"));
}
END_TEST

START_TEST(drain_has_an_end)
{
	struct backend *held[2];

	begin();
	wait_settled();
	scale_to(2);
	wait_settled();
	for (int i = 0; i < 2; i++)
		held[i] = fleet_acquire(supervisor_fleet(supervisor), NULL);
	scale_to(1);
	wait_settled(); /* drain_ms is 300 */
	for (int i = 0; i < 2; i++)
		fleet_release(held[i], FLEET_CANCELLED);
}
END_TEST

/* Grown again while its old container drains: the slot waits for it, the service has no third container. */
START_TEST(regrows_into_a_draining_slot)
{
	struct backend *held[2];

	bench.service.scale.max = 2;
	begin();
	wait_settled();
	scale_to(2);
	wait_settled();
	for (int i = 0; i < 2; i++)
		held[i] = fleet_acquire(supervisor_fleet(supervisor), NULL);
	scale_to(1);
	bench_run(&bench, 20);
	scale_to(2);
	bench_run(&bench, 100);
	ck_assert_uint_eq(fake_count(bench.engine, ENGINE_RUNNING), 2);
	for (int i = 0; i < 2; i++)
		fleet_release(held[i], FLEET_SERVED);
	wait_settled();
	ck_assert_uint_eq(ready_now(), 2);
}
END_TEST

/* --- faults --- */

/* Once, for this reason (or the other: a probe may be refused, or cut off when it was in the queue). */
static void check_replaced_either(const char *old_id, enum reason reason, enum reason other)
{
	char id[ENGINE_ID_SIZE];
	uint64_t n;

	wait_settled();
	id_of("acts_0", id);
	ck_assert_str_ne(id, old_id);
	n = supervisor_replacements(supervisor, reason);
	if (other != reason)
		n += supervisor_replacements(supervisor, other);
	ck_assert_uint_eq(n, 1);
	ck_assert_uint_eq(supervisor_times(supervisor)->count, 1);
	ck_assert_uint_eq(view_of(0).faults, 1);
	ck_assert_str_eq(view_of(0).message, "");
}

static void check_replaced(const char *old_id, enum reason reason)
{
	check_replaced_either(old_id, reason, reason);
}

START_TEST(replaces_a_killed_one)
{
	char id[ENGINE_ID_SIZE], next[ENGINE_ID_SIZE];

	begin();
	wait_settled();
	id_of("acts_0", id);
	id_of("acts_0.next", next);
	fake_kill(bench.engine, fake_by_name(bench.engine, "acts_0"), 137);
	ck_assert_uint_eq(ready_now(), 0);
	check_replaced(id, REASON_EXITED);
	ck_assert_str_eq(backend_container_id(view_of(0).backend), next);
	ck_assert(supervisor_times(supervisor)->sum < 0.2);
}
END_TEST

START_TEST(replaces_a_removed_one)
{
	char id[ENGINE_ID_SIZE];

	begin();
	wait_settled();
	id_of("acts_0", id);
	fake_remove(bench.engine, fake_by_name(bench.engine, "acts_0"));
	check_replaced(id, REASON_EXITED);
}
END_TEST

START_TEST(replaces_an_ill_one)
{
	char id[ENGINE_ID_SIZE];

	begin();
	wait_settled();
	id_of("acts_0", id);
	fake_by_name(bench.engine, "acts_0")->answer = FAKE_ILL;
	ready_wanted = 0;
	ck_assert(bench_until(&bench, ready_is, NULL, 1000));
	check_replaced(id, REASON_PROBE_STATUS);
}
END_TEST

START_TEST(replaces_a_paused_one)
{
	char id[ENGINE_ID_SIZE];

	begin();
	wait_settled();
	id_of("acts_0", id);
	fake_pause(bench.engine, fake_by_name(bench.engine, "acts_0"));
	ck_assert_uint_eq(ready_now(), 0);
	check_replaced(id, REASON_PAUSED);
}
END_TEST

START_TEST(replaces_without_events)
{
	char id[ENGINE_ID_SIZE];

	begin();
	wait_settled();
	id_of("acts_0", id);
	bench.engine->silent = true;
	fake_kill(bench.engine, fake_by_name(bench.engine, "acts_0"), 1);
	ready_wanted = 0;
	ck_assert(bench_until(&bench, ready_is, NULL, 1000));
	check_replaced_either(id, REASON_PROBE_REFUSED, REASON_PROBE_RESET);
}
END_TEST

START_TEST(replaces_while_next_is_being_created)
{
	char id[ENGINE_ID_SIZE];

	begin();
	wait_ready(1);
	id_of("acts_0", id);
	fake_kill(bench.engine, fake_by_name(bench.engine, "acts_0"), 1);
	check_replaced(id, REASON_EXITED);
}
END_TEST

START_TEST(replaces_when_next_was_removed)
{
	char id[ENGINE_ID_SIZE];

	begin();
	wait_settled();
	id_of("acts_0", id);
	bench.engine->silent = true; /* nobody tells us that next is gone */
	fake_remove(bench.engine, fake_by_name(bench.engine, "acts_0.next"));
	bench.engine->silent = false;
	fake_kill(bench.engine, fake_by_name(bench.engine, "acts_0"), 1);
	check_replaced(id, REASON_EXITED);
}
END_TEST

START_TEST(backs_off_in_a_crash_loop)
{
	begin();
	wait_settled();
	for (int i = 0; i < 3; i++) {
		wait_ready(1);
		fake_kill(bench.engine, fake_by_name(bench.engine, "acts_0"), 1);
		if (i < 2)
			wait_settled();
	}
	bench_run(&bench, 200);
	ck_assert_str_eq(view_of(0).state, "backing-off");
	ck_assert_int_eq(view_of(0).reason, REASON_CRASH_LOOP);
	ck_assert_uint_eq(fake_count(bench.engine, ENGINE_RUNNING), 0);
	wait_settled(); /* half a second later */
	ck_assert_uint_eq(view_of(0).faults, 3);
}
END_TEST

START_TEST(never_ready_is_replaced)
{
	begin();
	wait_settled();
	bench.engine->answer = FAKE_ILL;
	fake_remove(bench.engine, fake_by_name(bench.engine, "acts_0.next"));
	wait_settled();
	fake_kill(bench.engine, fake_by_name(bench.engine, "acts_0"), 1);
	bench_run(&bench, 200);
	bench.engine->answer = FAKE_GOOD; /* of the one after that */
	wait_settled();
	ck_assert_uint_eq(supervisor_replacements(supervisor, REASON_START_TIMEOUT), 1);
}
END_TEST

/* --- what the engine refuses --- */

START_TEST(says_why_it_cannot_create)
{
	bench.engine->fail_times[FAKE_CREATE] = 1;
	bench.engine->fail_with[FAKE_CREATE] = ENGINE_NO_IMAGE;
	begin();
	bench_run(&bench, 100);
	ck_assert_str_eq(view_of(0).state, "backing-off");
	ck_assert_int_eq(view_of(0).reason, REASON_NO_IMAGE);
	ck_assert_str_eq(view_of(0).message, "as the test says");
	wait_settled();
	ck_assert_str_eq(view_of(0).message, "");
}
END_TEST

START_TEST(foreign_name_hurts_its_slot_alone)
{
	struct fake_container *foreign = fake_add(bench.engine, "", "acts_1", 9, "", ENGINE_EXITED, "", 0);

	foreign->foreign = true;
	begin();
	wait_settled();
	scale_to(3);
	wait_ready(2);
	bench_run(&bench, 50);
	ck_assert_int_eq(view_of(1).reason, REASON_NAME_TAKEN);
	ck_assert_ptr_nonnull(view_of(2).backend);
	fake_remove(bench.engine, foreign);
	wait_settled();
}
END_TEST

START_TEST(own_leftover_of_the_name_is_removed)
{
	begin();
	wait_settled();
	bench.engine->silent = true;
	fake_add(bench.engine, "acts", "acts_1", 1, "old", ENGINE_EXITED, "", 0);
	scale_to(2);
	wait_ready(2);
	bench.engine->silent = false;
	wait_settled();
	ck_assert_str_eq(fake_by_name(bench.engine, "acts_1")->spec, bench.hash);
}
END_TEST

START_TEST(foreign_port_then_free)
{
	struct fake_container *foreign;

	bench.service.reach = REACH_PUBLISHED;
	strings_add(&bench.service.publish, "127.0.0.1");
	bench.service.first_port = bench_free_port();
	bench_rehash(&bench);
	foreign = fake_add(bench.engine, "", "web", 9, "", ENGINE_RUNNING, "", (int)bench.service.first_port);
	foreign->foreign = true;
	begin();
	bench_run(&bench, 100);
	ck_assert_int_eq(view_of(0).reason, REASON_PORT_TAKEN);
	fake_remove(bench.engine, foreign);
	wait_settled();
}
END_TEST

START_TEST(bridge_address_is_asked_for)
{
	bench.service.reach = REACH_BRIDGE;
	strings_add(&bench.service.publish, "127.0.0.1");
	bench.service.first_port = bench_free_port();
	bench_rehash(&bench);
	begin();
	wait_settled();
	ck_assert_uint_ge(bench.engine->calls[FAKE_INSPECT], 1);
}
END_TEST

START_TEST(create_answered_late_and_lost)
{
	bench.engine->fail_times[FAKE_CREATE] = 1;
	bench.engine->fail_with[FAKE_CREATE] = ENGINE_TIMEOUT;
	bench.engine->hidden_failure[FAKE_CREATE] = true; /* it was created all the same */
	begin();
	wait_settled();
	ck_assert_uint_eq(fake_count(bench.engine, ENGINE_RUNNING), 1);
	ck_assert_uint_eq(fake_count(bench.engine, ENGINE_CREATED), 1);
}
END_TEST

START_TEST(start_answered_late_and_lost)
{
	bench.engine->fail_times[FAKE_START] = 1;
	bench.engine->fail_with[FAKE_START] = ENGINE_TIMEOUT;
	bench.engine->hidden_failure[FAKE_START] = true;
	begin();
	wait_settled();
}
END_TEST

START_TEST(remove_is_tried_again)
{
	begin();
	wait_settled();
	bench.engine->fail_times[FAKE_REMOVE] = 2;
	bench.engine->fail_with[FAKE_REMOVE] = ENGINE_REFUSED;
	fake_kill(bench.engine, fake_by_name(bench.engine, "acts_0"), 1);
	wait_ready(1);
	wait_settled();
}
END_TEST

/* --- the engine goes and comes --- */

START_TEST(engine_away_for_a_while)
{
	char id[ENGINE_ID_SIZE];

	begin();
	wait_settled();
	id_of("acts_0", id);
	bench.engine->down = true;
	bench.engine->observer.on_down("gone", bench.engine->observer.arg);
	bench_run(&bench, 200);
	ck_assert_uint_eq(ready_now(), 1);
	fake_kill(bench.engine, fake_by_name(bench.engine, "acts_0"), 1); /* nobody is told */
	bench_run(&bench, 200);
	ck_assert_uint_eq(ready_now(), 0);
	bench.engine->down = false;
	bench.engine->observer.on_up(bench.engine->observer.arg);
	check_replaced_either(id, REASON_PROBE_REFUSED, REASON_PROBE_RESET);
}
END_TEST

START_TEST(vanished_meanwhile)
{
	begin();
	wait_settled();
	bench.engine->down = true;
	bench.engine->observer.on_down("gone", bench.engine->observer.arg);
	fake_remove(bench.engine, fake_by_name(bench.engine, "acts_0.next"));
	bench.engine->down = false;
	bench.engine->observer.on_up(bench.engine->observer.arg);
	bench_run(&bench, 50);
	wait_settled();
	ck_assert_uint_eq(view_of(0).faults, 0);
}
END_TEST

/* --- adoption --- */

static void add_running(const char *name, int slot, const char *spec, char dir[128])
{
	snprintf(dir, 128, "%s/acts_%d.%08x", bench.dir, slot, (unsigned)bench.engine->serial);
	if (mkdir(dir, 0700) == -1)
		abort();
	fake_add(bench.engine, "acts", name, slot, spec, ENGINE_RUNNING, dir, 0);
}

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
	ck_assert_int_lt(clock_ms() - begun_ms, 200); /* 50, on a machine that is not busy */
	wait_settled();
	ck_assert_uint_eq(bench.engine->calls[FAKE_START], 0);
	ck_assert_uint_eq(bench.engine->calls[FAKE_STOP], 0);
	ck_assert_uint_eq(bench.engine->calls[FAKE_REMOVE], 0);
	ck_assert_str_eq(fake_by_name(bench.engine, "acts_2")->id, ids[2]);
	ck_assert_str_eq(fake_by_name(bench.engine, "acts_0.next")->id, ids[1]);
	ck_assert_int_eq(access(dir[0], F_OK), 0);
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

/* --- rolls --- */

static unsigned least_ready;

static bool rolled_to(void *spec)
{
	unsigned ready = ready_now();

	if (ready < least_ready)
		least_ready = ready;
	for (struct fake_container *c = bench.engine->containers; c != NULL; c = c->next)
		if (strcmp(c->spec, spec) != 0)
			return false;
	return settled(NULL);
}

static void wait_rolled(char *spec, unsigned ready)
{
	least_ready = 99;
	ck_assert(bench_until(&bench, rolled_to, spec, 3000));
	ck_assert_uint_ge(least_ready, ready);
}

START_TEST(rolls_a_new_spec)
{
	begin();
	wait_settled();
	scale_to(3);
	wait_settled();
	strings_add(&bench.service.env, "NEW=1");
	bench_rehash(&bench);
	supervisor_reload(supervisor, &bench.config, &bench.service);
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
	strings_add(&bench.service.env, "NEW=1");
	bench_rehash(&bench);
	supervisor_reload(supervisor, &bench.config, &bench.service);
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
	least_ready = 99;
	bench_run(&bench, 1);
	wait_rolled(bench.hash, 1);
	id_of("acts_0", now);
	ck_assert_str_ne(id, now);
	ck_assert_uint_eq(supervisor_replacements(supervisor, REASON_OPERATOR), 1);
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

/* --- the end --- */

static void on_stopped(void *arg)
{
	(void)arg;
	ck_assert(!stopped);
	stopped = true;
}

static bool is_stopped(void *arg)
{
	(void)arg;
	return stopped;
}

START_TEST(stop_leaves_containers)
{
	begin();
	wait_settled();
	control_stop(control, false, on_stopped, NULL);
	ck_assert(!stopped);
	ck_assert(bench_until(&bench, is_stopped, NULL, 1000));
	fake_kill(bench.engine, fake_by_name(bench.engine, "acts_0"), 1);
	bench_run(&bench, 100);
	ck_assert_uint_eq(bench.engine->calls[FAKE_REMOVE], 0);
}
END_TEST

START_TEST(stop_removes_containers)
{
	begin();
	wait_settled();
	scale_to(3);
	bench_run(&bench, 2); /* creates are in flight */
	control_stop(control, true, on_stopped, NULL);
	ck_assert(bench_until(&bench, is_stopped, NULL, 2000));
	ck_assert_ptr_null(bench.engine->containers);
}
END_TEST

START_TEST(stop_does_not_wait_for_a_dead_engine)
{
	begin();
	wait_settled();
	bench.engine->down = true;
	bench.engine->observer.on_down("gone", bench.engine->observer.arg);
	control_stop(control, true, on_stopped, NULL);
	ck_assert(bench_until(&bench, is_stopped, NULL, 1000));
}
END_TEST

START_TEST(freed_with_calls_in_flight)
{
	bench.engine->delay_us[FAKE_CREATE] = 20000;
	begin();
	bench_run(&bench, 10);
	ck_assert_uint_gt(bench.engine->in_flight, 0);
}
END_TEST

/* A storm: whatever happens to the containers, in the end the service is as it should be. */
static void mischief(unsigned *seed)
{
	struct fake_container *container = bench.engine->containers;
	unsigned nth = (unsigned)rand_r(seed) % 8;

	while (container != NULL && nth-- > 0)
		container = container->next;
	if (container == NULL)
		return;
	switch (rand_r(seed) % 6) {
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
	default:
		scale_to(1 + rand_r(seed) % 4);
	}
}

START_TEST(storm)
{
	static const enum engine_fault faults[FAKE_VERBS] = {
	        [FAKE_PREPARE] = ENGINE_REFUSED, [FAKE_LIST] = ENGINE_TIMEOUT,    [FAKE_CREATE] = ENGINE_TIMEOUT,
	        [FAKE_START] = ENGINE_TIMEOUT,   [FAKE_STOP] = ENGINE_TIMEOUT,    [FAKE_REMOVE] = ENGINE_REFUSED,
	        [FAKE_RENAME] = ENGINE_TIMEOUT,  [FAKE_INSPECT] = ENGINE_TIMEOUT, [FAKE_LOGS] = ENGINE_TIMEOUT};
	unsigned seed = (unsigned)_i + 1;

	for (int i = 0; i < FAKE_VERBS; i++) {
		bench.engine->fail_with[i] = faults[i];
		bench.engine->hidden_failure[i] = i % 2 == 0;
		bench.engine->delay_us[i] = 500 + 700 * i;
	}
	begin();
	for (int i = 0; i < 60; i++) {
		mischief(&seed);
		bench_run(&bench, rand_r(&seed) % 30);
		ck_assert(!bench.engine->two_in_a_slot);
	}
	memset(bench.engine->fail_times, 0, sizeof(bench.engine->fail_times));
	for (struct fake_container *c = bench.engine->containers; c != NULL; c = c->next)
		if (c->state != ENGINE_PAUSED)
			c->answer = FAKE_GOOD;
	ck_assert_msg(bench_until(&bench, settled, NULL, 40000),
	              "seed %u: running %u created %u exited %u paused %u "
	              "wanted %d ready %u calls %u",
	              seed, fake_count(bench.engine, ENGINE_RUNNING), fake_count(bench.engine, ENGINE_CREATED),
	              fake_count(bench.engine, ENGINE_EXITED), fake_count(bench.engine, ENGINE_PAUSED),
	              supervisor_scaler(supervisor)->wanted, ready_now(), bench.engine->in_flight);
}
END_TEST

static TCase *tcase_of(Suite *suite, const char *name, int timeout)
{
	TCase *tcase = tcase_create(name);

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, timeout);
	suite_add_tcase(suite, tcase);
	return tcase;
}

int main(void)
{
	Suite *suite = suite_create("supervisor");
	TCase *tcase = tcase_of(suite, "scale", 10);
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tcase, starts_the_minimum);
	tcase_add_test(tcase, grows_and_shrinks);
	tcase_add_test(tcase, requests_grow_it_early);
	tcase_add_test(tcase, window_end_shrinks_on_time);
	tcase_add_test(tcase, drains_before_stopping);
	tcase_add_test(tcase, drain_has_an_end);
	tcase_add_test(tcase, regrows_into_a_draining_slot);
	tcase = tcase_of(suite, "faults", 10);
	tcase_add_test(tcase, replaces_a_killed_one);
	tcase_add_test(tcase, replaces_a_removed_one);
	tcase_add_test(tcase, replaces_an_ill_one);
	tcase_add_test(tcase, replaces_a_paused_one);
	tcase_add_test(tcase, replaces_without_events);
	tcase_add_test(tcase, replaces_while_next_is_being_created);
	tcase_add_test(tcase, replaces_when_next_was_removed);
	tcase_add_test(tcase, backs_off_in_a_crash_loop);
	tcase_add_test(tcase, never_ready_is_replaced);
	tcase = tcase_of(suite, "refusals", 10);
	tcase_add_test(tcase, says_why_it_cannot_create);
	tcase_add_test(tcase, foreign_name_hurts_its_slot_alone);
	tcase_add_test(tcase, own_leftover_of_the_name_is_removed);
	tcase_add_test(tcase, foreign_port_then_free);
	tcase_add_test(tcase, bridge_address_is_asked_for);
	tcase_add_test(tcase, create_answered_late_and_lost);
	tcase_add_test(tcase, start_answered_late_and_lost);
	tcase_add_test(tcase, remove_is_tried_again);
	tcase = tcase_of(suite, "engine", 10);
	tcase_add_test(tcase, engine_away_for_a_while);
	tcase_add_test(tcase, vanished_meanwhile);
	tcase = tcase_of(suite, "adoption", 10);
	tcase_add_test(tcase, adopts_what_runs);
	tcase_add_test(tcase, removes_what_does_not_fit);
	tcase = tcase_of(suite, "rolls", 10);
	tcase_add_test(tcase, rolls_a_new_spec);
	tcase_add_test(tcase, rolls_one_service_container_without_a_pause);
	tcase_add_test(tcase, failed_roll_goes_back);
	tcase_add_test(tcase, adopts_and_rolls_an_old_spec);
	tcase_add_test(tcase, operator_replaces_without_a_pause);
	tcase_add_test(tcase, operator_rolls);
	tcase = tcase_of(suite, "end", 10);
	tcase_add_test(tcase, stop_leaves_containers);
	tcase_add_test(tcase, stop_removes_containers);
	tcase_add_test(tcase, stop_does_not_wait_for_a_dead_engine);
	tcase_add_test(tcase, freed_with_calls_in_flight);
	tcase = tcase_of(suite, "storm", 60);
	tcase_add_loop_test(tcase, storm, 0, 10);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
