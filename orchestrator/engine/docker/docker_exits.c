/* docker_exits: one watch per container.
 *
 *   docker_exits_watch -> ASKING (inspect: which process?) -> pidfd -> readable: told -> gone
 *                                                          -> none: gone
 *
 * Invariant: a watch is in the list from docker_exits_watch until it is gone; it has a pidfd or its inspect is under way.
 */
#include "orchestrator/engine/docker/docker_exits.h"

#include "common/mem.h"
#include "orchestrator/engine/docker/docker_json.h"
#include "orchestrator/base/loop.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/queue.h>
#include <unistd.h>

#define INSPECT_MS 10000

struct exit_watch {
	LIST_ENTRY(exit_watch) link;
	struct docker_exits *exits;
	char id[ENGINE_ID_SIZE];
	int pidfd; /* -1: being asked for */
	struct event *readable;
};

struct docker_exits {
	struct event_base *base;
	struct docker_calls *calls;
	struct engine_observer observer;
	LIST_HEAD(, exit_watch) watches;
};

/* It is in the list no more. */
static void watch_end(struct exit_watch *watch)
{
	if (watch->readable != NULL)
		event_free(watch->readable);
	if (watch->pidfd != -1)
		close(watch->pidfd);
	free(watch);
}

static void watch_free(void *arg)
{
	struct exit_watch *watch = arg;

	LIST_REMOVE(watch, link);
	watch_end(watch);
}

static void on_end(evutil_socket_t fd, short what, void *arg)
{
	struct exit_watch *watch = arg;
	const struct engine_observer observer = watch->exits->observer;
	char id[ENGINE_ID_SIZE];
	const struct engine_event event = {.type = ENGINE_EVENT_EXIT, .id = id};

	(void)fd;
	(void)what;
	memcpy(id, watch->id, sizeof(id));
	watch_free(watch);
	observer.on_event(&event, observer.arg);
}

/* The same reply says it. */
static void tell_sources(const struct exit_watch *watch, const struct engine_sources *sources)
{
	const struct engine_observer *observer = &watch->exits->observer;
	const struct engine_event event = {.type = ENGINE_EVENT_SOURCES, .id = watch->id, .sources = sources};

	observer->on_event(&event, observer->arg);
}

static void on_inspected(const struct docker_answer *answer, void *arg)
{
	struct exit_watch *watch = arg;
	struct docker_running running = {.pid = 0};

	if (answer->fault == ENGINE_OK)
		docker_json_running(answer->body, answer->len, &running);
	if (running.pid > 0) {
		tell_sources(watch, &running.sources);
		watch->pidfd = pidfd_open(running.pid, 0);
	}
	if (watch->pidfd == -1) {
		watch_free(watch);
		return;
	}
	watch->readable = loop_event_new(watch->exits->base, LOOP_URGENT, watch->pidfd, EV_READ, on_end, watch);
	event_add(watch->readable, NULL);
}

void docker_exits_watch(struct docker_exits *exits, const char *id)
{
	struct exit_watch *watch;
	char path[ENGINE_ID_SIZE + 64];

	LIST_FOREACH (watch, &exits->watches, link)
		if (strcmp(watch->id, id) == 0)
			return;
	watch = mem_zero(sizeof(*watch));
	watch->exits = exits;
	watch->pidfd = -1;
	snprintf(watch->id, sizeof(watch->id), "%s", id);
	LIST_INSERT_HEAD(&exits->watches, watch, link);
	snprintf(path, sizeof(path), "/containers/%s/json", id);
	docker_call(exits->calls, &(struct docker_ask){.method = "GET", .path = path, .timeout_ms = INSPECT_MS},
	            on_inspected, watch_free, watch);
}

struct docker_exits *docker_exits_new(struct event_base *base, struct docker_calls *calls,
                                      const struct engine_observer *observer)
{
	struct docker_exits *exits = mem_zero(sizeof(*exits));

	exits->base = base;
	exits->calls = calls;
	exits->observer = *observer;
	LIST_INIT(&exits->watches);
	return exits;
}

void docker_exits_free(struct docker_exits *exits)
{
	struct exit_watch *watch;

	while ((watch = LIST_FIRST(&exits->watches)) != NULL) {
		LIST_REMOVE(watch, link);
		watch_end(watch);
	}
	free(exits);
}
