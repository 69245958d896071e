/* supervisors: between the engine and each of them.
 *
 *   on_up -> list -> each supervisor compares; again every 30 s while the engine is up
 *   event -> the supervisor that knows the container
 *   on_role -> we lead: a list, by which they take over; another one leads: they follow
 *
 * A service that left the configuration keeps its supervisor, in `leaving`, until its containers are gone; it hears of
 * events as before, and its containers are no orphans.
 *
 * Invariant: a list is given to all supervisors or to none.
 */
#include "orchestrator/fleet/supervisors_private.h"

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "orchestrator/base/excerpt.h"
#include "orchestrator/base/timer.h"
#include "orchestrator/fleet/holders.h"
#include "orchestrator/fleet/lists.h"
#include "orchestrator/fleet/ownership.h"

#include <stdlib.h>
#include <string.h>

#define RECONCILE_US 30000000

static void on_list(const struct engine_listing *listing, void *arg);
static void on_end(void *arg);

struct supervisors *supervisors_new(const struct supervisors_settings *settings)
{
	struct supervisors *supervisors = mem_zero(sizeof(*supervisors));

	supervisors->settings = *settings;
	supervisors->config = settings->config;
	supervisors->lists =
	        lists_new(&(struct lists_settings){.base = settings->base, .taker = on_list, .arg = supervisors});
	supervisors->end = timer_new(settings->base, on_end, supervisors);
	harbour_init(&supervisors->harbour, supervisors->lists);
	supervisors->harbour.lately = settings->lately;
	return supervisors;
}

struct supervisor *supervisors_make(struct supervisors *supervisors, const struct config_service *service)
{
	return supervisor_new(&(struct supervisor_settings){.base = supervisors->settings.base,
	                                                    .engine = supervisors->engine,
	                                                    .config = supervisors->config,
	                                                    .service = service,
	                                                    .identity = supervisors->settings.identity,
	                                                    .following = !supervisors->acting,
	                                                    .harbour = &supervisors->harbour,
	                                                    .observer = supervisors->settings.observer,
	                                                    .traffic = supervisors->settings.traffic});
}

static void on_peer(const struct peers_news *news, void *arg)
{
	struct supervisors *supervisors = arg;
	struct supervisor *supervisor = supervisors_find(supervisors, news->service);

	if (!supervisors->acting)
		return;
	if (news->spec[0] != '\0' && (supervisor == NULL || strcmp(supervisor_spec(supervisor), news->spec) != 0))
		leading_note_other(&supervisors->leading, news->peer, news->service);
	if (supervisor != NULL && (news->requests > 0 || news->waiting))
		supervisor_count_peers(supervisor, news->requests, news->waiting);
}

void supervisors_start(struct supervisors *supervisors, struct engine *engine)
{
	supervisors->engine = engine;
	leading_begin(&supervisors->leading, engine->can);
	supervisors->harbour.leading = &supervisors->leading;
	supervisors->acting = supervisors->leading.leads;
	if (engine->can->elects)
		peering_begin(&supervisors->peering, supervisors->config,
		              &(struct peers_settings){.base = supervisors->settings.base,
		                                       .token_file = supervisors->config->swarm.token_file,
		                                       .on_news = on_peer,
		                                       .arg = supervisors});
	supervisors->count = config_service_count(supervisors->config);
	supervisors->items = mem_array(NULL, supervisors->count, sizeof(struct supervisor *));
	for (size_t i = 0; i < supervisors->count; i++)
		supervisors->items[i] = supervisors_make(supervisors, config_service_at(supervisors->config, i));
}

void supervisors_free(struct supervisors *supervisors)
{
	if (supervisors == NULL)
		return;
	for (size_t i = 0; i < supervisors->count; i++)
		supervisor_free(supervisors->items[i]);
	free(supervisors->items);
	for (size_t i = 0; i < supervisors->leaving_count; i++)
		supervisor_free(supervisors->leaving[i]);
	free(supervisors->leaving);
	harbour_clear(&supervisors->harbour);
	nodes_clear(&supervisors->nodes);
	peering_end(&supervisors->peering);
	lists_free(supervisors->lists);
	timer_free(supervisors->end);
	free(supervisors);
}

size_t supervisors_count(const struct supervisors *supervisors)
{
	return supervisors->count;
}

struct supervisor *supervisors_at(const struct supervisors *supervisors, size_t index)
{
	return supervisors->items[index];
}

struct supervisor **supervisors_find_in(struct supervisor **supervisors, size_t count, const char *service)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(supervisor_service(supervisors[i])->name, service) == 0)
			return &supervisors[i];
	return NULL;
}

