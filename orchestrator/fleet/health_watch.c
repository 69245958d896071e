/* health_watch: made, ended, and set aside.
 *
 * Invariant: after backend_set_state nothing is done with a watch, since observers run inside, which may unwatch its backend.
 */
#include "orchestrator/fleet/health_watch.h"

#include "common/mem.h"

#include <assert.h>
#include <stdlib.h>

int64_t watch_round_us(const struct health *health)
{
	return (health->config.interval_ms + health->config.timeout_ms) * 1000;
}

struct watch *watch_new(struct health *health, struct backend *backend, probe_done *on_finding)
{
	struct watch *watch = mem_zero(sizeof(*watch));
	const struct schedule_settings settings = {.base = health->base,
	                                           .config = &health->config,
	                                           .backend = backend,
	                                           .on_finding = on_finding,
	                                           .arg = watch};

	assert(backend_watch(backend) == NULL && backend_state(backend) == BACKEND_STARTING);
	watch->health = health;
	watch->backend = backend_ref(backend);
	schedule_init(&watch->schedule, &settings);
	TAILQ_INIT(&watch->questions);
	TAILQ_INSERT_TAIL(&health->watches, watch, link);
	backend_set_watch(backend, watch);
	return watch;
}

void watch_free(struct watch *watch)
{
	assert(TAILQ_EMPTY(&watch->questions));
	TAILQ_REMOVE(&watch->health->watches, watch, link);
	backend_set_watch(watch->backend, NULL);
	schedule_clear(&watch->schedule);
	backend_unref(watch->backend);
	free(watch);
}

void watch_end(struct watch *watch, bool well)
{
	questions_answer(&watch->questions, UINT64_MAX, well, &watch->health->answers);
	watch_free(watch);
}

void watch_answer(struct watch *watch, bool well)
{
	if (questions_answer(&watch->questions, watch->schedule.probe_no, well, &watch->health->answers))
		schedule_want(&watch->schedule);
}

void watch_down(struct watch *watch, enum reason reason)
{
	struct backend *backend = backend_ref(watch->backend);

	backend_open_incident(backend);
	watch_end(watch, false);
	backend_set_state(backend, BACKEND_DOWN, reason);
	backend_unref(backend);
}

void watch_suspect(struct watch *watch, enum reason reason)
{
	backend_open_incident(watch->backend);
	if (backend_state(watch->backend) == BACKEND_READY)
		backend_set_state(watch->backend, BACKEND_SUSPECT, reason);
}
