/* docker_start: the verb start, and what Docker says of a port that it takes for allocated.
 *
 *   start -> done, with the address
 *         -> reached on the bridge: look -> done
 *         -> late_network: until nobody else publishes its port -> connect -> done
 *                                                   it is there already? look -> done
 *                                           refused: kill, until that is over -> as a start that was refused
 *         -> "port is already allocated", for long -> which containers publish it?  -> some: ENGINE_PORT_TAKEN
 *                                                                                  -> none: ENGINE_PORT_LOST
 *
 * With late_network a start takes no notice of the container before: that one's network and port are freed meanwhile.
 * Connecting is not tried while the port may be taken, for a connect that was refused leaves an interface behind in the
 * container, and every further one fails (20.10). Such a container is killed. Its end is waited for, for its die event
 * shall not come after our answer: an inspect is answered when Docker has done with it.
 *
 * A dockerd that is killed while it starts a container comes back with the port allocated, and a docker-proxy on it, for
 * a container that does not run (20.10): nothing but its next restart frees that port.
 */
#include "orchestrator/engine/docker/docker.h"

#include "common/clock.h"
#include "common/mem.h"
#include "orchestrator/engine/docker/docker_body.h"
#include "orchestrator/engine/docker/docker_fault.h"
#include "orchestrator/engine/docker/docker_json.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define START_MS 30000
#define CONNECT_MS 30000
#define KILL_MS 10000
#define LOOK_MS 10000
#define LIST_MS 10000
#define FREED_MS 3000 /* a dead container's port is freed within this time: else it is another's */

struct start {
	struct docker *docker;
	engine_done *done;
	void *arg;
	char id[ENGINE_ID_SIZE];
	bool late_network;
	enum engine_reach reach;
	char *service;
	int published;           /* host port; 0 = it publishes none */
	struct strings publish;  /* on these addresses */
	int port;                /* the one that is said to be allocated */
	enum engine_fault fault; /* what was said when it was given its network */
	char *refusal;
};

static void start_free(void *arg)
{
	struct start *start = arg;

	strings_clear(&start->publish);
	free(start->service);
	free(start->refusal);
	free(start);
}

static void start_answer(struct start *start, const struct engine_result *result)
{
	start->done(result, start->arg);
	start_free(start);
}

static void start_fail(struct start *start, enum engine_fault fault, const char *message)
{
	start_answer(start, &(struct engine_result){.fault = fault, .message = message, .id = start->id});
}

/* ask: its method and its timeout. */
static void start_call(struct start *start, struct docker_ask ask, const char *path, docker_call_done *done)
{
	ask.path = path;
	docker_call(start->docker->calls, &ask, done, start_free, start);
}

static void start_call_container(struct start *start, const char *method, const char *verb, int timeout_ms,
                                 docker_call_done *done)
{
	char path[ENGINE_ID_SIZE + 64];

	snprintf(path, sizeof(path), "/containers/%s/%s", start->id, verb);
	start_call(start, (struct docker_ask){.method = method, .timeout_ms = timeout_ms}, path, done);
}

/* The containers that publish a port. */
static void start_list_publishers(struct start *start, struct docker_ask ask, int port, docker_call_done *done)
{
	char path[128];

	ask.method = "GET";
	snprintf(path, sizeof(path), "/containers/json?filters=%%7B%%22publish%%22%%3A%%5B%%22%d%%2Ftcp%%22%%5D%%7D",
	         port);
	start_call(start, ask, path, done);
}

/* --- started: where is it reached? ----------------------------------------------------------------------------- */

/* address: of length 0 where it is not known. */
static void start_succeed(struct start *start, const struct address *address)
{
	docker_exits_watch(start->docker->exits, start->id);
	if (start->late_network)
		docker_await_worked(start->docker->await);
	start_answer(start, &(struct engine_result){.message = "", .id = start->id, .address = *address});
}

/* It has been started, whatever this says; where there is no address fleet asks again. */
static void on_located(const struct docker_answer *answer, void *arg)
{
	struct start *start = arg;
	struct engine_result seen = {.address = {.len = 0}};
	struct err err;

	if (answer->fault != ENGINE_OK ||
	    !docker_json_inspect(answer->body, answer->len, start->docker->name, &seen, &err))
		seen.address.len = 0;
	start_succeed(start, &seen.address);
}

static bool is_known(const struct start *start, struct address *address)
{
	switch (start->reach) {
	case REACH_SOCKET:
		return docker_sockets_address(start->docker->sockets, start->id, address);
	case REACH_PUBLISHED:
		if (start->published == 0 || !address_of_host(start->publish.items[0], start->published, address))
			return false;
		address_make_reachable(address);
		return true;
	case REACH_BRIDGE:
		break;
	}
	return false;
}

static void start_locate(struct start *start)
{
	struct address address;

	if (is_known(start, &address))
		start_succeed(start, &address);
	else
		start_call_container(start, "GET", "json", LOOK_MS, on_located);
}

/* --- refused --------------------------------------------------------------------------------------------------- */

static bool is_empty_list(const struct docker_answer *answer)
{
	return answer->fault == ENGINE_OK && answer->len >= 2 && memcmp(answer->body, "[]", 2) == 0;
}

static void on_publishers(const struct docker_answer *answer, void *arg)
{
	struct start *start = arg;
	char message[200];

	if (!is_empty_list(answer)) {
		start_fail(start, ENGINE_PORT_TAKEN, start->refusal);
		return;
	}
	snprintf(message, sizeof(message),
	         "Docker holds port %d for a container that does not run, as it was killed while it started one:"
	         " `systemctl restart docker` frees it",
	         start->port);
	start_answer(start, &(struct engine_result){.fault = ENGINE_PORT_LOST,
	                                            .message = message,
	                                            .id = start->id,
	                                            .remake = start->reach != REACH_PUBLISHED &&
	                                                      lost_ports_have_room(&start->docker->lost_ports)});
}

