/* conns: a list of all connections, one of those that are idle, the longest idle first, and counters. */
#include "orchestrator/proxy/conns.h"

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "orchestrator/base/address.h"
#include "orchestrator/proxy/forward.h"

#include <stdlib.h>

#define WARN_EVERY_US 10000000
#define VICTIMS_MAX 8 /* bodies that are refused for one piece of another */

TAILQ_HEAD(conns_links, conns_link);

struct conns {
	struct conns_settings settings;
	struct conns_links all;
	struct conns_links idle;
	unsigned count;
	unsigned turns;
	bool draining;
	struct bodies bodies; /* that are being received */
	int64_t buffered;
	int64_t full_warned_us;
	struct forward_ids ids;   /* of all requests */
	struct networks trusted;  /* proxies that are believed */
	struct networks heralded; /* whose connections begin with a PROXY header */
};

const struct conns_settings *conns_settings(const struct conns *conns)
{
	return &conns->settings;
}

struct forward_ids *conns_ids(struct conns *conns)
{
	return &conns->ids;
}

bool conns_is_draining(const struct conns *conns)
{
	return conns->draining;
}

unsigned conns_count(const struct conns *conns)
{
	return conns->count;
}

unsigned conns_turns(const struct conns *conns)
{
	return conns->turns;
}

/* --- the lists ------------------------------------------------------------------------------------------------- */

void conns_add(struct conns *conns, struct conns_link *link, const struct conns_ops *ops)
{
	link->ops = ops;
	TAILQ_INSERT_TAIL(&conns->all, link, all);
	conns->count++;
}

void conns_pass_on(struct conns *conns, struct conns_link *link)
{
	conns_wake(conns, link);
	TAILQ_REMOVE(&conns->all, link, all);
	conns->count--;
}

void conns_remove(struct conns *conns, struct conns_link *link)
{
	conns_pass_on(conns, link);
	conns->settings.on_gone(conns->settings.front);
}

void conns_idle(struct conns *conns, struct conns_link *link)
{
	link->is_idle = true;
	TAILQ_INSERT_TAIL(&conns->idle, link, idle);
	conns->settings.on_idle_changed(conns->settings.front);
}

void conns_wake(struct conns *conns, struct conns_link *link)
{
	if (!link->is_idle)
		return;
	link->is_idle = false;
	TAILQ_REMOVE(&conns->idle, link, idle);
	if (!conns_has_idle(conns))
		conns->settings.on_idle_changed(conns->settings.front);
}

bool conns_has_idle(const struct conns *conns)
{
	return !TAILQ_EMPTY(&conns->idle);
}

void conns_yield(struct conns *conns)
{
	struct conns_link *longest = TAILQ_FIRST(&conns->idle);

	longest->ops->yield(longest);
}

void conns_begin_turn(struct conns *conns)
{
	conns->turns++;
}

void conns_end_turn(struct conns *conns)
{
	conns->turns--;
}

/* --- memory ---------------------------------------------------------------------------------------------------- */

struct bodies *conns_bodies(struct conns *conns)
{
	return &conns->bodies;
}

void conns_release(struct conns *conns, int64_t bytes)
{
	conns->buffered -= bytes;
}

/* Once in a while. */
static void warn_full(struct conns *conns)
{
	int64_t now_us = clock_us();

	if (conns->full_warned_us != 0 && now_us - conns->full_warned_us < WARN_EVERY_US)
		return;
	conns->full_warned_us = now_us;
	log_warn("event=buffers-full bytes=%lld max_buffered_bytes=%lld connections=%u requests=%u",
	         (long long)conns->buffered, (long long)conns->settings.config->max_buffered_bytes, conns->count,
	         conns->turns);
}

static enum conns_room make_room(struct conns *conns, int64_t bytes, const struct body *asker)
{
	int64_t most = conns->settings.config->max_buffered_bytes;

	warn_full(conns);
	for (int i = 0; i < VICTIMS_MAX && conns->buffered + bytes > most; i++) {
		struct body *slowest = bodies_slowest(&conns->bodies, bytes, clock_us());
		if (slowest == NULL)
			return CONNS_FULL;
		if (slowest == asker)
			return CONNS_SLOWEST;
		slowest->evict(slowest);
	}
	return conns->buffered + bytes > most ? CONNS_FULL : CONNS_ROOM;
}

enum conns_room conns_buffer(struct conns *conns, int64_t bytes, const struct body *asker)
{
	if (conns->buffered + bytes > conns->settings.config->max_buffered_bytes) {
		enum conns_room room = make_room(conns, bytes, asker);
		if (room != CONNS_ROOM)
			return room;
	}
	conns->buffered += bytes;
	return CONNS_ROOM;
}

/* --- who is who ------------------------------------------------------------------------------------------------ */

const struct networks *conns_trusted(const struct conns *conns)
{
	return &conns->trusted;
}

bool conns_trusts(const struct conns *conns, const struct sockaddr *peer)
{
	return networks_have(&conns->trusted, peer);
}

bool conns_expects_header(const struct conns *conns, const struct sockaddr *peer)
{
	return networks_have(&conns->heralded, peer);
}

static void read_networks(struct conns *conns)
{
	const struct config *config = conns->settings.config;

	networks_read(&conns->trusted, config->trusted_proxies.items, config->trusted_proxies.count);
	networks_read(&conns->heralded, config->proxy_protocol_from.items, config->proxy_protocol_from.count);
}

/* --- the whole ------------------------------------------------------------------------------------------------- */

struct conns *conns_new(const struct conns_settings *settings)
{
	struct conns *conns = mem_zero(sizeof(*conns));

	conns->settings = *settings;
	TAILQ_INIT(&conns->all);
	TAILQ_INIT(&conns->idle);
	bodies_init(&conns->bodies);
	read_networks(conns);
	return conns;
}

void conns_reload(struct conns *conns, const struct config *config)
{
	conns->settings.config = config;
	read_networks(conns);
}

void conns_drain(struct conns *conns)
{
	struct conns_link *link;

	conns->draining = true;
	TAILQ_FOREACH (link, &conns->all, all)
		link->ops->last_call(link);
}

void conns_free(struct conns *conns)
{
	if (conns == NULL)
		return;
	while (!TAILQ_EMPTY(&conns->all)) {
		struct conns_link *link = TAILQ_FIRST(&conns->all);
		link->ops->leave(link);
	}
	defer_run(conns->settings.defer);
	networks_clear(&conns->trusted);
	networks_clear(&conns->heralded);
	free(conns);
}
