/* docker_start.c: the verb start, and what Docker says of a port that it takes for allocated.
 *
 *   start -> done
 *         -> "port is already allocated", for long -> which containers publish it?  -> some: ENGINE_PORT_TAKEN
 *                                                                                  -> none: ENGINE_PORT_LOST
 *
 * A dockerd that is killed while it starts a container comes back with the port allocated, and a docker-proxy on it, for
 * a container that does not run (20.10): nothing but its next restart frees that port.
 */
#include "orchestrator/engine/docker.h"

#include "common/clock.h"
#include "common/mem.h"
#include "orchestrator/engine/docker_fault.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define START_MS 30000
#define LIST_MS 10000

struct start {
	struct docker *docker;
	engine_done *done;
	void *arg;
	char id[ENGINE_ID_SIZE];
	int port;      /* the one that is said to be allocated */
	char *refusal; /* what was said */
};

static void start_free(void *arg)
{
	struct start *start = arg;

	free(start->refusal);
	free(start);
}

static void start_finish(struct start *start, enum engine_fault fault, const char *message)
{
	const struct engine_result result = {.fault = fault, .message = message, .id = start->id};

	start->done(&result, start->arg);
	start_free(start);
}

static bool is_empty_list(const struct docker_answer *answer)
{
	return answer->fault == ENGINE_OK && answer->len >= 2 && memcmp(answer->body, "[]", 2) == 0;
}

static void on_publishers(const struct docker_answer *answer, void *arg)
{
	struct start *start = arg;
	char message[200];

	if (!is_empty_list(answer)) {
		start_finish(start, ENGINE_PORT_TAKEN, start->refusal);
		return;
	}
	snprintf(message, sizeof(message),
	         "Docker holds port %d for a container that does not run, as it was killed while it started one:"
	         " `systemctl restart docker` frees it",
	         start->port);
	start_finish(start, ENGINE_PORT_LOST, message);
}

static void ask_publishers(struct start *start)
{
	char path[128];

	snprintf(path, sizeof(path), "/containers/json?filters=%%7B%%22publish%%22%%3A%%5B%%22%d%%2Ftcp%%22%%5D%%7D",
	         start->port);
	docker_call(start->docker->calls, &(struct docker_ask){.method = "GET", .path = path, .timeout_ms = LIST_MS},
	            on_publishers, start_free, start);
}

static void on_answer(const struct docker_answer *answer, void *arg)
{
	struct start *start = arg;

	start->port = answer->fault == ENGINE_PORT_TAKEN ? docker_fault_port(answer->message) : 0;
	if (start->port == 0 || !docker_refusals_note(&start->docker->refusals, start->port, clock_us())) {
		start_finish(start, answer->fault, answer->message);
		return;
	}
	start->refusal = mem_dup(answer->message);
	ask_publishers(start);
}

void docker_start(struct engine *engine, const char *id, engine_done *done, void *arg)
{
	struct start *start = mem_zero(sizeof(*start));
	char path[ENGINE_ID_SIZE + 64];

	assert(id[0] != '\0' && strlen(id) < ENGINE_ID_SIZE);
	*start = (struct start){.docker = (struct docker *)engine, .done = done, .arg = arg};
	snprintf(start->id, sizeof(start->id), "%s", id);
	snprintf(path, sizeof(path), "/containers/%s/start", id);
	docker_call(start->docker->calls, &(struct docker_ask){.method = "POST", .path = path, .timeout_ms = START_MS},
	            on_answer, start_free, start);
}