struct supervisor *supervisors_find(const struct supervisors *supervisors, const char *service)
{
	struct supervisor **found = supervisors_find_in(supervisors->items, supervisors->count, service);

	return found != NULL ? *found : NULL;
}

const struct address_set *supervisors_sources(const struct supervisors *supervisors)
{
	return supervisors->harbour.sources;
}

size_t supervisors_containers(const struct supervisors *supervisors)
{
	size_t count = 0;

	for (size_t i = 0; i < supervisors->count; i++)
		count += supervisor_container_count(supervisors->items[i]);
	for (size_t i = 0; i < supervisors->leaving_count; i++)
		count += supervisor_container_count(supervisors->leaving[i]);
	return count;
}

bool supervisors_lead(const struct supervisors *supervisors)
{
	return supervisors->leading.leads && (supervisors->up || !supervisors->leading.elects);
}

bool supervisors_engine_up(const struct supervisors *supervisors)
{
	return supervisors->up;
}

const struct supervisors_engine *supervisors_engine(const struct supervisors *supervisors)
{
	return &supervisors->trouble;
}

const char *supervisors_boot(const struct supervisors *supervisors)
{
	return peers_boot(supervisors->peering.peers);
}

const char *supervisors_own_host(const struct supervisors *supervisors)
{
	const struct node *own = nodes_own(&supervisors->nodes);

	return own != NULL ? own->address : "";
}

const struct leading *supervisors_leading(const struct supervisors *supervisors)
{
	return &supervisors->leading;
}

bool supervisors_engine_known(const struct supervisors *supervisors)
{
	return supervisors->up || supervisors->told_down;
}

/* --- the list -------------------------------------------------------------------------------------------------- */

/* Ours, but its service is not configured, nor on its way out, nor has it another name now. */
static bool is_orphan(const struct engine_container *listed, const void *arg)
{
	struct supervisors *supervisors = (struct supervisors *)arg;

	return identity_owns(supervisors->settings.identity, listed->owner) &&
	       !holders_know(&supervisors->harbour, listed) && supervisors_find(supervisors, listed->service) == NULL &&
	       supervisors_find_in(supervisors->leaving, supervisors->leaving_count, listed->service) == NULL;
}

/* False: others' containers run. */
static bool first_list(struct supervisors *supervisors, const struct engine_listing *listing)
{
	struct identity *identity = supervisors->settings.identity;
	struct err err;
	bool ok = supervisors->settings.take_over
	                  ? ownership_take_over(identity, listing->containers, listing->count, &err)
	                  : ownership_check(identity, supervisors->config->name, listing->containers, listing->count,
	                                    &err);

	if (!ok) {
		lists_stop(supervisors->lists);
		supervisors->settings.refused(err.message, supervisors->settings.arg);
		return false;
	}
	orphans_begin(&supervisors->orphans, supervisors->engine, supervisors->config->drain_ms);
	supervisors->listed = true;
	return true;
}

static void for_each(struct supervisors *supervisors, void (*tell)(struct supervisor *supervisor))
{
	for (size_t i = 0; i < supervisors->count; i++)
		tell(supervisors->items[i]);
	for (size_t i = 0; i < supervisors->leaving_count; i++)
		tell(supervisors->leaving[i]);
}

/* A list from before may not show what the former leader did last. */
static void take_over(struct supervisors *supervisors, const struct engine_listing *listing)
{
	if (supervisors->acting || !supervisors->leading.leads || listing->asked_us < supervisors->role_us)
		return;
	supervisors->acting = true;
	for_each(supervisors, supervisor_lead);
	peers_lead(supervisors->peering.peers, true);
	orphans_begin(&supervisors->orphans, supervisors->engine, supervisors->config->drain_ms);
}

static void on_list(const struct engine_listing *listing, void *arg)
{
	struct supervisors *supervisors = arg;
	int64_t next_us = clock_us() + RECONCILE_US;

	if (!supervisors->listed && !first_list(supervisors, listing))
		return;
	take_over(supervisors, listing);
	if (!supervisors->told_foreign)
		supervisors->told_foreign =
		        ownership_tell(supervisors->settings.identity, listing->containers, listing->count);
	for (size_t i = 0; i < supervisors->count; i++)
		supervisor_reconcile(supervisors->items[i], listing);
	if (supervisors->acting && orphans_look(&supervisors->orphans, listing, is_orphan, supervisors) > 0 &&
	    supervisors->orphans.until_us < next_us)
		next_us = supervisors->orphans.until_us;
	lists_due(supervisors->lists, next_us);
}

