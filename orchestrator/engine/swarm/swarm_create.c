/* swarm_create: the verbs prepare and create.
 *
 *   prepare -> GET image -> its id is known -> done; one that is named by its digest is known by that, and a node that has not got
 *              it pulls it
 *   create  -> POST service -> done
 *                          \-> 409: GET the one that has the name; if that is what we meant to make -> done
 *
 * Of two orchestrators that believe they lead both may make the same: names say so, and one container comes of it.
 * A create that got no answer may have been done: then the next list shows it, and the name is not free before.
 */
#include "orchestrator/engine/swarm/swarm.h"

#include "common/buf.h"
#include "common/mem.h"
#include "orchestrator/engine/docker/docker_body.h"
#include "orchestrator/engine/swarm/swarm_body.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CREATE_MS 4000
#define WORDS_MOST 512
#define IMAGE_MS 10000

struct making {
	struct swarm *swarm;
	char *image; /* prepare */
	/* create: the Swarm service's name, and what its labels say where it is ours */
	char name[SWARM_NAME_SIZE], container[ENGINE_NAME_SIZE], spec[ENGINE_SPEC_SIZE];
	bool planned; /* where it is to come */
	char refusal[WORDS_MOST];
	engine_done *done;
	void *arg;
};

static struct making *making_new(struct engine *engine, engine_done *done, void *arg)
{
	struct making *making = mem_zero(sizeof(*making));

	making->swarm = (struct swarm *)engine;
	making->done = done;
	making->arg = arg;
	return making;
}

static void making_free(void *arg)
{
	struct making *making = arg;

	free(making->image);
	free(making);
}

static void finish(struct making *making, enum engine_fault fault, const char *message, const char *id)
{
	const struct engine_result result = {.fault = fault, .message = message, .id = id};
	struct swarm *swarm = making->swarm;

	if (making->planned)
		swarm_plans_made(&swarm->plans, making->container, fault == ENGINE_OK ? id : NULL,
		                 swarm_poll_next(swarm->poll));
	making->done(&result, making->arg);
	making_free(making);
}

/* --- prepare --------------------------------------------------------------------------------------------------- */

static void on_image(const struct docker_answer *answer, void *arg)
{
	struct making *making = arg;
	char id[SWARM_IMAGE_ID_SIZE];
	struct err err;

	if (answer->fault != ENGINE_OK) {
		finish(making, answer->fault, answer->message, "");
	} else if (!swarm_json_image_id(answer->body, answer->len, id, sizeof(id), &err)) {
		finish(making, ENGINE_REFUSED, err.message, "");
	} else {
		swarm_images_set(&making->swarm->images, making->image, id);
		finish(making, ENGINE_OK, "", "");
	}
}

static void ask_for_image(struct engine *engine, const struct engine_spec *spec, engine_done *done, void *arg)
{
	struct making *making = making_new(engine, done, arg);
	struct docker_ask ask = {.method = "GET", .timeout_ms = IMAGE_MS, .image = spec->image};
	struct buf path;
	bool fits;

	making->image = mem_dup(spec->image);
	buf_init(&path, DOCKER_BODY_MAX);
	fits = docker_body_image_path(&path, spec->image);
	assert(fits);
	ask.path = buf_text(&path);
	docker_call(making->swarm->calls, &ask, on_image, making_free, making);
	buf_clear(&path);
}

/* "name@sha256:..." */
static bool has_digest(const char *image)
{
	return strchr(image, '@') != NULL;
}

void swarm_prepare(struct engine *engine, const struct engine_spec *spec, engine_done *done, void *arg)
{
	if (has_digest(spec->image))
		swarm_waits_nothing(((struct swarm *)engine)->waits, done, arg);
	else
		ask_for_image(engine, spec, done, arg);
}

/* --- create ---------------------------------------------------------------------------------------------------- */

