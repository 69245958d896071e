/* docker_create: the verb create.
 *
 *   create -> POST create -> done
 *          -> late_network: GET image -> POST create -> POST disconnect -> done
 *                                          the file cannot be mounted -> without late_network
 *
 * With late_network the container's first program is ours (docker_await.h), and its own one an argument of that; so that one
 * must be known. Where the image's name is given to another image between the two calls, the container has the new files and
 * is told to run the old program: it is the supervisor's to roll containers whose image has changed.
 *
 * Bodies are made at the start, so the spec need not outlive the call.
 */
#include "orchestrator/engine/docker/docker.h"

#include "common/buf.h"
#include "common/mem.h"
#include "orchestrator/base/random_hex.h"
#include "orchestrator/engine/docker/docker_body.h"
#include "orchestrator/engine/docker/docker_json.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define DOCKER_IDENTITY_SIZE 33
#define CREATE_MS 30000
#define IMAGE_MS 10000
#define NETWORK_MS 10000

struct create {
	struct docker *docker;
	engine_done *done;
	void *arg;
	char id[ENGINE_ID_SIZE];
	char identity[DOCKER_IDENTITY_SIZE];
	char socket_dir[SOCKET_DIR_SIZE]; /* made for it; "" = it needs none */
	char *path;
	char *image;
	char *plain;            /* the body without late_network */
	char *waiting;          /* the one with it, without what it runs; NULL: no late_network, or no more */
	struct strings command; /* the spec's */
};

static void create_free(void *arg)
{
	struct create *create = arg;

	strings_clear(&create->command);
	free(create->path);
	free(create->image);
	free(create->plain);
	free(create->waiting);
	free(create);
}

static void create_finish(struct create *create, const struct engine_result *result)
{
	struct docker_sockets *sockets = create->docker->sockets;

	if (result->fault == ENGINE_OK)
		docker_sockets_made(sockets, create->socket_dir, create->id);
	else
		docker_sockets_failed(sockets, create->socket_dir, engine_in_doubt(result->fault));
	create->done(result, create->arg);
	create_free(create);
}

static void create_fail(struct create *create, enum engine_fault fault, const char *message)
{
	const struct engine_result result = {.fault = fault, .message = message, .id = ""};

	create_finish(create, &result);
}

/* --- out of the network ---------------------------------------------------------------------------------------- */

/* Where that was refused it has its network from the start on, as any other. */
static void on_left(const struct docker_answer *answer, void *arg)
{
	struct create *create = arg;
	const struct engine_result result = {.fault = ENGINE_OK,
	                                     .message = "",
	                                     .id = create->id,
	                                     .identity = create->identity,
	                                     .no_network =
	                                             answer->fault == ENGINE_OK || engine_in_doubt(answer->fault)};

	create_finish(create, &result);
}

/* Docker makes a container in its network or in none for good: so it is made in it, and then taken out. */
static void leave_network(struct create *create)
{
	struct docker_ask ask = {.method = "POST", .timeout_ms = NETWORK_MS};
	struct buf body, path;
	bool fits;

	buf_init(&body, DOCKER_BODY_MAX);
	buf_init(&path, DOCKER_BODY_MAX);
	fits = docker_body_disconnect(&body, create->id) &&
	       docker_body_network_path(&path, create->docker->name, "disconnect");
	assert(fits);
	ask.path = buf_text(&path);
	ask.body = buf_text(&body);
	ask.body_len = body.len;
	docker_call(create->docker->calls, &ask, on_left, create_free, create);
	buf_clear(&body);
	buf_clear(&path);
}

/* --- the container --------------------------------------------------------------------------------------------- */

static void create_post(struct create *create, const char *body);

static void on_created(const struct docker_answer *answer, void *arg)
{
	struct create *create = arg;
	struct engine_result result = {.message = "", .id = create->id, .identity = create->identity};
	struct err err;

	if (answer->fault != ENGINE_OK && create->waiting != NULL &&
	    docker_await_refused(create->docker->await, answer->message)) {
		free(create->waiting);
		create->waiting = NULL;
		create_post(create, create->plain);
	} else if (answer->fault != ENGINE_OK) {
		create_fail(create, answer->fault, answer->message);
	} else if (!docker_json_created(answer->body, answer->len, create->id, &err)) {
		create_fail(create, ENGINE_REFUSED, err.message);
	} else if (create->waiting != NULL) {
		leave_network(create);
	} else {
		create_finish(create, &result);
	}
}

