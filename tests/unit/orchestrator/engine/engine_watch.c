/* engine_watch.c: see the header. The loop runs turn by turn, so a condition is looked at after each. */
#include "tests/unit/orchestrator/engine/engine_watch.h"

#include "common/clock.h"
#include "orchestrator/engine/docker/docker_engine.h"
#include "orchestrator/engine/process/process_engine.h"
#include "orchestrator/engine/swarm/swarm_engine.h"

#include <check.h>
#include <event2/event.h>
#include <stdio.h>
#include <string.h>

static void on_event(const struct engine_event *event, void *arg)
{
	struct watch *watch = arg;
	size_t at = watch->event_count;

	if (at == WATCH_EVENTS)
		return;
	watch->events[at] = *event;
	snprintf(watch->ids[at], sizeof(watch->ids[at]), "%s", event->id);
	watch->events[at].id = watch->ids[at];
	if (event->sources != NULL) {
		watch->sources[at] = *event->sources;
		watch->events[at].sources = &watch->sources[at];
	}
	if (event->address != NULL)
		address_format(event->address, watch->moved_to);
	watch->event_count++;
}

static void on_up(void *arg)
{
	struct watch *watch = arg;

	watch->ups++;
}

static void on_down(const char *message, void *arg)
{
	struct watch *watch = arg;

	watch->downs++;
	snprintf(watch->down_message, sizeof(watch->down_message), "%s", message);
}

static void on_shared(const struct engine_shared *shared, void *arg)
{
	struct watch *watch = arg;

	ck_assert_str_eq(watch->owner, "");
	ck_assert_int_eq(watch->ups, 0);
	snprintf(watch->owner, sizeof(watch->owner), "%s", shared->owner);
	snprintf(watch->key, sizeof(watch->key), "%s", shared->key);
}

static void on_role(const struct engine_role *role, void *arg)
{
	struct watch *watch = arg;

	watch->roles++;
	watch->leads = role->leads;
	snprintf(watch->leader, sizeof(watch->leader), "%s", role->leader);
}

static void on_nodes(const struct engine_node *nodes, size_t count, void *arg)
{
	struct watch *watch = arg;

	watch->nodes_told++;
	watch->nodes[0] = '\0';
	for (size_t i = 0; i < count; i++) {
		size_t len = strlen(watch->nodes);

		snprintf(watch->nodes + len, sizeof(watch->nodes) - len, "%s%s %s %s%s%s%s%s%s", i > 0 ? ", " : "",
		         nodes[i].host, nodes[i].address, nodes[i].state, nodes[i].self ? " self" : "",
		         nodes[i].ready ? "" : " away", nodes[i].manager ? " manager" : "",
		         nodes[i].reachable ? " reachable" : "", nodes[i].leader ? " leader" : "");
	}
}

static void open_with(struct watch *watch, engine_new *make, struct engine_settings settings)
{
	char socket_dir[256];
	struct err err;

	snprintf(socket_dir, sizeof(socket_dir), "%s/sockets", settings.state_dir);
	settings.socket_dir = socket_dir;
	memset(watch, 0, sizeof(*watch));
	watch->base = settings.base = event_base_new();
	settings.observer = (struct engine_observer){.on_event = on_event,
	                                             .on_shared = on_shared,
	                                             .on_role = on_role,
	                                             .on_nodes = on_nodes,
	                                             .on_up = on_up,
	                                             .on_down = on_down,
	                                             .arg = watch};
	ck_assert_ptr_nonnull(watch->base);
	ck_assert_msg(make(&settings, &watch->engine, &err), "%s", err.message);
	ck_assert_int_eq(watch->ups + watch->downs, 0);
}

void watch_open(struct watch *watch, const char *name, const char *socket_path, const char *state_dir)
{
	open_with(watch, docker_engine_new,
	          (struct engine_settings){.name = name, .docker_socket = socket_path, .state_dir = state_dir});
}

void watch_open_swarm(struct watch *watch, const char *name, const char *socket_path, const char *state_dir,
                      int poll_ms)
{
	open_with(watch, swarm_engine_new,
	          (struct engine_settings){.name = name,
	                                   .own = {WATCH_OWNER, WATCH_KEY},
	                                   .docker_socket = socket_path,
	                                   .poll_ms = poll_ms,
	                                   .state_dir = state_dir});
}

void watch_open_process(struct watch *watch, const char *state_dir)
{
	open_with(watch, process_engine_new,
	          (struct engine_settings){.name = strrchr(state_dir, '/') + 1, .state_dir = state_dir});
}

void watch_close(struct watch *watch)
{
	if (watch->engine != NULL)
		watch->engine->verbs->free(watch->engine);
	event_base_free(watch->base);
}

static void watch_turn(struct watch *watch)
{
	struct timeval most = {.tv_usec = 5000};

	event_base_loopexit(watch->base, &most);
	event_base_loop(watch->base, EVLOOP_ONCE);
}

bool watch_until(struct watch *watch, const int *number, int want, int timeout_ms)
{
	int64_t end_ms = clock_ms() + timeout_ms;

	while (*number < want && clock_ms() < end_ms)
		watch_turn(watch);
	return *number >= want;
}

void watch_run(struct watch *watch, int ms)
{
	int never = 0;

	watch_until(watch, &never, 1, ms);
}

const struct engine_event *watch_event(struct watch *watch, enum engine_event_type type, int timeout_ms)
{
	int64_t end_ms = clock_ms() + timeout_ms;

	do {
		for (size_t i = 0; i < watch->event_count; i++)
			if (watch->events[i].type == type)
				return &watch->events[i];
		watch_turn(watch);
	} while (clock_ms() < end_ms);
	return NULL;
}

static void take_address(const struct address *address, char text[ADDRESS_TEXT_SIZE])
{
	text[0] = '\0';
	if (address->len > 0)
		address_format(address, text);
}

void outcome_take(const struct engine_result *result, void *arg)
{
	struct outcome *outcome = arg;

	outcome->count++;
	outcome->fault = result->fault;
	outcome->result = *result;
	snprintf(outcome->message, sizeof(outcome->message), "%s", result->message);
	snprintf(outcome->id, sizeof(outcome->id), "%s", result->id);
	if (result->text != NULL)
		snprintf(outcome->text, sizeof(outcome->text), "%.*s", (int)result->text_len, result->text);
	take_address(&result->address, outcome->address);
	outcome->listed = result->count;
	if (result->count == 0)
		return;
	outcome->first = result->containers[0];
	take_address(&outcome->first.address, outcome->first_address);
}
