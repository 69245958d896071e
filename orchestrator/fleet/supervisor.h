/* supervisor: one service: wanted against actual, and the wishes of those outside. Its parts alone touch containers: slots,
 * spares, the roll.
 *
 * Growth fills the lowest free slots, shrinking drains the highest. Spares run ahead, paused, and stand in for a slot that does
 * not serve. A slot that fails three times within 30 s backs off, 0.5 s doubling to 30 s.
 */
#pragma once

#include "orchestrator/config/config.h"
#include "orchestrator/engine/engine.h"
#include "orchestrator/fleet/cause.h"
#include "orchestrator/fleet/fleet.h"
#include "orchestrator/fleet/health.h"
#include "orchestrator/fleet/listing.h"
#include "orchestrator/fleet/repair_times.h"
#include "orchestrator/fleet/scaler.h"
#include "orchestrator/fleet/words.h"
#include "orchestrator/config/identity.h"

struct event_base;
struct harbour;
struct supervisor;

/* Who else hears of a service's backends, always with arg; a function that is NULL is not called. */
struct supervisor_observer {
	backend_observer *changed; /* a backend's state; see backend.h for what it may do */
	/* Requests are held for the service (supervisor_set_waiting), and supervisor_is_short is false: nothing is coming for
	 * them, or no more. Called from the supervisor's step; it may let the requests go. */
	void (*nothing_comes)(struct fleet *fleet, void *arg);
	void *arg;
};

struct supervisor_settings {
	struct event_base *base;
	struct engine *engine;
	const struct config *config;          /* borrowed until supervisor_reload or free */
	const struct config_service *service; /* one of config's */
	const struct identity *identity;      /* borrowed: whose containers are ours */
	bool following;                       /* until supervisor_lead */
	struct harbour *harbour;              /* borrowed: of one engine, for names and ports are everybody's */
	struct supervisor_observer observer;
	const struct health_traffic *traffic; /* borrowed; NULL: nobody has any */
};

/* What a supervisor is made of; for supervisor_view.c. */
struct supervisor_parts;
const struct supervisor_parts *supervisor_parts(const struct supervisor *supervisor);

struct supervisor *supervisor_new(const struct supervisor_settings *settings);
/* Engine calls still in flight are forgotten: their answers, should they come, are ignored. */
void supervisor_free(struct supervisor *supervisor);

/* A new configuration, maybe under another name. Where the containers would be made otherwise, the slots are rolled. A
 * supervisor that supervisor_remove was called for serves again. */
void supervisor_reload(struct supervisor *supervisor, const struct config *config,
                       const struct config_service *service);

/* Before the first list: the identity's key is another one. */
void supervisor_rekey(struct supervisor *supervisor);

/* The engine's list at start, after each loss, every 30 s and where it was asked for: adopts what is ours and healthy, removes what
 * is ours and not wanted. The first call starts the service. */
void supervisor_reconcile(struct supervisor *supervisor, const struct engine_listing *listing);
void supervisor_engine_down(struct supervisor *supervisor); /* until the next list */

/* From now on what there is, is not ours to change: another orchestrator leads. */
void supervisor_follow(struct supervisor *supervisor);
/* We lead: right before a supervisor_reconcile, with a list that was asked for after we were told. */
void supervisor_lead(struct supervisor *supervisor);

/* An engine event for a container; true if it is one of this service's. */
bool supervisor_event(struct supervisor *supervisor, const struct engine_event *event);

/* The proxy: one request that the scaler counts. */
void supervisor_count_request(struct supervisor *supervisor);

/* The same at other orchestrators, while this one leads; waiting: some wait there. */
void supervisor_count_peers(struct supervisor *supervisor, uint64_t requests, bool waiting);

/* The proxy: so many requests wait for a container now. While there are any, at least one container is wanted. */
void supervisor_set_waiting(struct supervisor *supervisor, size_t requests);

/* Operator (admin, signals). False with a message where it cannot be. */
bool supervisor_scale(struct supervisor *supervisor, int wanted, struct err *err) MUST_CHECK;
bool supervisor_replace(struct supervisor *supervisor, int slot, struct err *err) MUST_CHECK;
bool supervisor_roll(struct supervisor *supervisor, struct err *err) MUST_CHECK;

/* Stops deciding: no replacement, no scaling. remove_containers: also removes all of them, then calls done (once). */
typedef void supervisor_stopped(void *arg);
void supervisor_stop(struct supervisor *supervisor, bool remove_containers, supervisor_stopped *done, void *arg);

/* The service is not configured any more: its containers are drained, stopped and removed, nothing is started. Then
 * supervisor_is_removed, and it may be freed once nobody has requests in flight there. */
void supervisor_remove(struct supervisor *supervisor);
bool supervisor_is_removed(const struct supervisor *supervisor);

struct fleet *supervisor_fleet(struct supervisor *supervisor);
struct health *supervisor_health(struct supervisor *supervisor);
bool supervisor_has_waiting(const struct supervisor *supervisor); /* requests */
const char *supervisor_spec(const struct supervisor *supervisor); /* the configured containers' label selfless.spec */
const struct scaler *supervisor_scaler(const struct supervisor *supervisor);
const struct config_service *supervisor_service(const struct supervisor *supervisor);

