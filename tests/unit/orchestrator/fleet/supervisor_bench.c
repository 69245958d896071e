/* supervisor_bench: see the header. */
#include "tests/unit/orchestrator/fleet/supervisor_bench.h"

#include "orchestrator/fleet/lately.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct fleet_bench bench;
struct supervisors *supervisors;
struct supervisor *supervisor;
struct lately *lately;
char refused[512];

unsigned told_nothing;

static void on_nothing_comes(struct fleet *fleet, void *arg)
{
	(void)arg;
	told_nothing += fleet == supervisor_fleet(supervisor);
}

void setup(void)
{
	bench_open(&bench);
	lately = lately_new(NULL, NULL);
	refused[0] = '\0';
	told_nothing = 0;
}

void publish(enum engine_reach reach)
{
	bench.service.reach = reach;
	strings_add(&bench.service.publish, "127.0.0.1");
	bench.service.first_port = bench_free_ports(16);
	bench_rehash(&bench);
}

static void on_refused(const char *message, void *arg)
{
	(void)arg;
	snprintf(refused, sizeof(refused), "%s", message);
}

void begin(void)
{
	supervisors = supervisors_new(&(struct supervisors_settings){.base = bench.base,
	                                                             .config = &bench.config,
	                                                             .identity = &bench.identity,
	                                                             .refused = on_refused,
	                                                             .observer = {.nothing_comes = on_nothing_comes},
	                                                             .lately = lately});
	bench.engine->observer = supervisors_observer(supervisors);
	supervisors_start(supervisors, &bench.engine->engine);
	supervisor = supervisors_at(supervisors, 0);
	bench.engine->observer.on_up(bench.engine->observer.arg);
}

void teardown(void)
{
	ck_assert(!bench.engine->two_in_a_slot);
	fake_engine_free(bench.engine);
	supervisors_free(supervisors);
	supervisors = NULL;
	lately_free(lately);
	bench_close(&bench);
}

/* --- what is waited for ---------------------------------------------------------------------------------------- */

static unsigned ready_wanted;

unsigned ready_now(void)
{
	return fleet_count_state(supervisor_fleet(supervisor), BACKEND_READY);
}

static bool ready_is(void *arg)
{
	(void)arg;
	return ready_now() == ready_wanted;
}

void wait_ready(unsigned n)
{
	ready_wanted = n;
	ck_assert_msg(bench_until(&bench, ready_is, NULL, 3000), "%u of %u ready", ready_now(), n);
}

bool settled(void *arg)
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
	       fake_count(bench.engine, ENGINE_EXITED) == 0 &&
	       fake_count(bench.engine, ENGINE_PAUSED) == (unsigned)bench.service.scale.spares &&
	       supervisor_spares_waiting(supervisor) == (unsigned)bench.service.scale.spares;
}

void wait_settled(void)
{
	ck_assert_msg(bench_until(&bench, settled, NULL, 3000),
	              "running %u created %u exited %u paused %u wanted %d ready %u",
	              fake_count(bench.engine, ENGINE_RUNNING), fake_count(bench.engine, ENGINE_CREATED),
	              fake_count(bench.engine, ENGINE_EXITED), fake_count(bench.engine, ENGINE_PAUSED),
	              supervisor_scaler(supervisor)->wanted, ready_now());
}

struct supervisor_slot view_of(size_t index)
{
	struct supervisor_slot view;

	supervisor_slot_at(supervisor, index, &view);
	return view;
}

void id_of(const char *name, char id[ENGINE_ID_SIZE])
{
	struct fake_container *container = fake_by_name(bench.engine, name);

	ck_assert_ptr_nonnull(container);
	snprintf(id, ENGINE_ID_SIZE, "%s", container->id);
}

void scale_to(int wanted)
{
	struct err err;

	ck_assert(supervisor_scale(supervisor, wanted, &err));
}

void request_on(struct backend *backend)
{
	struct backend *acquired = fleet_acquire(backend_fleet(backend), NULL);

	for (int i = 0; i < 100 && acquired != backend; i++) {
		fleet_release(acquired, FLEET_CANCELLED);
		acquired = fleet_acquire(backend_fleet(backend), NULL);
	}
	ck_assert_ptr_eq(acquired, backend);
}

void add_running(const char *name, int slot, const char *spec, char dir[128])
{
	snprintf(dir, 128, "%s/acts_%d.%08x", bench.dir, slot, (unsigned)bench.engine->serial);
	if (mkdir(dir, 0700) == -1)
		abort();
	fake_add(bench.engine, "acts", name, slot, spec, ENGINE_RUNNING, dir, 0);
}

void check_replaced_either(const char *old_id, enum reason reason, enum reason other)
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

void check_replaced(const char *old_id, enum reason reason)
{
	check_replaced_either(old_id, reason, reason);
}

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

void wait_rolled(char *spec, unsigned ready)
{
	least_ready = 99;
	ck_assert(bench_until(&bench, rolled_to, spec, 3000));
	ck_assert_uint_ge(least_ready, ready);
}

TCase *tcase_of(Suite *suite, const char *name, int timeout_s)
{
	TCase *tcase = tcase_create(name);

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, timeout_s);
	suite_add_tcase(suite, tcase);
	return tcase;
}

int run_suite(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	int failed;

	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
