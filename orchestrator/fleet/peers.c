/* peers: a timer, and for each peer a request at a time. */
#include "orchestrator/fleet/peers.h"

#include "common/clock.h"
#include "common/json.h"
#include "common/log.h"
#include "common/mem.h"
#include "orchestrator/base/backoff.h"
#include "orchestrator/base/fetch.h"
#include "orchestrator/base/random_hex.h"
#include "orchestrator/base/timer.h"
#include "orchestrator/base/token.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROUND_US 1000000
#define TIMEOUT_MS 2000
#define SERVICES_MAX 64
#define US_PER_MS 1000

static const struct backoff_pace pace = {.first_us = 1000000, .most_us = 10000000};

struct counted {
	char name[ENGINE_NAME_SIZE];
	uint64_t requests;
};

struct peer {
	struct peers *peers;
	char *address, *url;
	struct fetch_request *request; /* NULL: none is under way */
	struct backoff retry;
	bool known;   /* what follows is what it said last, since we lead */
	bool is_self; /* it is us */
	char boot[PEERS_BOOT_SIZE];
	struct counted services[SERVICES_MAX];
	size_t count;
};

struct peers {
	struct peers_settings settings;
	struct fetch *fetch;
	struct timer *timer;
	char *authorization;
	char boot[PEERS_BOOT_SIZE];
	bool leads;
	int64_t leads_us; /* since when */
	struct peer **items;
	size_t count;
};

/* --- an answer ------------------------------------------------------------------------------------------------- */

/* NULL: there is no room for another. */
static struct counted *counted_of(struct peer *peer, const char *name)
{
	for (size_t i = 0; i < peer->count; i++)
		if (strcmp(peer->services[i].name, name) == 0)
			return &peer->services[i];
	if (peer->count == SERVICES_MAX)
		return NULL;
	peer->services[peer->count] = (struct counted){.requests = 0};
	snprintf(peer->services[peer->count].name, ENGINE_NAME_SIZE, "%s", name);
	return &peer->services[peer->count++];
}

static void copy_text(const struct json_value *value, char *out, size_t size)
{
	bool fits = value != NULL && value->type == JSON_STRING && value->len < size;

	snprintf(out, size, "%.*s", fits ? (int)value->len : 0, fits ? value->text : "");
}

/* begin: what was counted before we lead is not ours to count. */
static void take_service(struct peer *peer, const struct json_value *value, bool begin)
{
	const struct peers_settings *settings = &peer->peers->settings;
	const struct json_value *waiting = json_get(value, "waiting");
	char name[ENGINE_NAME_SIZE], spec[ENGINE_SPEC_SIZE];
	struct counted *counted;
	int64_t requests;
	uint64_t more;

	copy_text(json_get(value, "name"), name, sizeof(name));
	copy_text(json_get(value, "spec"), spec, sizeof(spec));
	counted = counted_of(peer, name);
	if (counted == NULL || !json_int(json_get(value, "counted"), &requests) || requests < 0)
		return;
	more = begin || (uint64_t)requests < counted->requests ? 0 : (uint64_t)requests - counted->requests;
	counted->requests = (uint64_t)requests;
	settings->on_news(
	        &(struct peers_news){.service = name,
	                             .requests = more,
	                             .waiting = waiting != NULL && waiting->type == JSON_BOOL && waiting->boolean,
	                             .spec = spec,
	                             .peer = peer->address},
	        settings->arg);
}

/* A peer that was started anew counts from 0 on: all of that is news, and so is all that one has counted which was started since we
 * lead. */
static void take(struct peer *peer, const struct json_value *root)
{
	const struct json_value *services = json_get(root, "services");
	char boot[PEERS_BOOT_SIZE];
	int64_t up_ms = 0;
	bool begin;

	copy_text(json_get(root, "boot"), boot, sizeof(boot));
	(void)json_int(json_get(root, "up_ms"), &up_ms);
	peer->is_self = strcmp(boot, peer->peers->boot) == 0;
	if (peer->is_self || boot[0] == '\0' || services == NULL || services->type != JSON_ARRAY)
		return;
	begin = !peer->known && up_ms * US_PER_MS > clock_us() - peer->peers->leads_us;
	if (!peer->known || strcmp(boot, peer->boot) != 0)
		peer->count = 0;
	memcpy(peer->boot, boot, sizeof(boot));
	peer->known = true;
	for (const struct json_value *value = services->first; value != NULL; value = value->next)
		take_service(peer, value, begin);
}

static void fail(struct peer *peer, const char *why)
{
	if (peer->retry.level == 0)
		log_warn(
		        "event=peer-away peer=%s error=%s remedy=\"its requests do not count for scaling before it answers\"",
		        log_quote(peer->address), log_quote(why));
	backoff_fail_at(&peer->retry, pace, RETRY_PEER);
}