/* For admin: containers that are being replaced one by one. */
struct supervisor_roll {
	const char *what;  /* "roll"; "replace": a container, as was ordered; "ports": others have the slots' */
	bool due;          /* it has not begun */
	int slot;          /* the one that it is at; -1: none */
	unsigned done, of; /* slots: done <= of. "ports": those that serve, of those that are to */
	int64_t begun_us, since_us; /* it; what it waits for (clock_us). 0: not yet */
	char waits_for[WAITS_SIZE];
};
bool supervisor_roll_at(const struct supervisor *supervisor, struct supervisor_roll *view); /* false: none */
bool supervisor_is_rolling(const struct supervisor *supervisor);
/* Why the last roll, replacement or stand-in failed; "": none did, or that does not hold any more, for the configuration was
 * reverted, say. */
const char *supervisor_roll_failed(const struct supervisor *supervisor);
/* The same in one sentence that says which of these it was, what serves, and what to do. */
void supervisor_roll_cause(const struct supervisor *supervisor, char cause[CAUSE_SIZE]);

/* Why containers run another image than is configured, where they do; valid for this turn of the loop. */
const char *supervisor_image_why(const struct supervisor *supervisor);

/* For admin: the backends that are in no slot and no spare (any more), and finish what they have. */
struct supervisor_leaving {
	struct backend *backend; /* borrowed */
	const char *image;       /* of its container; "": it is not known */
	const void *at;          /* the supervisor's */
};
/* The next one; of a view that is all 0 the first. False: there are no more. All within one turn of the loop. */
bool supervisor_leaving_next(const struct supervisor *supervisor, struct supervisor_leaving *view);

/* For the proxy: is a container about to come for a slot that is to serve and does not? It may not be in the fleet yet. Not
 * where the slot backs off. */
bool supervisor_is_short(const struct supervisor *supervisor);

/* For the proxy, where nothing serves or starts: can nothing come before something outside is mended, because there is no
 * image, no network, no volume, or because others hold the name or the port? */
struct supervisor_obstacle {
	const char *message; /* for people; valid for this turn of the loop */
	int64_t retry_us;    /* when it is tried again (clock_us) */
};
bool supervisor_is_obstructed(const struct supervisor *supervisor, struct supervisor_obstacle *obstacle);

#define SUPERVISOR_MESSAGE_SIZE WORDS_SIZE

/* The containers that the engine has, whatever their state. */
size_t supervisor_container_count(const struct supervisor *supervisor);

/* For admin: what is in slot i (0 .. slots-1). */
struct supervisor_slot {
	int slot;
	const char *state; /* backend_state_text, or "empty", "creating", "backing-off" */
	enum reason reason;
	/* Why it does not serve, for people: what the last probe saw, how its container ended, the engine's words; "" if it does */
	char message[SUPERVISOR_MESSAGE_SIZE];
	char cause[CAUSE_SIZE]; /* the same in one sentence that says what to do; "" */
	bool by_engine; /* the message is the engine's words: not a probe's finding, nor that it does not answer */
	char waits_for[WAITS_SIZE]; /* what is going on in it, where it does not serve; "" */
	const char *image;          /* of its container; "": it has none, or the engine knows no images */
	bool image_differs;         /* from the one that is configured */
	const char *container;      /* its id; "": none */
	unsigned attempts;          /* that came to nothing, since it last served */
	int64_t retry_us;           /* the next one (clock_us); 0: it is not waited for */
	int64_t since_us;           /* of its state */
	int exit_code;              /* of the container that it lost last, while it does not serve; -1: unknown */
	const char *last_words;     /* of that; "": none, or not known (yet); borrowed */
	struct backend *backend;    /* borrowed; NULL if none */
	bool next_ready;            /* the container created ahead exists */
	unsigned faults;            /* since start */
};
size_t supervisor_slot_count(const struct supervisor *supervisor);
void supervisor_slot_at(const struct supervisor *supervisor, size_t index, struct supervisor_slot *view);

/* For admin: spare i (0 .. spares-1). */
struct supervisor_spare {
	int spare;
	const char *state; /* "spare" (waits), backend_state_text, or "down", "creating", "starting", "backing-off" */
	int slot;          /* it stands in for; -1 none */
	enum reason reason;
	char message[SUPERVISOR_MESSAGE_SIZE];
	char cause[CAUSE_SIZE];        /* as a slot's */
	const char *image;             /* as a slot's */
	const char *container;         /* its id, "" if none; borrowed */
	bool waits;                    /* it could stand in at once */
	const struct address *address; /* of its container; len 0: not known; borrowed */
	struct backend *backend;       /* borrowed; NULL if none */
};
size_t supervisor_spare_count(const struct supervisor *supervisor);
void supervisor_spare_at(const struct supervisor *supervisor, size_t index, struct supervisor_spare *view);
unsigned supervisor_spares_waiting(const struct supervisor *supervisor);

/* Counter: replacements begun. */
uint64_t supervisor_replacements(const struct supervisor *supervisor, enum reason reason);

/* Histogram: first evidence of a fault to the replacement's first good probe. */
const struct repair_times *supervisor_times(const struct supervisor *supervisor);
