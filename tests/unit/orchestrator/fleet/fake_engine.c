/* fake_engine: verbs become effects after a delay, effects become events. */
#include "tests/unit/orchestrator/fleet/fake_engine.h"

#include "common/mem.h"
#include "orchestrator/base/timer.h"
#include "tests/unit/orchestrator/fleet/fake_listener.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

struct op {
	TAILQ_ENTRY(op) link;
	struct fake_engine *fake;
	enum fake_verb verb;
	struct timer *timer;
	char id[ENGINE_ID_SIZE];
	char name[ENGINE_NAME_SIZE];
	struct fake_container made; /* create: what it will be */
	enum engine_reach reach;    /* create, start */
	bool late_network;          /* start: gives it its network */
	int grace_ms;               /* stop */
	engine_done *done;
	void *arg;
};

/* --- the container list ---------------------------------------------------------------------------------------- */

static struct fake_container *by_id(struct fake_engine *fake, const char *id)
{
	struct fake_container *container = fake->containers;

	while (container != NULL && strcmp(container->id, id) != 0)
		container = container->next;
	return container;
}

struct fake_container *fake_by_name(struct fake_engine *fake, const char *name)
{
	struct fake_container *container = fake->containers;

	while (container != NULL && strcmp(container->name, name) != 0)
		container = container->next;
	return container;
}

static struct fake_container *add(struct fake_engine *fake, const struct fake_container *made)
{
	struct fake_container *container = mem_alloc(sizeof(*container));

	*container = *made;
	snprintf(container->id, sizeof(container->id), "%064x", ++fake->serial);
	container->fd = -1;
	if (container->socket_dir[0] == '\0' || !socket_dir_address(container->socket_dir, &container->address))
		(void)address_of_host("127.0.0.1", container->port, &container->address);
	if (container->socket_dir[0] == '\0' && container->port == 0)
		container->address.len = 0;
	container->answer = fake->answer;
	container->next = fake->containers;
	fake->containers = container;
	return container;
}

static void give_source(struct fake_engine *fake, struct fake_container *container)
{
	struct in6_addr address = {.s6_addr = {[10] = 0xff, [11] = 0xff, [12] = 10}};

	fake->source++;
	address.s6_addr[14] = (uint8_t)(fake->source >> 8);
	address.s6_addr[15] = (uint8_t)fake->source;
	container->sources = (struct engine_sources){.items = {address}, .count = 1};
}

static void set_text(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from != NULL ? from : "");
}

struct fake_container *fake_add(struct fake_engine *fake, const char *service, const char *name, int slot,
                                const char *spec, enum engine_state state, const char *socket_dir, int port)
{
	struct fake_container made = {.slot = slot, .state = state, .port = port};
	struct fake_container *container;

	set_text(made.service, sizeof(made.service), service);
	set_text(made.name, sizeof(made.name), name);
	set_text(made.spec, sizeof(made.spec), spec);
	set_text(made.socket_dir, sizeof(made.socket_dir), socket_dir);
	container = add(fake, &made);
	if (state == ENGINE_RUNNING && !fake_listen(fake, container))
		abort();
	if (state == ENGINE_RUNNING)
		give_source(fake, container);
	return container;
}

static void tell_event(struct fake_engine *fake, const struct engine_event *event)
{
	if (!fake->silent && !fake->down && fake->observer.on_event != NULL)
		fake->observer.on_event(event, fake->observer.arg);
}

static void tell(struct fake_engine *fake, enum engine_event_type type, const struct fake_container *container)
{
	const struct engine_event event = {.type = type, .id = container->id, .exit_code = container->exit_code};

	tell_event(fake, &event);
}

static void end_run(struct fake_engine *fake, struct fake_container *container, int exit_code)
{
	if (container->state != ENGINE_RUNNING && container->state != ENGINE_PAUSED &&
	    container->state != ENGINE_EVICTED)
		return;
	fake_unlisten(container);
	container->state = ENGINE_EXITED;
	container->exit_code = exit_code;
	tell(fake, ENGINE_EVENT_DIE, container);
}

void fake_kill(struct fake_engine *fake, struct fake_container *container, int exit_code)
{
	end_run(fake, container, exit_code);
}

void fake_signal(struct fake_engine *fake, struct fake_container *container, int signal)
{
	const struct engine_event event = {.type = ENGINE_EVENT_KILL, .id = container->id, .signal = signal};

	tell_event(fake, &event);
}

void fake_oom_lived(struct fake_engine *fake, struct fake_container *container)
{
	tell(fake, ENGINE_EVENT_OOM, container);
}

void fake_oom(struct fake_engine *fake, struct fake_container *container)
{
	container->oom = true;
	fake_oom_lived(fake, container);
	end_run(fake, container, 137);
}

