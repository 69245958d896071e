/* What an engine cannot do is not asked of it, and the services run all the same. */
#include "tests/unit/orchestrator/fleet/supervisor_bench.h"
#include "tests/unit/unit.h"

#include <string.h>

static bool spare_waits(void *arg)
{
	(void)arg;
	return supervisor_spares_waiting(supervisor) == 1;
}

static bool replaced(void *arg)
{
	(void)arg;
	return bench.engine->calls[FAKE_CREATE] == 2 && ready_now() == 1;
}

/* Nor is there anything to rename. */
START_TEST(nothing_is_made_ahead)
{
	bench.engine->can.ahead = false;
	begin();
	wait_ready(1);
	bench_run(&bench, 100);
	ck_assert_uint_eq(bench.engine->calls[FAKE_CREATE], 1);
	fake_kill(bench.engine, fake_by_name(bench.engine, "acts_0"), 137);
	ck_assert(bench_until(&bench, replaced, NULL, 3000));
	ck_assert_uint_eq(bench.engine->calls[FAKE_RENAME], 0);
}
END_TEST

/* The one that was made ahead serves under the name that it was made with. */
START_TEST(nothing_is_renamed)
{
	bench.engine->can.rename = false;
	begin();
	wait_settled();
	fake_kill(bench.engine, fake_by_name(bench.engine, "acts_0"), 137);
	bench_run(&bench, 20);
	wait_ready(1);
	ck_assert_uint_eq(bench.engine->calls[FAKE_RENAME], 0);
	ck_assert_int_eq(fake_by_name(bench.engine, "acts_0.next")->state, ENGINE_RUNNING);
}
END_TEST

START_TEST(nothing_is_paused)
{
	bench.engine->can.pause = false;
	bench.service.scale.spares = 1;
	begin();
	ck_assert(bench_until(&bench, spare_waits, NULL, 3000));
	bench_run(&bench, 100);
	ck_assert_uint_eq(bench.engine->calls[FAKE_PAUSE], 0);
}
END_TEST

START_TEST(no_network_is_late)
{
	bench.engine->can.late_network = false;
	bench.service.late_network = true;
	begin();
	wait_settled();
	ck_assert(!fake_by_name(bench.engine, "acts_0.next")->no_network);
}
END_TEST

/* --- what it does by itself ------------------------------------------------------------------------------------ */

static struct backend *held;
static struct fleet *fleet;
static uint64_t serial;

/* As Swarm: nothing is made ahead or renamed. A request is on the only container. */
static struct fake_container *begin_with_request(void)
{
	bench.engine->can.ahead = bench.engine->can.rename = bench.engine->can.gone_ended = false;
	bench.config.drain_ms = 3000;
	begin();
	wait_ready(1);
	held = view_of(0).backend;
	fleet = backend_fleet(held);
	serial = backend_serial(held);
	request_on(held);
	return fake_by_name(bench.engine, "acts_0");
}

static bool next_serves(void *arg)
{
	(void)arg;
	return ready_now() == 1 && view_of(0).backend != held;
}

static bool one_is_left(void *arg)
{
	(void)arg;
	return bench.engine->containers->next == NULL && bench.engine->in_flight == 0;
}

START_TEST(evicted_it_finishes_while_the_next_one_serves)
{
	struct fake_container *evicted = begin_with_request();

	fake_evict(bench.engine, evicted);
	ck_assert(bench_until(&bench, next_serves, NULL, 3000));
	ck_assert_int_eq(backend_state(held), BACKEND_DRAINING);
	ck_assert_int_eq(fleet_fate(fleet, serial), FLEET_FATE_WELL);
	ck_assert_uint_eq(view_of(0).faults, 0);
	ck_assert_uint_eq(supervisor_replacements(supervisor, REASON_EVICTED), 1);
	fleet_release(held, FLEET_SERVED);
	ck_assert(bench_until(&bench, one_is_left, NULL, 3000));
	ck_assert_int_eq(fleet_fate(fleet, serial), FLEET_FATE_KILLED);
}
END_TEST

/* What it is at breaks with it, and is sent again: no request did that. */
START_TEST(evicted_it_may_end_before_it_has_finished)
{
	struct fake_container *evicted = begin_with_request();

	fake_evict(bench.engine, evicted);
	ck_assert(bench_until(&bench, next_serves, NULL, 3000));
	fake_kill(bench.engine, evicted, -1);
	ck_assert_int_eq(fleet_fate(fleet, serial), FLEET_FATE_KILLED);
	fleet_release(held, FLEET_FAILED);
	ck_assert(bench_until(&bench, one_is_left, NULL, 3000));
}
END_TEST

static char former[ENGINE_ID_SIZE];

/* Another one than former, and all settled. */
static bool is_anew(void *name)
{
	const struct fake_container *container = fake_by_name(bench.engine, name);

	return container != NULL && strcmp(container->id, former) != 0 && settled(NULL);
}

START_TEST(an_evicted_spare_is_made_anew)
{
	static char name[] = "acts_spare_0";

	bench.service.scale.spares = 1;
	begin();
	wait_settled();
	id_of(name, former);
	fake_evict(bench.engine, fake_by_name(bench.engine, name));
	ck_assert(bench_until(&bench, is_anew, name, 3000));
}
END_TEST

static bool stand_in_runs(void *arg)
{
	const struct fake_container *container = fake_by_name(bench.engine, "acts_roll");

	(void)arg;
	return container != NULL && container->state == ENGINE_RUNNING;
}

/* Neither the old nor the new revision is to blame. */
START_TEST(a_roll_whose_stand_in_is_evicted_goes_on)
{
	static char name[] = "acts_0";
	struct fake_container *evicted;
	struct err err;

	begin();
	wait_settled();
	id_of(name, former);
	bench.engine->answer = FAKE_ILL; /* it is yet to get ready */
	ck_assert(supervisor_roll(supervisor, &err));
	ck_assert(bench_until(&bench, stand_in_runs, NULL, 3000));
	bench.engine->answer = FAKE_GOOD;
	fake_evict(bench.engine, fake_by_name(bench.engine, "acts_roll"));
	bench_run(&bench, 20);
	evicted = fake_by_name(bench.engine, "acts_roll");
	if (evicted != NULL && evicted->state == ENGINE_EVICTED)
		fake_kill(bench.engine, evicted, 0);
	ck_assert(bench_until(&bench, is_anew, name, 10000));
}
END_TEST

/* A list that does not show it may come of a host that does not answer. */
START_TEST(one_that_is_gone_need_not_have_ended)
{
	struct fake_container *gone = begin_with_request();
	const struct engine_event event = {.type = ENGINE_EVENT_DESTROY, .id = gone->id, .exit_code = -1};

	gone->name[0] = '\0';
	gone->slot = -1;
	gone->foreign = true;
	bench.engine->observer.on_event(&event, bench.engine->observer.arg);
	ck_assert(bench_until(&bench, next_serves, NULL, 3000));
	ck_assert_int_eq(fleet_fate(fleet, serial), FLEET_FATE_UNKNOWN);
	fleet_release(held, FLEET_FAILED);
}
END_TEST

UNIT_MAIN_WITH("supervisor_can", setup, teardown, nothing_is_made_ahead, nothing_is_renamed, nothing_is_paused,
               no_network_is_late, evicted_it_finishes_while_the_next_one_serves,
               evicted_it_may_end_before_it_has_finished, an_evicted_spare_is_made_anew,
               a_roll_whose_stand_in_is_evicted_goes_on, one_that_is_gone_need_not_have_ended)
