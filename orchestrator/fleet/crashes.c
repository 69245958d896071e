/* crashes: the times of the last few, and a level. */
#include "orchestrator/fleet/crashes.h"

#include "common/clock.h"
#include "orchestrator/base/backoff.h"
#include "orchestrator/fleet/step.h"

#include <string.h>

void crashes_calm(struct crashes *crashes, int64_t well_since_us)
{
	if (well_since_us != NEVER && clock_us() - well_since_us >= CRASHES_WINDOW_US)
		crashes->level = 0;
}

int64_t crashes_note(struct crashes *crashes, bool was_ready)
{
	int64_t now_us = clock_us();
	int64_t oldest_us;

	memmove(crashes->at_us + 1, crashes->at_us, (CRASHES_FAULTS - 1) * sizeof(crashes->at_us[0]));
	crashes->at_us[0] = now_us;
	oldest_us = crashes->at_us[CRASHES_FAULTS - 1];
	crashes->barren = was_ready ? 0 : crashes->barren + 1;
	if (crashes->level == 0 && crashes->barren < CRASHES_FAULTS &&
	    (oldest_us == 0 || now_us - oldest_us > CRASHES_WINDOW_US))
		return 0;
	backoff_count(RETRY_CRASH);
	return backoff_wait_us(++crashes->level);
}

void crashes_pardon(struct crashes *crashes)
{
	memmove(crashes->at_us, crashes->at_us + 1, (CRASHES_FAULTS - 1) * sizeof(crashes->at_us[0]));
	crashes->at_us[CRASHES_FAULTS - 1] = 0;
	if (crashes->barren > 0)
		crashes->barren--;
	if (crashes->level > 0)
		crashes->level--;
}
