/* swarm_shared: see the header.
 *
 *   begin -> GET -> there is one -> known
 *             ^ \-> 404 -> POST: made, or another was first (409) -+
 *             +-----------------------------------------------------+     anything else: failed, and after a back-off the GET again
 *
 * Calls cannot be cancelled: what answers to one from before an end carries its number, and is dropped.
 */
#include "orchestrator/engine/swarm/swarm_shared.h"

#include "common/buf.h"
#include "common/mem.h"
#include "orchestrator/base/backoff.h"
#include "orchestrator/base/timer.h"
#include "orchestrator/engine/docker/docker_body.h"
#include "orchestrator/engine/swarm/swarm_body.h"
#include "orchestrator/engine/swarm/swarm_json.h"

#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CALL_MS 4000

static const struct backoff_pace pace = {.first_us = 250000, .most_us = 2000000};

struct swarm_shared {
	struct swarm_shared_settings settings;
	char *name;
	char owner[ENGINE_OWNER_SIZE];
	char key[ENGINE_KEY_SIZE];
	struct timer *timer;
	struct backoff retry;
	unsigned number; /* of the begin */
	bool begun, known;
	bool made; /* it was, since the last GET: that it is not there then is no reason to make it once more */
};

/* A call under way. */
struct shared_call {
	struct swarm_shared *shared;
	unsigned number;
};

static void on_got(const struct docker_answer *answer, void *arg);

static struct shared_call *call_new(struct swarm_shared *shared)
{
	struct shared_call *call = mem_zero(sizeof(*call));

	*call = (struct shared_call){.shared = shared, .number = shared->number};
	return call;
}

/* NULL: it answers to what was ended. */
static struct swarm_shared *call_end(struct shared_call *call)
{
	struct swarm_shared *shared = call->shared;
	bool stale = !shared->begun || call->number != shared->number;

	free(call);
	return stale ? NULL : shared;
}

static void fail(struct swarm_shared *shared, const char *message)
{
	shared->made = false;
	backoff_fail_at(&shared->retry, pace, RETRY_LINK);
	timer_set_at(shared->timer, shared->retry.next_us);
	shared->settings.on_failed(message, shared->settings.arg);
}

static void get(struct swarm_shared *shared)
{
	char config[SWARM_CONFIG_SIZE], path[SWARM_CONFIG_SIZE + 16];

	swarm_body_config_name(shared->name, config);
	snprintf(path, sizeof(path), "/configs/%s", config);
	docker_call(shared->settings.calls, &(struct docker_ask){.method = "GET", .path = path, .timeout_ms = CALL_MS},
	            on_got, free, call_new(shared));
}

static void on_made(const struct docker_answer *answer, void *arg)
{
	struct swarm_shared *shared = call_end(arg);

	if (shared == NULL)
		return;
	shared->made = answer->fault == ENGINE_OK;
	if (shared->made)
		get(shared);
	else
		fail(shared, answer->message);
}

static void make(struct swarm_shared *shared)
{
	struct docker_ask ask = {
	        .method = "POST", .path = "/configs/create", .timeout_ms = CALL_MS, .fine = {409, "already exists"}};
	struct buf body;
	bool fits;

	buf_init(&body, DOCKER_BODY_MAX);
	fits = swarm_body_config(&body, shared->name, &(struct engine_shared){shared->owner, shared->key});
	assert(fits);
	ask.body = buf_text(&body);
	ask.body_len = body.len;
	docker_call(shared->settings.calls, &ask, on_made, free, call_new(shared));
	buf_clear(&body);
}

static void take(struct swarm_shared *shared, const struct docker_answer *answer)
{
	char config[SWARM_CONFIG_SIZE], message[2 * sizeof(config) + sizeof(((struct err *)NULL)->message) + 100];
	char owner[ENGINE_OWNER_SIZE], key[ENGINE_KEY_SIZE]; /* ours stay what they are where these are no good */
	struct err err = {.message = ""};

	if (!swarm_json_config(answer->body, answer->len, owner, key, &err)) {
		swarm_body_config_name(shared->name, config);
		snprintf(
		        message, sizeof(message),
		        "Swarm config %s: %s: give this orchestrator another `name`, or remove it (docker config rm %s)",
		        config, err.message, config);
		fail(shared, message);
		return;
	}
	memcpy(shared->owner, owner, sizeof(owner));
	memcpy(shared->key, key, sizeof(key));
	sodium_memzero(key, sizeof(key));
	shared->known = true;
	backoff_reset(&shared->retry);
	shared->settings.on_known(&(struct engine_shared){shared->owner, shared->key}, shared->settings.arg);
}

static void on_got(const struct docker_answer *answer, void *arg)
{
	struct swarm_shared *shared = call_end(arg);

	if (shared == NULL)
		return;
	if (answer->fault == ENGINE_OK)
		take(shared, answer);
	else if (answer->fault == ENGINE_NOT_FOUND && !shared->made)
		make(shared);
	else
		fail(shared, answer->message);
}

static void on_timer(void *arg)
{
	get(arg);
}

/* --- from outside ---------------------------------------------------------------------------------------------- */

bool swarm_shared_known(const struct swarm_shared *shared)
{
	return shared->known;
}

void swarm_shared_begin(struct swarm_shared *shared)
{
	if (shared->known)
		return;
	shared->begun = true;
	shared->made = false;
	backoff_reset(&shared->retry);
	timer_set(shared->timer, 0);
}

void swarm_shared_end(struct swarm_shared *shared)
{
	shared->begun = false;
	shared->number++;
	timer_clear(shared->timer);
}

struct swarm_shared *swarm_shared_new(const struct swarm_shared_settings *settings)
{
	struct swarm_shared *shared = mem_zero(sizeof(*shared));

	shared->settings = *settings;
	shared->name = mem_dup(settings->name);
	snprintf(shared->owner, sizeof(shared->owner), "%s", settings->ours.owner);
	snprintf(shared->key, sizeof(shared->key), "%s", settings->ours.key);
	shared->timer = timer_new(settings->base, on_timer, shared);
	return shared;
}

void swarm_shared_free(struct swarm_shared *shared)
{
	timer_free(shared->timer);
	free(shared->name);
	sodium_memzero(shared, sizeof(*shared));
	free(shared);
}
