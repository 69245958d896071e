/* docker_engine: the verbs of engine.h as calls to the Docker Engine.
 *
 *   verb -> verb_call (row of the table: method, path, deadline, what else counts as done) -> docker_call
 *        -> on_answer -> the row's reader fills the result -> the caller's done
 *
 * Invariant: each op is freed by exactly one of on_answer and docker_call's drop.
 */
#include "orchestrator/engine/docker/docker.h"

#include "common/buf.h"
#include "common/clock.h"
#include "common/mem.h"
#include "orchestrator/engine/docker/docker_body.h"
#include "orchestrator/engine/docker/docker_engine.h"
#include "orchestrator/engine/docker/docker_frames.h"
#include "orchestrator/engine/docker/docker_http.h"
#include "orchestrator/engine/docker/docker_image.h"
#include "orchestrator/engine/docker/docker_json.h"
#include "orchestrator/engine/docker/docker_list_path.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#define STOP_EXTRA_MS 10000 /* on top of the grace: the kill and the clean-up */

/* What a reader may fill; freed after the caller's done. */
struct answer {
	struct engine_result result;
	int64_t asked_us;
	struct engine_container *containers;
	struct buf text;
	struct docker_image image;
	struct strings names;
};

struct verb {
	const char *method;
	int timeout_ms;
	bool (*read)(struct docker *docker, const struct docker_answer *from, struct answer *to, struct err *err);
	struct docker_words fine;
	struct docker_words again;
};

struct op {
	struct docker *docker;
	const struct verb *verb;
	engine_done *done;
	void *arg;
	char id[ENGINE_ID_SIZE]; /* the one asked for; "" where it is no container's */
	int64_t asked_us;
};

/* --- readers --------------------------------------------------------------------------------------------------- */

static bool is_spoilt(const struct engine_container *container)
{
	char dir[SOCKET_DIR_SIZE];

	return socket_dir_of(&container->address, dir) && !socket_dir_usable(dir);
}

static bool read_list(struct docker *docker, const struct docker_answer *from, struct answer *to, struct err *err)
{
	if (!docker_json_list(from->body, from->len, docker->name, &to->containers, &to->result.count, err))
		return false;
	to->result.containers = to->containers;
	for (size_t i = 0; i < to->result.count; i++) {
		to->containers[i].spoilt = is_spoilt(&to->containers[i]);
		if (to->containers[i].state == ENGINE_RUNNING)
			docker_exits_watch(docker->exits, to->containers[i].id);
	}
	docker_sockets_listed(docker->sockets, to->containers, to->result.count, to->asked_us);
	return true;
}

static bool read_removed(struct docker *docker, const struct docker_answer *from, struct answer *to, struct err *err)
{
	(void)from;
	(void)err;
	docker_sockets_gone(docker->sockets, to->result.id);
	return true;
}

static bool read_inspect(struct docker *docker, const struct docker_answer *from, struct answer *to, struct err *err)
{
	return docker_json_inspect(from->body, from->len, docker->name, &to->result, err);
}

static bool read_logs(struct docker *docker, const struct docker_answer *from, struct answer *to, struct err *err)
{
	bool fits = docker_frames_take(from->body, from->len, &to->text);

	(void)docker;
	(void)err;
	assert(fits); /* text may hold as much as a reply */
	to->result.text = buf_text(&to->text);
	to->result.text_len = to->text.len;
	return true;
}

static bool read_image(struct docker *docker, const struct docker_answer *from, struct answer *to, struct err *err)
{
	(void)docker;
	if (!docker_json_image_read(from->body, from->len, &to->image, err))
		return false;
	to->result.image = &to->image.says;
	return true;
}

static bool read_images(struct docker *docker, const struct docker_answer *from, struct answer *to, struct err *err)
{
	(void)docker;
	to->result.names = &to->names;
	return docker_json_image_names(from->body, from->len, &to->names, err);
}

/* --- the table ------------------------------------------------------------------------------------------------- */

static const struct verb verb_list = {"GET", 10000, read_list, {0}, {0}};
static const struct verb verb_stop = {"POST", STOP_EXTRA_MS, NULL, {0}, {0}};
static const struct verb verb_remove = {
        "DELETE", 30000, read_removed, {404, "no such container"}, {409, "already in progress"}};
static const struct verb verb_rename = {"POST", 10000, NULL, {0}, {0}};
static const struct verb verb_pause = {"POST", 10000, NULL, {409, "already paused"}, {0}};
static const struct verb verb_unpause = {"POST", 10000, NULL, {0}, {0}};
static const struct verb verb_inspect = {"GET", 10000, read_inspect, {0}, {0}};
static const struct verb verb_logs = {"GET", 10000, read_logs, {0}, {0}};
static const struct verb verb_unprepare = {"DELETE", 10000, NULL, {404, "not found"}, {0}};
static const struct verb verb_image = {"GET", 10000, read_image, {0}, {0}};
static const struct verb verb_images = {"GET", 10000, read_images, {0}, {0}};