void fake_exit(struct fake_engine *fake, struct fake_container *container)
{
	fake_unlisten(container);
	container->state = ENGINE_OTHER;
	container->exit_code = 137;
	tell(fake, ENGINE_EVENT_EXIT, container);
}

void fake_exit_over(struct fake_engine *fake, struct fake_container *container)
{
	container->state = ENGINE_EXITED;
	tell(fake, ENGINE_EVENT_DIE, container);
}

void fake_restart(struct fake_engine *fake, struct fake_container *container)
{
	if (!fake_listen(fake, container))
		abort();
	container->state = ENGINE_RUNNING;
	tell(fake, ENGINE_EVENT_START, container);
}

void fake_remove(struct fake_engine *fake, struct fake_container *container)
{
	struct fake_container **at = &fake->containers;

	if (container->state == ENGINE_RUNNING)
		fake_signal(fake, container, 9);
	end_run(fake, container, 137);
	while (*at != container)
		at = &(*at)->next;
	*at = container->next;
	tell(fake, ENGINE_EVENT_DESTROY, container);
	socket_dir_remove(container->socket_dir);
	free(container);
}

void fake_evict(struct fake_engine *fake, struct fake_container *container)
{
	container->state = ENGINE_EVICTED;
	tell(fake, ENGINE_EVENT_EVICT, container);
}

void fake_pause(struct fake_engine *fake, struct fake_container *container)
{
	container->state = ENGINE_PAUSED;
	tell(fake, ENGINE_EVENT_PAUSE, container);
}

void fake_unpause(struct fake_engine *fake, struct fake_container *container)
{
	container->state = ENGINE_RUNNING;
	tell(fake, ENGINE_EVENT_UNPAUSE, container);
}

unsigned fake_count(const struct fake_engine *fake, enum engine_state state)
{
	unsigned n = 0;

	for (const struct fake_container *c = fake->containers; c != NULL; c = c->next)
		n += c->state == state && !c->foreign;
	return n;
}

/* --- effects --------------------------------------------------------------------------------------------------- */

static enum engine_fault do_create(struct op *op, struct engine_result *result)
{
	struct err err;

	if (fake_by_name(op->fake, op->made.name) != NULL)
		return ENGINE_NAME_TAKEN;
	if (op->reach == REACH_SOCKET &&
	    !socket_dir_make(op->fake->socket_dir, op->made.service, op->made.slot, op->made.socket_dir, &err))
		return ENGINE_REFUSED;
	result->id = add(op->fake, &op->made)->id;
	result->no_network = op->made.no_network;
	return ENGINE_OK;
}

static enum engine_fault lose_port(const struct op *op, struct engine_result *result)
{
	result->remake = op->reach != REACH_PUBLISHED;
	return ENGINE_PORT_LOST;
}

static void tell_sources(struct fake_engine *fake, const struct fake_container *container)
{
	const struct engine_event event = {
	        .type = ENGINE_EVENT_SOURCES, .id = container->id, .sources = &container->sources};

	tell_event(fake, &event);
}

static enum engine_fault do_start(struct op *op, struct fake_container *container, struct engine_result *result)
{
	if (!op->fake->unlocated)
		result->address = container->address;
	if (container->state == ENGINE_RUNNING) {
		container->no_network &= !op->late_network;
		return ENGINE_OK;
	}
	if (container->port != 0 && container->port == op->fake->lost_port && !container->unpublished)
		return lose_port(op, result);
	if (!fake_listen(op->fake, container))
		return ENGINE_PORT_TAKEN;
	for (struct fake_container *c = op->fake->containers; c != NULL; c = c->next)
		if (c != container && c->slot == container->slot && c->slot >= 0 && c->state == ENGINE_RUNNING &&
		    strcmp(c->service, container->service) == 0)
			op->fake->two_in_a_slot = true;
	container->state = ENGINE_RUNNING;
	container->no_network &= !op->late_network;
	tell(op->fake, ENGINE_EVENT_START, container);
	give_source(op->fake, container);
	tell_sources(op->fake, container);
	return ENGINE_OK;
}

static enum engine_fault do_rename(struct op *op, struct fake_container *container)
{
	struct fake_container *other = fake_by_name(op->fake, op->name);

	if (other != NULL)
		return other == container ? ENGINE_REFUSED : ENGINE_NAME_TAKEN;
	set_text(container->name, sizeof(container->name), op->name);
	return ENGINE_OK;
}

static enum engine_fault do_pause(struct op *op, struct fake_container *container)
{
	bool pause = op->verb == FAKE_PAUSE;

	if (container->state != (pause ? ENGINE_RUNNING : ENGINE_PAUSED))
		return pause && container->state == ENGINE_PAUSED ? ENGINE_OK : ENGINE_REFUSED;
	if (pause)
		fake_pause(op->fake, container);
	else
		fake_unpause(op->fake, container);
	return ENGINE_OK;
}

