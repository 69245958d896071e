/* swarm_engine: the verbs of engine.h on the services and tasks of a swarm.
 *
 *   create, remove, logs        -> docker_call                         -> done
 *   list, inspect, start        -> swarm_waits <- swarm_poll's rounds  -> done
 *   stop                        -> both, one after the other           -> done
 *   events of the swarm         -> the next round at once -> swarm_view -> on_event
 *
 * Before the first round it is known what all orchestrators of the name share. It is up while the rounds succeed: a manager
 * without a leader answers its ping, but says nothing of the swarm.
 */
#include "orchestrator/engine/swarm/swarm_engine.h"

#include "common/log.h"
#include "common/mem.h"
#include "orchestrator/base/excerpt.h"
#include "orchestrator/engine/docker/docker_fault.h"
#include "orchestrator/engine/docker/docker_frames.h"
#include "orchestrator/engine/docker/docker_json.h"
#include "orchestrator/engine/swarm/swarm.h"
#include "orchestrator/engine/swarm/swarm_body.h"
#include "orchestrator/engine/swarm/swarm_looks.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#define LIST_MS 10000
#define START_MS 30000
#define END_MS 30000
#define REMOVE_MS 4000
#define LOGS_MS 10000

/* --- the verbs ------------------------------------------------------------------------------------------------- */

static void wait_for(struct engine *engine, swarm_wait_look *look, const char *id, int timeout_ms, engine_done *done,
                     void *arg)
{
	struct swarm *swarm = (struct swarm *)engine;

	swarm_waits_add(swarm->waits, look, id, swarm_poll_next(swarm->poll), timeout_ms, done, arg);
	swarm_poll_hurry(swarm->poll);
}

static void swarm_list(struct engine *engine, engine_done *done, void *arg)
{
	wait_for(engine, swarm_look_list, "", LIST_MS, done, arg);
}

static void swarm_inspect(struct engine *engine, const char *id, engine_done *done, void *arg)
{
	wait_for(engine, swarm_look_inspect, id, LIST_MS, done, arg);
}

/* It runs once it is created: where, Swarm decides a moment later. */
static void swarm_start(struct engine *engine, const struct engine_spec *spec, const struct engine_place *place,
                        const char *id, engine_done *done, void *arg)
{
	(void)spec;
	(void)place;
	wait_for(engine, swarm_look_start, id, START_MS, done, arg);
}

/* --- calls ----------------------------------------------------------------------------------------------------- */

struct op {
	struct swarm *swarm;
	engine_done *done;
	void *arg;
	char id[ENGINE_ID_SIZE];
};

static struct op *op_new(struct engine *engine, const char *id, engine_done *done, void *arg)
{
	struct op *op = mem_zero(sizeof(*op));

	assert(id[0] != '\0' && strlen(id) < ENGINE_ID_SIZE);
	op->swarm = (struct swarm *)engine;
	op->done = done;
	op->arg = arg;
	snprintf(op->id, sizeof(op->id), "%s", id);
	return op;
}

static void on_removed(const struct docker_answer *answer, void *arg)
{
	struct op *op = arg;
	const struct engine_result result = {.fault = answer->fault, .message = answer->message, .id = op->id};

	swarm_poll_hurry(op->swarm->poll);
	op->done(&result, op->arg);
	free(op);
}

/* Its task gets SIGTERM, the grace of its spec, SIGKILL; Swarm answers before any of it. */
static void delete_service(struct engine *engine, const char *id, docker_call_done *answered, engine_done *done,
                           void *arg)
{
	struct op *op = op_new(engine, id, done, arg);
	char path[ENGINE_ID_SIZE + 32];

	snprintf(path, sizeof(path), "/services/%s", id);
	docker_call(op->swarm->calls,
	            &(struct docker_ask){
	                    .method = "DELETE", .path = path, .timeout_ms = REMOVE_MS, .fine = {404, "not found"}},
	            answered, free, op);
}

static void swarm_remove(struct engine *engine, const char *id, engine_done *done, void *arg)
{
	delete_service(engine, id, on_removed, done, arg);
}

static void on_ending(const struct docker_answer *answer, void *arg)
{
	struct op *op = arg;

	if (answer->fault != ENGINE_OK) {
		on_removed(answer, op);
		return;
	}
	wait_for(&op->swarm->engine, swarm_look_end, op->id, END_MS, op->done, op->arg);
	free(op);
}