/* --- a call and its answer ------------------------------------------------------------------------------------- */

static void on_answer(const struct docker_answer *from, void *arg)
{
	struct op *op = arg;
	struct answer to = {.result = {.fault = from->fault, .message = from->message, .id = op->id},
	                    .asked_us = op->asked_us};
	struct err err = {.message = ""};

	buf_init(&to.text, DOCKER_HTTP_REPLY_MAX);
	if (from->fault == ENGINE_OK && op->verb->read != NULL && !op->verb->read(op->docker, from, &to, &err)) {
		to.result.fault = ENGINE_REFUSED;
		to.result.message = err.message;
	}
	op->done(&to.result, op->arg);
	buf_clear(&to.text);
	docker_image_clear(&to.image);
	strings_clear(&to.names);
	free(to.containers);
	free(op);
}

/* ask has path, and where the verb needs them body, image and a timeout of its own; the table gives the rest. */
static void verb_call(struct engine *engine, const struct verb *verb, struct docker_ask ask, const char *id,
                      engine_done *done, void *arg)
{
	struct op *op = mem_zero(sizeof(*op));

	op->docker = (struct docker *)engine;
	op->verb = verb;
	op->done = done;
	op->arg = arg;
	snprintf(op->id, sizeof(op->id), "%s", id);
	op->asked_us = clock_us();
	ask.method = verb->method;
	ask.timeout_ms += verb->timeout_ms;
	ask.fine = verb->fine;
	ask.again = verb->again;
	docker_call(op->docker->calls, &ask, on_answer, free, op);
}

/* "/containers/ID" and tail behind it. */
static void verb_call_container(struct engine *engine, const struct verb *verb, const char *id, const char *tail,
                                engine_done *done, void *arg)
{
	char path[ENGINE_ID_SIZE + 64];

	assert(id[0] != '\0' && strlen(id) < ENGINE_ID_SIZE);
	snprintf(path, sizeof(path), "/containers/%s%s", id, tail);
	verb_call(engine, verb, (struct docker_ask){.path = path}, id, done, arg);
}

/* --- the verbs ------------------------------------------------------------------------------------------------- */

static void docker_list(struct engine *engine, engine_done *done, void *arg)
{
	const struct docker *docker = (const struct docker *)engine;
	char *path = docker_list_path("/containers/json?all=1", docker->name);

	verb_call(engine, &verb_list, (struct docker_ask){.path = path}, "", done, arg);
	free(path);
}

static void docker_stop(struct engine *engine, const char *id, int grace_ms, engine_done *done, void *arg)
{
	int grace_s = grace_ms / 1000 + (grace_ms % 1000 > 0); /* the API knows whole seconds */
	char path[ENGINE_ID_SIZE + 64];

	assert(id[0] != '\0' && grace_ms >= 0);
	snprintf(path, sizeof(path), "/containers/%s/stop?t=%d", id, grace_s);
	verb_call(engine, &verb_stop,
	          (struct docker_ask){.path = path, .timeout_ms = grace_s * 1000, .lasts = grace_s > 0}, id, done, arg);
}

static void docker_remove(struct engine *engine, const char *id, engine_done *done, void *arg)
{
	verb_call_container(engine, &verb_remove, id, "?force=1&v=1", done, arg);
}

static void docker_rename(struct engine *engine, const char *id, const char *name, engine_done *done, void *arg)
{
	struct buf path;
	bool fits;

	buf_init(&path, DOCKER_BODY_MAX);
	fits = buf_add_format(&path, "/containers/%s/rename?name=", id) && docker_body_escape(&path, name);
	assert(fits);
	verb_call(engine, &verb_rename, (struct docker_ask){.path = buf_text(&path)}, id, done, arg);
	buf_clear(&path);
}

static void docker_pause(struct engine *engine, const char *id, engine_done *done, void *arg)
{
	verb_call_container(engine, &verb_pause, id, "/pause", done, arg);
}

static void docker_unpause(struct engine *engine, const char *id, engine_done *done, void *arg)
{
	verb_call_container(engine, &verb_unpause, id, "/unpause", done, arg);
}

static void docker_inspect(struct engine *engine, const char *id, engine_done *done, void *arg)
{
	verb_call_container(engine, &verb_inspect, id, "/json", done, arg);
}

static void docker_logs(struct engine *engine, const char *id, int lines, engine_done *done, void *arg)
{
	char tail[64];

	assert(lines > 0);
	snprintf(tail, sizeof(tail), "/logs?stdout=1&stderr=1&tail=%d", lines);
	verb_call_container(engine, &verb_logs, id, tail, done, arg);
}