static enum engine_fault do_inspect(const struct fake_container *container, struct engine_result *result)
{
	result->state = container->state;
	result->exit_code = container->exit_code;
	result->oom_killed = container->oom;
	result->address = container->address;
	return ENGINE_OK;
}

static enum engine_fault do_list(struct op *op, struct engine_result *result)
{
	struct engine_container *list = mem_zero(64 * sizeof(*list));

	for (struct fake_container *c = op->fake->containers; c != NULL; c = c->next) {
		struct engine_container *to = &list[result->count];

		if (c->foreign)
			continue;
		set_text(to->id, sizeof(to->id), c->id);
		set_text(to->name, sizeof(to->name), c->name);
		set_text(to->service, sizeof(to->service), c->service);
		set_text(to->spec, sizeof(to->spec), c->spec);
		set_text(to->owner, sizeof(to->owner), c->owner);
		set_text(to->image, sizeof(to->image), op->fake->image);
		if (!op->fake->unlocated)
			to->address = c->address;
		to->spoilt = c->socket_dir[0] != '\0' && !socket_dir_usable(c->socket_dir);
		to->slot = c->slot;
		to->host_port = c->port;
		if (c->state == ENGINE_RUNNING || c->state == ENGINE_PAUSED)
			to->sources = c->sources;
		to->state = c->state;
		to->no_network = c->no_network;
		result->count++;
	}
	result->containers = list;
	return ENGINE_OK;
}

static enum engine_fault effect(struct op *op, struct engine_result *result)
{
	struct fake_container *container = by_id(op->fake, op->id);

	switch (op->verb) {
	case FAKE_PREPARE:
		return ENGINE_OK;
	case FAKE_LIST:
		return do_list(op, result);
	case FAKE_CREATE:
		return do_create(op, result);
	default:
		break;
	}
	if (container == NULL)
		return ENGINE_NOT_FOUND;
	switch (op->verb) {
	case FAKE_START:
		return do_start(op, container, result);
	case FAKE_STOP:
		fake_signal(op->fake, container, op->grace_ms == 0 ? SIGKILL : SIGTERM);
		end_run(op->fake, container, op->grace_ms == 0 ? 137 : 143);
		return ENGINE_OK;
	case FAKE_REMOVE:
		fake_remove(op->fake, container);
		return ENGINE_OK;
	case FAKE_RENAME:
		return do_rename(op, container);
	case FAKE_PAUSE:
	case FAKE_UNPAUSE:
		return do_pause(op, container);
	case FAKE_INSPECT:
		return do_inspect(container, result);
	default:
		result->text = op->fake->output != NULL ? op->fake->output : "one\ntwo\n";
		result->text_len = strlen(result->text);
		return ENGINE_OK;
	}
}

/* A start that finds its port taken when it gives the network: the container ran, and was killed for it. */
static struct fake_container *undo_start(const struct op *op, const struct engine_result *result)
{
	struct fake_container *container = by_id(op->fake, op->id);

	if (op->verb != FAKE_START || !op->late_network || container == NULL || container->state == ENGINE_RUNNING ||
	    (result->fault != ENGINE_PORT_TAKEN && result->fault != ENGINE_PORT_LOST))
		return NULL;
	tell(op->fake, ENGINE_EVENT_START, container);
	container->state = ENGINE_EXITED;
	container->exit_code = 137;
	container->no_network = false;
	return container;
}

static void on_time(void *arg)
{
	struct op *op = arg;
	struct fake_engine *fake = op->fake;
	struct engine_result result = {.message = "", .id = op->id};
	struct fake_container *undone;

	if (fake->down) {
		result.fault = ENGINE_UNREACHABLE;
	} else if (fake->fail_times[op->verb] > 0) {
		fake->fail_times[op->verb]--;
		if (fake->hidden_failure[op->verb])
			(void)effect(op, &result);
		result.fault = fake->fail_with[op->verb];
	} else {
		result.fault = effect(op, &result);
	}
	undone = undo_start(op, &result);
	if (undone != NULL && !fake->late_end)
		tell(fake, ENGINE_EVENT_DIE, undone);
	if (result.fault != ENGINE_OK)
		result.message = "as the test says";
	fake->in_flight--;
	TAILQ_REMOVE(&fake->ops, op, link);
	op->done(&result, op->arg);
	if (undone != NULL && fake->late_end)
		tell(fake, ENGINE_EVENT_DIE, undone);
	free((void *)result.containers);
	timer_free(op->timer);
	free(op);
}

/* --- verbs ----------------------------------------------------------------------------------------------------- */

static struct op *op_new(struct engine *engine, enum fake_verb verb, const char *id, engine_done *done, void *arg)
{
	struct fake_engine *fake = (struct fake_engine *)engine;
	struct op *op = mem_zero(sizeof(*op));