static void on_replied(const struct fetch_reply *reply, void *arg)
{
	struct peer *peer = arg;
	struct json_doc *doc;
	struct err err = {.message = ""};
	char why[64];

	peer->request = NULL;
	snprintf(why, sizeof(why), "it answers with status %d", reply->status);
	if (reply->trouble != FETCH_GOOD || reply->status != 200) {
		fail(peer, reply->trouble != FETCH_GOOD ? reply->why : why);
		return;
	}
	if (!json_parse(reply->body, reply->len, NULL, &doc, &err)) {
		fail(peer, err.message);
		return;
	}
	if (peer->retry.level > 0)
		log_info("event=peer-back peer=%s", log_quote(peer->address));
	backoff_reset(&peer->retry);
	take(peer, json_root(doc));
	json_free(doc);
}

/* --- asking ---------------------------------------------------------------------------------------------------- */

static void ask(struct peer *peer)
{
	const struct peers *peers = peer->peers;

	if (peer->request != NULL || peer->is_self || !backoff_due(&peer->retry))
		return;
	peer->request = fetch_send(peers->fetch,
	                           &(struct fetch_ask){.url = peer->url,
	                                               .ca_file = "",
	                                               .timeout_ms = TIMEOUT_MS,
	                                               .clear = true,
	                                               .authorization = peers->authorization},
	                           on_replied, peer);
}

static void on_round(void *arg)
{
	struct peers *peers = arg;

	for (size_t i = 0; i < peers->count; i++)
		ask(peers->items[i]);
	timer_set(peers->timer, ROUND_US);
}

static void forget_request(struct peer *peer)
{
	if (peer->request != NULL)
		fetch_cancel(peer->request);
	peer->request = NULL;
}

void peers_lead(struct peers *peers, bool leads)
{
	if (peers == NULL || leads == peers->leads)
		return;
	peers->leads = leads;
	peers->leads_us = clock_us();
	if (leads) {
		timer_set(peers->timer, 0);
		return;
	}
	timer_clear(peers->timer);
	for (size_t i = 0; i < peers->count; i++) {
		struct peer *peer = peers->items[i];

		forget_request(peer);
		peer->known = false;
		backoff_reset(&peer->retry);
	}
}

/* --- who they are ---------------------------------------------------------------------------------------------- */

static struct peer *peer_new(struct peers *peers, const char *address)
{
	struct peer *peer = mem_zero(sizeof(*peer));

	peer->peers = peers;
	peer->address = mem_dup(address);
	peer->url = mem_format("http://%s/api/peer", address);
	return peer;
}

static void peer_free(struct peer *peer)
{
	if (peer == NULL)
		return;
	forget_request(peer);
	free(peer->address);
	free(peer->url);
	free(peer);
}

/* Out of those that are. */
static struct peer *take_known(struct peers *peers, const char *address)
{
	for (size_t i = 0; i < peers->count; i++) {
		struct peer *peer = peers->items[i];

		if (peer == NULL || strcmp(peer->address, address) != 0)
			continue;
		peers->items[i] = NULL;
		return peer;
	}
	return NULL;
}

void peers_set(struct peers *peers, const struct strings *addresses)
{
	struct peer **items;

	if (peers == NULL)
		return;
	items = mem_array(NULL, addresses->count + 1, sizeof(struct peer *));
	for (size_t i = 0; i < addresses->count; i++) {
		items[i] = take_known(peers, addresses->items[i]);
		if (items[i] == NULL)
			items[i] = peer_new(peers, addresses->items[i]);
	}
	for (size_t i = 0; i < peers->count; i++)
		peer_free(peers->items[i]);
	free(peers->items);
	peers->items = items;
	peers->count = addresses->count;
}

/* --- life ------------------------------------------------------------------------------------------------------ */

struct peers *peers_new(const struct peers_settings *settings)
{
	struct peers *peers;
	char *token;
	struct err err;

	if (!token_read(settings->token_file, &token, &err)) {
		log_error("event=peers-off error=%s", log_quote(err.message));
		return NULL;
	}
	peers = mem_zero(sizeof(*peers));
	peers->settings = *settings;
	peers->settings.token_file = NULL; /* read */
	peers->authorization = mem_format("Bearer %s", token);
	free(token);
	(void)!random_hex(peers->boot, sizeof(peers->boot), NULL);
	peers->fetch = fetch_new(settings->base);
	peers->timer = timer_new(settings->base, on_round, peers);
	return peers;
}

void peers_free(struct peers *peers)
{
	if (peers == NULL)
		return;
	for (size_t i = 0; i < peers->count; i++)
		peer_free(peers->items[i]);
	free(peers->items);
	fetch_free(peers->fetch);
	timer_free(peers->timer);
	free(peers->authorization);
	free(peers);
}

const char *peers_boot(const struct peers *peers)
{
	return peers != NULL ? peers->boot : "";
}
