/* docker_prepare: is the image there; make the network; make the named volumes: one call after the other.
 *
 *   docker_prepare -> steps[0] -> on_step -> steps[1] -> on_step -> ... -> done
 *
 * One preparation after the other, too: asked at the same time, the Engine (20.10) makes several networks of one name,
 * and then finds none of them.
 *
 * Everything is asked for at the start, so the spec need not outlive the call. Creating what is there already is no
 * error: a volume keeps its labels, so one that somebody else made is never ours to remove.
 */
#include "orchestrator/engine/docker/docker.h"

#include "common/buf.h"
#include "common/mem.h"
#include "orchestrator/engine/docker/docker_body.h"

#include <assert.h>
#include <stdlib.h>

#define STEP_TIMEOUT_MS 10000

struct prepare {
	struct prepare *next; /* waits for this one */
	struct docker *docker;
	struct docker_ask *steps; /* path and body are owned, image is the one below */
	size_t count;
	size_t at;
	char *image;
	engine_done *done;
	void *arg;
};

static struct docker_ask *prepare_add(struct prepare *prepare, const char *method, char *path)
{
	struct docker_ask *ask;

	prepare->steps = mem_array(prepare->steps, prepare->count + 1, sizeof(*prepare->steps));
	ask = &prepare->steps[prepare->count++];
	*ask = (struct docker_ask){.method = method, .path = path, .timeout_ms = STEP_TIMEOUT_MS};
	return ask;
}

static void ask_take_body(struct docker_ask *ask, struct buf *body)
{
	ask->body = mem_dup_n(buf_text(body), body->len);
	ask->body_len = body->len;
	buf_reset(body);
}

static void prepare_add_image(struct prepare *prepare)
{
	struct buf path;
	bool fits;

	buf_init(&path, DOCKER_BODY_MAX);
	fits = docker_body_image_path(&path, prepare->image);
	assert(fits);
	prepare_add(prepare, "GET", mem_dup(buf_text(&path)))->image = prepare->image;
	buf_clear(&path);
}

static void prepare_add_network(struct prepare *prepare, struct buf *body)
{
	struct docker_ask *ask = prepare_add(prepare, "POST", mem_dup("/networks/create"));
	bool fits = docker_body_network(body, prepare->docker->name);

	assert(fits);
	ask_take_body(ask, body);
	ask->fine = (struct docker_words){409, "already exists"};
}

static void prepare_add_volumes(struct prepare *prepare, const struct engine_spec *spec, struct buf *body)
{
	for (size_t i = 0; spec->volumes != NULL && i < spec->volumes->count; i++) {
		const char *volume = spec->volumes->items[i];
		bool fits;

		if (docker_body_volume_name(volume) == 0)
			continue;
		fits = docker_body_volume(body, prepare->docker->name, spec, volume);
		assert(fits);
		ask_take_body(prepare_add(prepare, "POST", mem_dup("/volumes/create")), body);
	}
}

static void prepare_free(struct prepare *prepare)
{
	for (size_t i = 0; i < prepare->count; i++) {
		free((char *)prepare->steps[i].path);
		free((char *)prepare->steps[i].body);
	}
	free(prepare->steps);
	free(prepare->image);
	free(prepare);
}

/* The engine is going: those that wait go with the one under way. */
static void on_drop(void *arg)
{
	struct prepare *prepare = arg;

	prepare->docker->prepare = NULL;
	while (prepare != NULL) {
		struct prepare *next = prepare->next;

		prepare_free(prepare);
		prepare = next;
	}
}

static void on_step(const struct docker_answer *answer, void *arg);

static void prepare_call(struct prepare *prepare)
{
	docker_call(prepare->docker->calls, &prepare->steps[prepare->at], on_step, on_drop, prepare);
}

static void prepare_finish(struct prepare *prepare, const struct docker_answer *answer)
{
	struct engine_result result = {.fault = answer->fault, .message = answer->message, .id = ""};

	prepare->done(&result, prepare->arg);
	prepare_free(prepare);
}

static void on_step(const struct docker_answer *answer, void *arg)
{
	struct prepare *prepare = arg;
	struct docker *docker = prepare->docker;

	prepare->at++;
	if (answer->fault == ENGINE_OK && prepare->at < prepare->count) {
		prepare_call(prepare);
		return;
	}
	if (answer->fault == ENGINE_UNREACHABLE || answer->fault == ENGINE_TIMEOUT) {
		docker->prepare = NULL; /* those behind would only wait for the same in turn: it ends them all */
	} else {
		docker->prepare = prepare->next;
		prepare->next = NULL;
		if (docker->prepare != NULL)
			prepare_call(docker->prepare);
	}
	while (prepare != NULL) {
		struct prepare *next = prepare->next;

		prepare_finish(prepare, answer);
		prepare = next;
	}
}

static void prepare_enqueue(struct prepare *prepare)
{
	struct prepare **end = &prepare->docker->prepare;

	while (*end != NULL)
		end = &(*end)->next;
	*end = prepare;
	if (prepare->docker->prepare == prepare)
		prepare_call(prepare);
}

void docker_prepare(struct engine *engine, const struct engine_spec *spec, engine_done *done, void *arg)
{
	struct prepare *prepare = mem_zero(sizeof(*prepare));
	struct buf body;

	prepare->docker = (struct docker *)engine;
	docker_sockets_sweep(prepare->docker->sockets);
	prepare->image = mem_dup(spec->image);
	prepare->done = done;
	prepare->arg = arg;
	buf_init(&body, DOCKER_BODY_MAX);
	prepare_add_image(prepare);
	prepare_add_network(prepare, &body);
	prepare_add_volumes(prepare, spec, &body);
	buf_clear(&body);
	prepare_enqueue(prepare);
}
