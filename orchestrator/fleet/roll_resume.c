/* roll_resume: a roll goes from one orchestrator's hands into another's: all that tells of it is its stand-in. */
#include "common/clock.h"
#include "common/log.h"
#include "orchestrator/fleet/container_ends.h"
#include "orchestrator/fleet/follow.h"
#include "orchestrator/fleet/roll.h"
#include "orchestrator/fleet/roll_pick.h"

/* Another orchestrator goes on with it. */
static void rest(struct roll *roll)
{
	roll->supplanted = roll->stuck = false;
	roll->state = ROLL_IDLE;
	roll->slot = SLOT_NONE;
}

void roll_follow(struct roll *roll)
{
	struct berth *berth = &roll->berth;

	if (roll->state != ROLL_IDLE)
		rest(roll);
	if (berth_evicted(berth))
		berth_leave(berth, REASON_EVICTED, LEAVE_AFTER_DRAIN);
	if (berth_lost(berth) && !follow_keep(berth))
		berth_leave(berth, container_end_reason(berth_container(berth)), LEAVE_AT_ONCE);
	follow_yield(berth);
	berth_advance(berth, false);
}

bool roll_resume(struct roll *roll)
{
	const struct container *container = berth_container(&roll->berth);

	if (container == NULL || roll->state != ROLL_IDLE)
		return false;
	if (revisions_stale(roll->revisions, container)) {
		berth_leave(&roll->berth, REASON_ROLL, LEAVE_AFTER_DRAIN);
		return false;
	}
	roll->state = ROLL_STAND_IN;
	roll->what = roll_pick_what(roll->slots);
	roll->begun_us = roll->step_us = clock_us();
	roll->rolled = 0;
	roll->doubt = roll->stuck = false;
	log_info("event=roll-resumed service=%s spec=%s", roll->containers->service->name,
	         roll->revisions->newest->hash);
	return true;
}
