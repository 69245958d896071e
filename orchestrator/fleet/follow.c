/* follow: see the header. */
#include "orchestrator/fleet/follow.h"

#include "common/clock.h"
#include "common/log.h"
#include "orchestrator/fleet/container_ends.h"

#define CALM_US 30000000 /* so long after a pause, what fails is another story */

static const struct backoff_pace pace = {.first_us = 250000, .most_us = 2000000};

bool follow_keep(struct berth *berth)
{
	struct container *container = berth_container(berth);
	enum reason reason;
	char words[WORDS_SIZE];

	if (!containers_look_on(berth->containers) || !berth_lost(berth) || container->dead || container->gone)
		return false;
	if (clock_us() - container->retry.next_us > CALM_US)
		backoff_reset(&container->retry);
	reason = container_end_reason(container);
	container_explain(container, words);
	backoff_fail_at(&container->retry, pace, RETRY_SLOT);
	container_log(LOG_WARN, container, "out-of-rotation", reason_text(reason), words);
	container_rest(container, reason);
	container_note_running(container, berth->containers->service->health.start_ms);
	return true;
}

void follow_yield(struct berth *berth)
{
	const struct container *container = berth_container(berth);

	if (container == NULL || container->call.busy || container->phase == CONTAINER_NEW ||
	    container->phase >= CONTAINER_STARTED || !berth->containers->following)
		return;
	berth_leave(berth, REASON_REPLACED, LEAVE_AT_ONCE);
}