static void create_post(struct create *create, const char *body)
{
	struct docker_ask ask = {
	        .method = "POST", .path = create->path, .timeout_ms = CREATE_MS, .image = create->image};

	ask.body = body;
	ask.body_len = strlen(body);
	docker_call(create->docker->calls, &ask, on_created, create_free, create);
}

static void create_run(struct create *create, const struct strings *words)
{
	struct buf body;

	buf_init(&body, DOCKER_BODY_MAX);
	if (docker_body_create_await(&body, create->waiting, words))
		create_post(create, buf_text(&body));
	else
		create_fail(create, ENGINE_REFUSED, "Entrypoint and Cmd of the image are too long");
	buf_clear(&body);
}

/* Nothing to run: that Docker says, as it would of any. */
static void on_image(const struct docker_answer *answer, void *arg)
{
	struct create *create = arg;
	struct strings words = {0};
	struct err err;

	if (answer->fault != ENGINE_OK) {
		create_fail(create, answer->fault, answer->message);
		return;
	}
	if (!docker_json_image(answer->body, answer->len, &create->command, &words, &err)) {
		create_fail(create, ENGINE_REFUSED, err.message);
		return;
	}
	if (words.count > 0)
		create_run(create, &words);
	else
		create_post(create, create->plain);
	strings_clear(&words);
}

static void ask_image(struct create *create)
{
	struct docker_ask ask = {.method = "GET", .timeout_ms = IMAGE_MS, .image = create->image};
	struct buf path;
	bool fits;

	buf_init(&path, DOCKER_BODY_MAX);
	fits = docker_body_image_path(&path, create->image);
	assert(fits);
	ask.path = buf_text(&path);
	docker_call(create->docker->calls, &ask, on_image, create_free, create);
	buf_clear(&path);
}

/* --- the verb -------------------------------------------------------------------------------------------------- */

bool docker_does_without(const struct docker *docker, const struct engine_spec *spec, int port)
{
	return spec->reach != REACH_PUBLISHED && lost_ports_has(&docker->lost_ports, port);
}

static char *make_body(const struct create *create, const struct engine_spec *spec, const struct engine_place *place,
                       const char *await_file)
{
	const struct docker *docker = create->docker;
	const struct docker_gift gift = {
	        .name = docker->name,
	        .owner = docker->owner,
	        .identity = create->identity,
	        .socket_dir = create->socket_dir,
	        .await_file = await_file,
	        .unpublished = docker_does_without(docker, spec, place->host_port),
	        .log_files = docker_link_logs_to_files(docker->link),
	};
	struct buf body;
	char *text;
	bool fits;

	buf_init(&body, DOCKER_BODY_MAX);
	fits = docker_body_create(&body, &gift, spec, place);
	assert(fits);
	text = mem_dup(buf_text(&body));
	buf_clear(&body);
	return text;
}

static char *make_path(const char *name)
{
	struct buf path;
	char *text;
	bool fits;

	buf_init(&path, DOCKER_BODY_MAX);
	fits = buf_add_text(&path, "/containers/create?name=") && docker_body_escape(&path, name);
	assert(fits);
	text = mem_dup(buf_text(&path));
	buf_clear(&path);
	return text;
}

static void on_no_dir(const struct docker_answer *answer, void *arg)
{
	create_fail(arg, answer->fault, answer->message);
}

static void create_begin(struct create *create, const struct engine_spec *spec, const struct engine_place *place)
{
	const char *await_file = place->late_network ? docker_await_file(create->docker->await) : NULL;

	(void)!random_hex(create->identity, sizeof(create->identity), NULL); /* it does without, then */
	create->path = make_path(place->name);
	create->image = mem_dup(spec->image);
	create->plain = make_body(create, spec, place, NULL);
	for (size_t i = 0; spec->command != NULL && i < spec->command->count; i++)
		strings_add(&create->command, spec->command->items[i]);
	if (await_file == NULL) {
		create_post(create, create->plain);
		return;
	}
	create->waiting = make_body(create, spec, place, await_file);
	ask_image(create);
}

void docker_create(struct engine *engine, const struct engine_spec *spec, const struct engine_place *place,
                   engine_done *done, void *arg)
{
	struct create *create = mem_zero(sizeof(*create));
	struct err err;

	create->docker = (struct docker *)engine;
	create->done = done;
	create->arg = arg;
	if (spec->reach != REACH_SOCKET ||
	    docker_sockets_make(create->docker->sockets, spec->service, place->slot, create->socket_dir, &err))
		create_begin(create, spec, place);
	else
		docker_call_refuse(create->docker->calls, err.message, on_no_dir, create_free, create);
}
