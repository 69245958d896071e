/* revisions: which ones there are of a service's containers, and whether what they share (image, network, volumes) is there.
 *
 * The newest is what the configuration says, unless that failed. While no container of it was ready it is unproven: slots then go on
 * with the one before, which a roll that fails goes back to, however many follow.
 */
#pragma once

#include "orchestrator/fleet/cause.h"
#include "orchestrator/fleet/container.h"

struct revisions {
	struct containers *containers;
	struct revision *newest;
	struct revision *previous; /* what a failed roll goes back to; NULL */
	unsigned last;             /* number */
	unsigned blocked;          /* number of a revision that failed and has nothing to go back to; 0 = none */
	bool gone_back;            /* the newest is the one before, for the configuration's failed */
	bool unproven;             /* no container of the newest has become ready yet */
	bool prepared, preparing;
	unsigned preparing_number; /* of the revision that this is done for */
	bool previous_prepared;    /* the same for the one before */
	bool refused;              /* what the newest needs was refused, and nobody took that yet */
	bool noted;                /* that it was is among what went wrong lately, as something that goes on */
	struct backoff retry;      /* of preparing */
	struct incident incident;  /* open while preparing fails */
	enum reason reason;        /* of its last failure, */
	char message[WORDS_SIZE];  /* in words, */
	char cause[CAUSE_SIZE];    /* and in one sentence that says what to do */
};

void revisions_init(struct revisions *revisions, struct containers *containers,
                    struct revision *first); /* takes it over */
/* Another first one, while no container is made from that. */
void revisions_start_with(struct revisions *revisions, struct revision *first);
void revisions_clear(struct revisions *revisions);

void revisions_doubt(struct revisions *revisions); /* the engine was away: what they share may have gone */
void revisions_prepare_at_once(
        struct revisions *revisions); /* anew for the newest, and whatever failed before is over */
void revisions_hurry(struct revisions *revisions);
void revisions_forget(struct revisions *revisions); /* the answer that is waited for is nobody's: the service goes */
void revisions_step(struct revisions *revisions);   /* prepares what is not */
/* A slot serves, or (served false) none is wanted: if what they share is there, its refusal is over. */
void revisions_serve(struct revisions *revisions, bool served);
bool revisions_take_refused(struct revisions *revisions); /* once: a roll to the newest does not begin */

/* What a slot's container is made from now: not the newest while that is unproven and the one before is known. */
struct revision *revisions_for_slots(const struct revisions *revisions);
bool revisions_prepared(const struct revisions *revisions); /* what those of slots share is there */
bool revisions_may_create_ahead(const struct revisions *revisions);
/* Where the same text may name another image, what was made ahead of the one that works is kept. */
bool revisions_ahead_usable(const struct revisions *revisions, const struct container *container);
bool revisions_fits_slot(const struct revisions *revisions, const struct container *container);
/* It is not of the newest, or unwanted: it is to be rolled. */
bool revisions_stale(const struct revisions *revisions, const struct container *container);

bool revisions_is_blocked(
        const struct revisions *revisions); /* the newest failed, and there is nothing to go back to */
void revisions_block(struct revisions *revisions);
void revisions_unblock(struct revisions *revisions);

void revisions_prove(struct revisions *revisions);   /* a container of the newest is ready */
void revisions_trust(struct revisions *revisions);   /* nothing older serves */
bool revisions_go_back(struct revisions *revisions); /* false: to nothing known */
void revisions_confirm(struct revisions *revisions); /* the newest is what the configuration says, after all */
/* Another text: revision is the newest, and taken over. stuck: the one before is known not to work. */
void revisions_replace(struct revisions *revisions, struct revision *revision, bool stuck);
void revisions_renew(struct revisions *revisions); /* the same text: containers are made anew */