/* What is stopped is removed next, and Swarm has no way to end a task and keep it: it has the grace of its spec. */
static void swarm_stop(struct engine *engine, const char *id, int grace_ms, engine_done *done, void *arg)
{
	(void)grace_ms;
	delete_service(engine, id, on_ending, done, arg);
}

static void on_logs(const struct docker_answer *answer, void *arg)
{
	struct op *op = arg;
	struct engine_result result = {.fault = answer->fault, .message = answer->message, .id = op->id};
	struct buf text;

	buf_init(&text, DOCKER_HTTP_REPLY_MAX);
	if (answer->fault == ENGINE_OK) {
		bool fits = docker_frames_take(answer->body, answer->len, &text);

		assert(fits); /* text may hold as much as a reply */
		result.text = buf_text(&text);
		result.text_len = text.len;
	}
	op->done(&result, op->arg);
	buf_clear(&text);
	free(op);
}

static void swarm_logs(struct engine *engine, const char *id, int lines, engine_done *done, void *arg)
{
	struct op *op = op_new(engine, id, done, arg);
	char path[ENGINE_ID_SIZE + 64];

	snprintf(path, sizeof(path), "/services/%s/logs?stdout=1&stderr=1&tail=%d", id, lines);
	docker_call(op->swarm->calls, &(struct docker_ask){.method = "GET", .path = path, .timeout_ms = LOGS_MS},
	            on_logs, free, op);
}

/* --- news ------------------------------------------------------------------------------------------------------ */

static void tell(const struct engine_event *event, void *arg)
{
	const struct swarm *swarm = arg;

	swarm->observer.on_event(event, swarm->observer.arg);
}

static void be_up(struct swarm *swarm)
{
	if (swarm->up)
		return;
	swarm->up = swarm->told = true;
	swarm->observer.on_up(swarm->observer.arg);
}

static void be_down(struct swarm *swarm, const char *message)
{
	char words[sizeof(swarm->down)];

	swarm_waits_fail(swarm->waits, ENGINE_UNREACHABLE, message);
	excerpt_write(words, sizeof(words), "%s", message);
	if (swarm->told && !swarm->up && strcmp(words, swarm->down) == 0)
		return;
	memcpy(swarm->down, words, sizeof(words));
	swarm->up = false;
	swarm->told = true;
	swarm->observer.on_down(message, swarm->observer.arg);
}

/* Before all that may make somebody act. */
static void look_at_nodes(struct swarm *swarm, const struct swarm_lists *lists)
{
	if (swarm_role_look(&swarm->role, lists))
		swarm->observer.on_role(&(struct engine_role){.leads = swarm->role.leads, .leader = swarm->role.leader},
		                        swarm->observer.arg);
	if (swarm_members_look(&swarm->members, lists))
		swarm_members_tell(&swarm->members, &swarm->observer);
}

static void on_lists(const struct swarm_lists *lists, void *arg)
{
	struct swarm *swarm = arg;

	swarm_revival_end(swarm->revival);
	look_at_nodes(swarm, lists);
	swarm_doubt_sites(swarm, lists);
	swarm_view_take(swarm->view, lists, tell, swarm);
	swarm_plans_looked(&swarm->plans, swarm->view, swarm_poll_round(swarm->poll));
	swarm_doubt_items(swarm);
	be_up(swarm);
	swarm_waits_looked(swarm->waits, swarm->view, swarm_poll_round(swarm->poll));
}

static void on_failed(const char *message, void *arg)
{
	struct swarm *swarm = arg;

	if (swarm_alone_is_managed(message))
		swarm_revival_end(swarm->revival);
	else
		swarm_revival_begin(swarm->revival);
	be_down(swarm, message);
}

static bool is_moving(void *arg)
{
	const struct swarm *swarm = arg;

	return swarm_waits_any(swarm->waits) || swarm_view_is_moving(swarm->view);
}

/* What happened a round shows, and only a round. */
static void on_swarm_event(const struct engine_event *event, void *arg)
{
	struct swarm *swarm = arg;

	(void)event;
	swarm_poll_hurry(swarm->poll);
}

static void on_link_up(void *arg)
{
	struct swarm *swarm = arg;

	if (swarm_shared_known(swarm->shared))
		swarm_poll_begin(swarm->poll);
	else
		swarm_shared_begin(swarm->shared);
}

static void on_shared(const struct engine_shared *shared, void *arg)
{
	struct swarm *swarm = arg;

	free(swarm->owner);
	swarm->owner = mem_dup(shared->owner);
	swarm->observer.on_shared(shared, swarm->observer.arg);
	swarm_poll_begin(swarm->poll);
}