	fake->calls[verb]++;
	fake->in_flight++;
	op->fake = fake;
	op->verb = verb;
	set_text(op->id, sizeof(op->id), id);
	op->done = done;
	op->arg = arg;
	op->timer = timer_new(fake->base, on_time, op);
	timer_set(op->timer, fake->delay_us[verb]);
	TAILQ_INSERT_TAIL(&fake->ops, op, link);
	return op;
}

static void verb_prepare(struct engine *engine, const struct engine_spec *spec, engine_done *done, void *arg)
{
	(void)spec;
	op_new(engine, FAKE_PREPARE, NULL, done, arg);
}

static void verb_list(struct engine *engine, engine_done *done, void *arg)
{
	op_new(engine, FAKE_LIST, NULL, done, arg);
}

static void verb_create(struct engine *engine, const struct engine_spec *spec, const struct engine_place *place,
                        engine_done *done, void *arg)
{
	struct op *op = op_new(engine, FAKE_CREATE, NULL, done, arg);

	set_text(op->made.name, sizeof(op->made.name), place->name);
	set_text(op->made.service, sizeof(op->made.service), spec->service);
	set_text(op->made.spec, sizeof(op->made.spec), spec->hash);
	op->reach = spec->reach;
	op->made.slot = place->slot;
	op->made.port = place->host_port;
	op->made.stop_ms = spec->stop_ms;
	op->made.unpublished =
	        spec->reach != REACH_PUBLISHED && op->made.port != 0 && op->made.port == op->fake->noted_port;
	op->made.no_network = place->late_network && !op->fake->never_late;
	op->fake->late_extra |= place->late_network && place->slot < 0;
}

static void verb_start(struct engine *engine, const struct engine_spec *spec, const struct engine_place *place,
                       const char *id, engine_done *done, void *arg)
{
	struct op *op = op_new(engine, FAKE_START, id, done, arg);

	op->reach = spec->reach;
	op->late_network = place->late_network;
}

static void verb_stop(struct engine *engine, const char *id, int grace_ms, engine_done *done, void *arg)
{
	op_new(engine, FAKE_STOP, id, done, arg)->grace_ms = grace_ms;
}

static void verb_remove(struct engine *engine, const char *id, engine_done *done, void *arg)
{
	op_new(engine, FAKE_REMOVE, id, done, arg);
}

static void verb_rename(struct engine *engine, const char *id, const char *name, engine_done *done, void *arg)
{
	struct op *op = op_new(engine, FAKE_RENAME, id, done, arg);

	set_text(op->name, sizeof(op->name), name);
}

static void verb_pause(struct engine *engine, const char *id, engine_done *done, void *arg)
{
	op_new(engine, FAKE_PAUSE, id, done, arg);
}

static void verb_unpause(struct engine *engine, const char *id, engine_done *done, void *arg)
{
	op_new(engine, FAKE_UNPAUSE, id, done, arg);
}

static void verb_inspect(struct engine *engine, const char *id, engine_done *done, void *arg)
{
	op_new(engine, FAKE_INSPECT, id, done, arg);
}

static void verb_logs(struct engine *engine, const char *id, int lines, engine_done *done, void *arg)
{
	(void)lines;
	op_new(engine, FAKE_LOGS, id, done, arg);
}

static void verb_forgo_port(struct engine *engine, int port)
{
	struct fake_engine *fake = (struct fake_engine *)engine;

	fake->noted_port = port;
}

static const struct engine_verbs fake_verbs = {
        .prepare = verb_prepare,
        .list = verb_list,
        .create = verb_create,
        .start = verb_start,
        .stop = verb_stop,
        .remove = verb_remove,
        .rename = verb_rename,
        .pause = verb_pause,
        .unpause = verb_unpause,
        .forgo_port = verb_forgo_port,
        .inspect = verb_inspect,
        .logs = verb_logs,
};

struct fake_engine *fake_engine_new(struct event_base *base)
{
	struct fake_engine *fake = mem_zero(sizeof(*fake));

	fake->engine.verbs = &fake_verbs;
	fake->engine.can = &fake->can;
	fake->can = (struct engine_can){.rename = true,
	                                .ahead = true,
	                                .pause = true,
	                                .late_network = true,
	                                .local_ports = true,
	                                .gone_ended = true};
	fake->base = base;
	TAILQ_INIT(&fake->ops);
	return fake;
}

void fake_engine_free(struct fake_engine *fake)
{
	struct op *op;

	while ((op = TAILQ_FIRST(&fake->ops)) != NULL) {
		TAILQ_REMOVE(&fake->ops, op, link);
		timer_free(op->timer);
		free(op);
	}
	fake->silent = true;
	while (fake->containers != NULL)
		fake_remove(fake, fake->containers);
	free(fake);
}