static void docker_unprepare(struct engine *engine, engine_done *done, void *arg)
{
	const struct docker *docker = (const struct docker *)engine;
	struct buf path;
	bool fits;

	buf_init(&path, DOCKER_BODY_MAX);
	fits = buf_add_text(&path, "/networks/") && docker_body_escape(&path, docker->name);
	assert(fits);
	verb_call(engine, &verb_unprepare, (struct docker_ask){.path = buf_text(&path)}, "", done, arg);
	buf_clear(&path);
}

static void docker_image(struct engine *engine, const char *name, engine_done *done, void *arg)
{
	struct buf path;
	bool fits;

	buf_init(&path, DOCKER_BODY_MAX);
	fits = docker_body_image_path(&path, name);
	assert(fits);
	verb_call(engine, &verb_image, (struct docker_ask){.path = buf_text(&path), .image = name}, "", done, arg);
	buf_clear(&path);
}

static void docker_images(struct engine *engine, engine_done *done, void *arg)
{
	verb_call(engine, &verb_images, (struct docker_ask){.path = "/images/json"}, "", done, arg);
}

/* --- the object ------------------------------------------------------------------------------------------------ */

/* What this engine learns from its own news, before anybody else hears it. */

static void on_event(const struct engine_event *event, void *arg)
{
	struct docker *docker = arg;

	if (event->type == ENGINE_EVENT_DESTROY)
		docker_sockets_gone(docker->sockets, event->id);
	docker->observer.on_event(event, docker->observer.arg);
}

static void on_up(void *arg)
{
	const struct docker *docker = arg;

	docker->observer.on_up(docker->observer.arg);
}

/* A Docker that is started again holds no ports. */
static void on_down(const char *message, void *arg)
{
	struct docker *docker = arg;

	docker->lost_ports.count = 0;
	docker->observer.on_down(message, docker->observer.arg);
}

static void on_ready(void *arg)
{
	struct docker *docker = arg;

	docker_calls_release(docker->calls);
}

static void docker_free(struct engine *engine)
{
	struct docker *docker = (struct docker *)engine;

	docker_calls_free(docker->calls);
	docker_exits_free(docker->exits);
	docker_await_free(docker->await);
	docker_link_free(docker->link);
	docker_http_free(docker->http);
	docker_http_free(docker->stops);
	docker_sockets_free(docker->sockets);
	free(docker->name);
	free(docker->owner);
	free(docker);
}

bool docker_engine_new(const struct engine_settings *settings, struct engine **engine, struct err *err)
{
	static const struct engine_verbs verbs = {
	        .prepare = docker_prepare,
	        .list = docker_list,
	        .create = docker_create,
	        .start = docker_start,
	        .stop = docker_stop,
	        .remove = docker_remove,
	        .rename = docker_rename,
	        .pause = docker_pause,
	        .unpause = docker_unpause,
	        .forgo_port = docker_forgo_port,
	        .inspect = docker_inspect,
	        .logs = docker_logs,
	        .unprepare = docker_unprepare,
	        .image = docker_image,
	        .images = docker_images,
	        .free = docker_free,
	};
	struct docker_link_settings link = {
	        .base = settings->base,
	        .word = "docker",
	        .read = docker_json_event,
	        .on_ready = on_ready,
	        .observer = {.on_event = on_event, .on_up = on_up, .on_down = on_down},
	};
	struct docker *docker;
	struct buf filters;
	bool fits;

	if (strlen(settings->docker_socket) >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
		return err_set(err, "docker_socket: %s is longer than the %zu bytes of a socket's path",
		               settings->docker_socket, sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1);
	docker = mem_zero(sizeof(*docker));
	docker->engine.verbs = &verbs;
	docker->name = mem_dup(settings->name);
	docker->owner = mem_dup(settings->own.owner);
	docker->observer = settings->observer;
	docker->sockets = docker_sockets_new(settings->socket_dir);
	docker->http = docker_http_new(settings->base, settings->docker_socket);
	docker->stops = docker_http_new(settings->base, settings->docker_socket);
	link.http = docker->http;
	link.arg = link.observer.arg = docker;
	buf_init(&filters, DOCKER_BODY_MAX);
	fits = docker_body_event_filters(&filters, settings->name);
	assert(fits);
	link.filters = buf_text(&filters);
	docker->link = docker_link_new(&link);
	buf_clear(&filters);
	docker->calls = docker_calls_new(settings->base, docker->http, docker->stops, docker->link);
	docker->await = docker_await_new(settings->state_dir);
	docker->exits = docker_exits_new(settings->base, docker->calls, &settings->observer);
	*engine = &docker->engine;
	return true;
}