static void on_link_down(const char *message, void *arg)
{
	struct swarm *swarm = arg;

	swarm_shared_end(swarm->shared);
	swarm_poll_end(swarm->poll);
	swarm_revival_end(swarm->revival);
	be_down(swarm, message);
}

static void on_ready(void *arg)
{
	struct swarm *swarm = arg;

	docker_calls_release(swarm->calls);
}

/* --- the object ------------------------------------------------------------------------------------------------ */

static void swarm_free(struct engine *engine)
{
	struct swarm *swarm = (struct swarm *)engine;

	docker_calls_free(swarm->calls);
	swarm_waits_free(swarm->waits);
	swarm_poll_free(swarm->poll);
	swarm_shared_free(swarm->shared);
	swarm_revival_free(swarm->revival);
	swarm_view_free(swarm->view);
	swarm_knocks_free(swarm->knocks);
	docker_link_free(swarm->link);
	docker_http_free(swarm->http);
	swarm_images_clear(&swarm->images);
	swarm_members_clear(&swarm->members);
	swarm_sites_clear(&swarm->sites);
	swarm_plans_clear(&swarm->plans);
	free(swarm->name);
	free(swarm->owner);
	free(swarm);
}

static struct docker_link *make_link(struct swarm *swarm, struct event_base *base)
{
	const struct docker_link_settings settings = {
	        .base = base,
	        .http = swarm->http,
	        .word = "swarm",
	        .filters = SWARM_EVENT_FILTERS,
	        .read = swarm_json_event,
	        .on_ready = on_ready,
	        .arg = swarm,
	        .observer = {.on_event = on_swarm_event, .on_up = on_link_up, .on_down = on_link_down, .arg = swarm},
	};

	return docker_link_new(&settings);
}

static struct swarm_poll *make_poll(struct swarm *swarm, const struct engine_settings *of)
{
	const struct swarm_poll_settings settings = {
	        .base = of->base,
	        .calls = swarm->calls,
	        .name = of->name,
	        .often_ms = of->poll_ms,
	        .on_lists = on_lists,
	        .on_failed = on_failed,
	        .is_moving = is_moving,
	        .arg = swarm,
	};

	return swarm_poll_new(&settings);
}

static struct swarm_shared *make_shared(struct swarm *swarm, const struct engine_settings *settings)
{
	return swarm_shared_new(&(struct swarm_shared_settings){.base = settings->base,
	                                                        .calls = swarm->calls,
	                                                        .name = settings->name,
	                                                        .ours = settings->own,
	                                                        .on_known = on_shared,
	                                                        .on_failed = on_failed,
	                                                        .arg = swarm});
}

bool swarm_engine_new(const struct engine_settings *settings, struct engine **engine, struct err *err)
{
	/* What it cannot (engines.c) nobody calls: rename, pause, unpause; nor is there anything to unprepare. */
	static const struct engine_verbs verbs = {
	        .prepare = swarm_prepare,
	        .list = swarm_list,
	        .create = swarm_create,
	        .start = swarm_start,
	        .stop = swarm_stop,
	        .remove = swarm_remove,
	        .inspect = swarm_inspect,
	        .logs = swarm_logs,
	        .host_lost = swarm_host_lost,
	        .free = swarm_free,
	};
	struct swarm *swarm;

	if (strlen(settings->docker_socket) >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
		return err_set(err, "docker_socket: %s is longer than the %zu bytes of a socket's path",
		               settings->docker_socket, sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1);
	swarm = mem_zero(sizeof(*swarm));
	swarm->engine.verbs = &verbs;
	swarm->name = mem_dup(settings->name);
	swarm->owner = mem_dup(settings->own.owner);
	swarm->observer = settings->observer;
	swarm->http = docker_http_new(settings->base, settings->docker_socket);
	swarm->link = make_link(swarm, settings->base);
	swarm->calls = docker_calls_new(settings->base, swarm->http, swarm->http, swarm->link);
	swarm->poll = make_poll(swarm, settings);
	swarm->shared = make_shared(swarm, settings);
	swarm->revival = swarm_alone_new(swarm, settings);
	swarm->view = swarm_view_new();
	swarm->knocks = swarm_knocks_new(settings->base, swarm_doubt_no_more, swarm);
	swarm->waits = swarm_waits_new(settings->base);
	*engine = &swarm->engine;
	return true;
}