static void start_refused(struct start *start, enum engine_fault fault, const char *message)
{
	start->port = fault == ENGINE_PORT_TAKEN ? docker_fault_port(message) : 0;
	if (start->port == 0 || !docker_refusals_note(&start->docker->refusals, start->port, clock_us())) {
		start_fail(start, fault, message);
		return;
	}
	if (start->refusal == NULL)
		start->refusal = mem_dup(message);
	start_list_publishers(start, (struct docker_ask){.timeout_ms = LIST_MS}, start->port, on_publishers);
}

void docker_forgo_port(struct engine *engine, int port)
{
	struct docker *docker = (struct docker *)engine;

	(void)lost_ports_add(&docker->lost_ports, port);
}

/* --- late_network ---------------------------------------------------------------------------------------------- */

static void on_end_seen(const struct docker_answer *answer, void *arg)
{
	struct start *start = arg;

	if (engine_in_doubt(answer->fault))
		start_fail(start, answer->fault, answer->message);
	else
		start_refused(start, start->fault, start->refusal);
}

static void on_killed(const struct docker_answer *answer, void *arg)
{
	struct start *start = arg;

	if (engine_in_doubt(answer->fault))
		start_fail(start, answer->fault, answer->message);
	else if (answer->fault != ENGINE_OK && strstr(answer->message, "is not running") != NULL)
		start_locate(start); /* it was started, and has ended by itself */
	else
		start_call_container(start, "GET", "json", LOOK_MS, on_end_seen);
}

static void connect_refused(struct start *start, enum engine_fault fault, const char *message)
{
	start->fault = fault;
	start->refusal = mem_dup(message);
	start_call_container(start, "POST", "kill", KILL_MS, on_killed);
}

/* An endpoint of its name may be another one's that Docker has forgotten to take away. */
static void on_looked(const struct docker_answer *answer, void *arg)
{
	struct start *start = arg;
	struct engine_result seen = {.fault = answer->fault};
	struct err err;

	if (answer->fault != ENGINE_OK)
		start_fail(start, answer->fault, answer->message);
	else if (docker_json_inspect(answer->body, answer->len, start->docker->name, &seen, &err) &&
	         seen.state == ENGINE_RUNNING && seen.no_network)
		connect_refused(start, ENGINE_REFUSED, "Docker takes it for connected to its network, and it is not");
	else
		start_locate(start);
}

static void on_connected(const struct docker_answer *answer, void *arg)
{
	struct start *start = arg;

	if (answer->fault == ENGINE_OK)
		start_locate(start);
	else if (engine_in_doubt(answer->fault))
		start_fail(start, answer->fault, answer->message);
	else if (strstr(answer->message, "already exists in network") != NULL)
		start_call_container(start, "GET", "json", LOOK_MS, on_looked); /* or an answer was lost */
	else
		connect_refused(start, answer->fault, answer->message);
}

static void start_connect(struct start *start)
{
	struct docker_ask ask = {.method = "POST", .timeout_ms = CONNECT_MS};
	struct buf body, path;
	bool fits;

	buf_init(&body, DOCKER_BODY_MAX);
	buf_init(&path, DOCKER_BODY_MAX);
	fits = docker_body_connect(&body, start->id, start->service) &&
	       docker_body_network_path(&path, start->docker->name, "connect");
	assert(fits);
	ask.body = buf_text(&body);
	ask.body_len = body.len;
	start_call(start, ask, buf_text(&path), on_connected);
	buf_clear(&body);
	buf_clear(&path);
}

static bool is_freed(const struct docker_answer *answer, void *arg)
{
	const struct start *start = arg;

	return !docker_json_port_held(answer->body, answer->len, start->id, start->published, &start->publish);
}

static void on_freed(const struct docker_answer *answer, void *arg)
{
	(void)answer; /* whatever it is: connect says what there is to say */
	start_connect(arg);
}

/* --- the verb -------------------------------------------------------------------------------------------------- */

static void on_answer(const struct docker_answer *answer, void *arg)
{
	struct start *start = arg;

	if (answer->fault != ENGINE_OK) {
		(void)docker_await_refused(start->docker->await,
		                           answer->message); /* the next container is made without */
		start_refused(start, answer->fault, answer->message);
	} else if (!start->late_network)
		start_locate(start);
	else if (start->published == 0)
		start_connect(start);
	else
		start_list_publishers(start, (struct docker_ask){.timeout_ms = FREED_MS, .enough = is_freed},
		                      start->published, on_freed);
}

void docker_start(struct engine *engine, const struct engine_spec *spec, const struct engine_place *place,
                  const char *id, engine_done *done, void *arg)
{
	struct start *start = mem_zero(sizeof(*start));
	struct docker *docker = (struct docker *)engine;
	bool published = spec->publish != NULL && spec->publish->count > 0 &&
	                 !docker_does_without(docker, spec, place->host_port);

	assert(id[0] != '\0' && strlen(id) < ENGINE_ID_SIZE);
	*start = (struct start){
	        .docker = docker,
	        .done = done,
	        .arg = arg,
	        .late_network = place->late_network,
	        .reach = spec->reach,
	        .service = mem_dup(spec->service),
	        .published = published ? place->host_port : 0,
	};
	for (size_t i = 0; start->published != 0 && i < spec->publish->count; i++)
		strings_add(&start->publish, spec->publish->items[i]);
	snprintf(start->id, sizeof(start->id), "%s", id);
	start_call_container(start, "POST", "start", START_MS, on_answer);
}