static void on_holder(const struct docker_answer *answer, void *arg)
{
	struct making *making = arg;
	struct swarm_service holder;
	struct err err;

	if (answer->fault == ENGINE_OK && swarm_json_service(answer->body, answer->len, &holder, &err) &&
	    strcmp(holder.container.name, making->container) == 0 && strcmp(holder.container.spec, making->spec) == 0 &&
	    strcmp(holder.container.owner, making->swarm->owner) == 0)
		finish(making, ENGINE_OK, "", holder.container.id);
	else
		finish(making, ENGINE_NAME_TAKEN, making->refusal, "");
}

static void look_at_holder(struct making *making, const char *refusal)
{
	char path[SWARM_NAME_SIZE + 16];

	snprintf(making->refusal, sizeof(making->refusal), "%s", refusal);
	snprintf(path, sizeof(path), "/services/%s", making->name);
	docker_call(making->swarm->calls, &(struct docker_ask){.method = "GET", .path = path, .timeout_ms = CREATE_MS},
	            on_holder, making_free, making);
}

static void on_created(const struct docker_answer *answer, void *arg)
{
	struct making *making = arg;
	char id[ENGINE_ID_SIZE];
	struct err err;

	if (answer->fault == ENGINE_NAME_TAKEN)
		look_at_holder(making, answer->message);
	else if (answer->fault != ENGINE_OK)
		finish(making, answer->fault, answer->message, "");
	else if (!swarm_json_created(answer->body, answer->len, id, &err))
		finish(making, ENGINE_REFUSED, err.message, "");
	else
		finish(making, ENGINE_OK, "", id);
}

/* avoid: the caller clears it. */
static void make_plan(struct making *making, const char *service, const struct engine_place *place,
                      struct strings *avoid)
{
	struct swarm *swarm = making->swarm;
	struct swarm_plan plan = {.slot = place->slot};
	struct swarm_choice choice;

	snprintf(plan.container, sizeof(plan.container), "%s", place->name);
	snprintf(plan.service, sizeof(plan.service), "%s", service);
	swarm_spread(&swarm->sites, swarm->view, &swarm->plans, &plan, place->apart, &choice);
	*avoid = choice.avoid;
	making->planned = choice.node[0] != '\0';
	memcpy(plan.node, choice.node, sizeof(plan.node));
	if (making->planned)
		swarm_plans_add(&swarm->plans, &plan);
}

static void post_service(struct making *making, const struct engine_spec *spec, const struct engine_place *place,
                         const struct strings *avoid)
{
	const struct swarm *swarm = making->swarm;
	const struct swarm_gift gift = {
	        .name = swarm->name,
	        .owner = swarm->owner,
	        .image_id = swarm_images_id(&swarm->images, spec->image),
	        .generation = swarm_view_next_generation(swarm->view, place->name),
	        .avoid = avoid,
	        .log_files = docker_link_logs_to_files(swarm->link),
	};
	struct docker_ask ask = {
	        .method = "POST", .path = "/services/create", .timeout_ms = CREATE_MS, .image = spec->image};
	struct buf body;

	buf_init(&body, DOCKER_BODY_MAX);
	if (!swarm_body_name(place->name, gift.generation, making->name) ||
	    !swarm_body_create(&body, &gift, spec, place)) {
		docker_call_refuse(swarm->calls, "Swarm allows names of 63 bytes: give the service a shorter one",
		                   on_created, making_free, making);
	} else {
		ask.body = buf_text(&body);
		ask.body_len = body.len;
		docker_call(swarm->calls, &ask, on_created, making_free, making);
	}
	buf_clear(&body);
}

void swarm_create(struct engine *engine, const struct engine_spec *spec, const struct engine_place *place,
                  engine_done *done, void *arg)
{
	struct making *making = making_new(engine, done, arg);
	struct strings avoid;

	snprintf(making->container, sizeof(making->container), "%s", place->name);
	snprintf(making->spec, sizeof(making->spec), "%s", spec->hash);
	make_plan(making, spec->service, place, &avoid);
	post_service(making, spec, place, &avoid);
	strings_clear(&avoid);
}
