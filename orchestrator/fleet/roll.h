/* roll: one slot after the other to the newest revision. */
#pragma once

#include "orchestrator/fleet/roll_failure.h"
#include "orchestrator/fleet/slots.h"

enum roll_state { ROLL_IDLE, ROLL_STAND_IN, ROLL_SLOTS };

struct roll {
	struct slots *slots;
	struct revisions *revisions;
	struct containers *containers;
	enum roll_state state;
	enum roll_what what;         /* since it began */
	struct berth berth;          /* the stand-in; no roll begins before its back-off is due */
	int slot;                    /* the one being rolled; SLOT_NONE = none yet */
	unsigned faults;             /* of that slot when its turn began */
	bool doubt;                  /* of the stand-in: the engine was away */
	bool stuck;                  /* the slot's new container fails, and there is nothing to go back to */
	bool supplanted;             /* by a newer revision: it ends as soon as the slot serves */
	struct roll_failure failure; /* why the last one stopped or went back, as long as that holds */
	int64_t begun_us, step_us;   /* it; and what it is at now */
	unsigned rolled;             /* slots done, the one way or, once it goes back, the other */
};

void roll_init(struct roll *roll, struct berths *berths, struct slots *slots, struct revisions *revisions);
void roll_look(struct roll *roll); /* before all else of a step */
void roll_step(struct roll *roll);
bool roll_settled(const struct roll *roll); /* none is under way, none is due */
bool roll_stands_in_for(const struct roll *roll,
                        const struct slot *slot); /* its stand-in serves in this slot's stead */
/* Instead of a step, while another orchestrator leads: the stand-in, which serves for a slot that is being rolled. */
void roll_follow(struct roll *roll);
/* A stand-in was found, and may have been at this: true, if the roll goes on with it; else it leaves, if there is one. */
bool roll_resume(struct roll *roll);
void roll_cancel(struct roll *roll, enum leave_how how);
void roll_to(struct roll *roll, struct revision *revision); /* another text; takes it over */

/* An operator's wish: the same text anew. May it begin? False, with why in err. */
bool roll_may_renew(const struct roll *roll, struct err *err) MUST_CHECK;
void roll_renew(struct roll *roll);
