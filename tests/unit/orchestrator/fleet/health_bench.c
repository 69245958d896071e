/* health_bench: see the header. */
#include "tests/unit/orchestrator/fleet/health_bench.h"

#include <check.h>
#include <stdio.h>
#include <sys/stat.h>

struct fleet_bench bench;
struct health *health;
struct fleet *fleet;
struct fake_container *containers[BACKENDS_MAX];
struct backend *backends[BACKENDS_MAX];
struct seen seen;
int answered;
bool well;
static int made;

static void on_changed(struct backend *backend, enum backend_state from, enum reason reason, void *arg)
{
	(void)reason;
	(void)arg;
	seen.suspect |= backend_state(backend) == BACKEND_SUSPECT;
	seen.ready |= backend_state(backend) == BACKEND_READY;
	seen.left |= from == BACKEND_READY;
}

void health_bench_open(const struct health_traffic *traffic)
{
	bench_open(&bench);
	health = health_new(
	        &(struct health_settings){.base = bench.base, .config = &bench.service.health, .traffic = traffic});
	fleet = fleet_new("acts", &(struct fleet_observer){.changed = on_changed});
	made = answered = 0;
	seen = (struct seen){0};
}

void health_bench_close(void)
{
	health_free(health);
	for (int i = 0; i < made; i++)
		backend_unref(backends[i]);
	fleet_free(fleet);
	bench_run(&bench, 40); /* the listeners' replies */
	fake_engine_free(bench.engine);
	bench_close(&bench);
}

void reconfigure(void)
{
	health_configure(health, &bench.service.health);
}

static struct backend *make_unwatched(enum fake_answer answer)
{
	char dir[128], name[32];
	int slot = made++;

	ck_assert_int_lt(slot, BACKENDS_MAX);
	snprintf(dir, sizeof(dir), "%s/%d", bench.dir, slot);
	snprintf(name, sizeof(name), "acts_%d", slot);
	ck_assert_int_eq(mkdir(dir, 0700), 0);
	bench.engine->answer = answer;
	containers[slot] = fake_add(bench.engine, "acts", name, slot, "", ENGINE_RUNNING, dir, 0);
	backends[slot] = backend_new(fleet_group(fleet), slot, containers[slot]->id, &containers[slot]->address);
	fleet_add(fleet, backends[slot]);
	return backends[slot];
}

struct backend *make_backend(enum fake_answer answer)
{
	struct backend *backend = make_unwatched(answer);

	health_watch(health, backend);
	return backend;
}

struct backend *make_running(enum fake_answer answer, int64_t running_ms)
{
	struct backend *backend = make_unwatched(answer);

	health_watch_running(health, backend, running_ms);
	return backend;
}

struct backend *make_ready(void)
{
	struct backend *backend = make_backend(FAKE_GOOD);

	wait_state(backend, BACKEND_READY);
	seen = (struct seen){0};
	return backend;
}

static struct {
	struct backend *backend;
	enum backend_state state;
} awaited;

static bool reached(void *arg)
{
	(void)arg;
	return backend_state(awaited.backend) == awaited.state;
}

void wait_state(struct backend *backend, enum backend_state state)
{
	awaited.backend = backend;
	awaited.state = state;
	ck_assert_msg(bench_until(&bench, reached, NULL, 3000), "%s instead of %s",
	              backend_state_text(backend_state(backend)), backend_state_text(state));
}

static void on_answer(bool is_well, void *arg)
{
	(void)arg;
	answered++;
	well = is_well;
}

struct health_question *ask(struct backend *backend)
{
	return health_ask(health, backend, on_answer, NULL);
}

static bool all_answered(void *count)
{
	return answered >= *(int *)count;
}

void wait_answers(int count)
{
	ck_assert(bench_until(&bench, all_answered, &count, 2000));
	bench_run(&bench, 5);
	ck_assert_int_eq(answered, count);
}