/* --- the engine's news ----------------------------------------------------------------------------------------- */

static void on_event(const struct engine_event *event, void *arg)
{
	struct supervisors *supervisors = arg;

	for (size_t i = 0; i < supervisors->count; i++)
		if (supervisor_event(supervisors->items[i], event))
			return;
	for (size_t i = 0; i < supervisors->leaving_count; i++)
		if (supervisor_event(supervisors->leaving[i], event))
			return;
	if (!supervisors->acting) /* whoever leads has made it */
		lists_want(supervisors->lists);
}

/* Nothing was listed before. */
static void on_shared(const struct engine_shared *shared, void *arg)
{
	struct supervisors *supervisors = arg;

	identity_share(supervisors->settings.identity, shared);
	for_each(supervisors, supervisor_rekey);
}

static void on_role(const struct engine_role *role, void *arg)
{
	struct supervisors *supervisors = arg;

	leading_take(&supervisors->leading, role);
	supervisors->role_us = clock_us();
	if (role->leads && !supervisors->acting && supervisors->up)
		lists_want(supervisors->lists);
	if (!role->leads && supervisors->acting) {
		supervisors->acting = false;
		for_each(supervisors, supervisor_follow);
		peers_lead(supervisors->peering.peers, false);
	}
}

static void on_nodes(const struct engine_node *nodes, size_t count, void *arg)
{
	struct supervisors *supervisors = arg;

	nodes_take(&supervisors->nodes, nodes, count);
	peering_nodes(&supervisors->peering, &supervisors->nodes);
}

static void on_up(void *arg)
{
	struct supervisors *supervisors = arg;

	supervisors->up = true;
	supervisors->trouble = (struct supervisors_engine){.since_us = clock_us()};
	supervisors->told_down = false;
	lately_end_engine(supervisors->settings.lately);
	lists_up(supervisors->lists, supervisors->engine);
}

static void note_trouble(struct supervisors_engine *trouble, const char *message)
{
	if (trouble->message[0] == '\0')
		trouble->since_us = clock_us();
	excerpt_write(trouble->message, sizeof(trouble->message), "%s", message);
	cause_write(trouble->cause, CAUSE_ENGINE_AWAY, &(struct cause_facts){.words = message});
}

static void on_down(const char *message, void *arg)
{
	struct supervisors *supervisors = arg;

	supervisors->up = false;
	note_trouble(&supervisors->trouble, message);
	lists_down(supervisors->lists);
	for_each(supervisors, supervisor_engine_down);
	if (!supervisors->told_down) {
		log_warn("event=engine-down reason=%s error=%s", reason_text(REASON_ENGINE_DOWN), log_quote(message));
		lately_note(supervisors->settings.lately,
		            &(struct lately_place){.what = LATELY_ENGINE_AWAY, .slot = LATELY_NO_SLOT},
		            REASON_ENGINE_DOWN, supervisors->trouble.cause);
	}
	supervisors->told_down = true;
}

struct engine_observer supervisors_observer(struct supervisors *supervisors)
{
	return (struct engine_observer){.on_event = on_event,
	                                .on_shared = on_shared,
	                                .on_role = on_role,
	                                .on_nodes = on_nodes,
	                                .on_up = on_up,
	                                .on_down = on_down,
	                                .arg = supervisors};
}

/* --- the end --------------------------------------------------------------------------------------------------- */

static void on_end(void *arg)
{
	struct supervisors *supervisors = arg;

	supervisors->done(supervisors->done_arg);
}

static void on_supervisor_stopped(void *arg)
{
	struct supervisors *supervisors = arg;

	if (--supervisors->left == 0)
		timer_set(supervisors->end, 0);
}

void supervisors_stop(struct supervisors *supervisors, bool remove_containers, supervisor_stopped *done, void *arg)
{
	supervisors->done = done;
	supervisors->done_arg = arg;
	supervisors->left = supervisors->count + supervisors->leaving_count;
	lists_stop(supervisors->lists);
	for (size_t i = 0; i < supervisors->count; i++)
		supervisor_stop(supervisors->items[i], remove_containers, on_supervisor_stopped, supervisors);
	for (size_t i = 0; i < supervisors->leaving_count; i++)
		supervisor_stop(supervisors->leaving[i], remove_containers, on_supervisor_stopped, supervisors);
	if (supervisors->left == 0)
		timer_set(supervisors->end, 0);
}
