/* slot: one place of a service: the container in it, the one made ahead for it, and what is known of those before. */
#pragma once

#include "orchestrator/fleet/berth.h"
#include "orchestrator/fleet/crashes.h"
#include "orchestrator/fleet/repair_times.h"
#include "orchestrator/fleet/revisions.h"

struct slots;

struct slot {
	struct slots *all;
	int index;
	bool live; /* wanted */
	struct berth berth;
	struct berth ahead;
	unsigned faults;   /* since start */
	unsigned attempts; /* that came to nothing, since it last served */
	int64_t since_us;  /* when it was wanted, or its last container was lost: where nothing serves in it */
	struct crashes crashes;
	bool back_off_untold; /* of a crash loop: its line is not in the log yet */
	int64_t ready_us;     /* since when its container serves; NEVER */
	int64_t wanted_us;    /* since when it is to serve: growth */
	int64_t ended_us;     /* when its last container ended: the port may be held a little longer */
	int64_t doubt_us; /* its container was adopted and is not ready: when the engine is asked whether it really runs */
	struct backoff rename;
	struct incident incident; /* open from the fault, or the engine's refusal, until a container is ready */
	enum reason incident_reason;
	bool incident_refused; /* it began with a refusal: its end is no repair */
};

/* All of a service's. */
struct slots {
	struct slot **items; /* never shrinks; those from scale.max on are not used */
	size_t count;
	struct containers *containers;
	struct berths *berths;
	struct revisions *revisions;
	uint64_t replacements[REASON_COUNT]; /* begun */
	struct repair_times times;
};

#define PORT_RETRY_US 5000 /* the port of a dead container is freed a little later */

struct slot *slot_of(struct slots *slots, int index); /* makes it if need be; never moves */

bool slot_ready(const struct slot *slot);

/* The story that it is part of: its container's, which may not be the slot's yet, while that is only suspect. */
const struct incident *slot_incident(const struct slot *slot);

/* The slot waits for what all containers need (image, network, volumes) and a try did not bring. lacks: it cannot be had now, and
 * that is not for want of the engine. */
bool slot_unprepared(const struct slot *slot);
bool slot_lacks(const struct slot *slot);

/* Is a container about to come? A slot is not given up for what passes by itself: a port that its dead container still holds, an
 * engine that was away, a crash that may yet turn out to be an operator's kill. */
bool slot_comes(const struct slot *slot);
bool slot_refused(
        const struct slot *slot); /* the engine refuses it something, and has done so often enough to say so */
bool slot_waits_for_port(const struct slot *slot); /* others hold it */
