/* supervisor_crashes: is it a crash loop, of a slot or of a spare?
 *
 * CRASH_FAULTS of them within CRASH_WINDOW_US are one, and so are CRASH_FAULTS containers one after the other that were
 * never ready, however long each of them took; then each further crash doubles the wait, until a container was well for as
 * long as the window.
 */
#include "orchestrator/fleet/supervisor_private.h"

#include "common/clock.h"

#include <string.h>

void crashes_calm(struct crashes *crashes, int64_t well_since_us)
{
	if (well_since_us != NEVER && clock_us() - well_since_us >= CRASH_WINDOW_US)
		crashes->level = 0;
}

bool container_crashed(const struct container *container, enum reason reason)
{
	return !container_killed(container) && reason != REASON_VANISHED && reason != REASON_PAUSED;
}

int64_t crashes_note(struct crashes *crashes, bool was_ready)
{
	int64_t now_us = clock_us();
	int64_t oldest_us;

	memmove(crashes->at_us + 1, crashes->at_us, (CRASH_FAULTS - 1) * sizeof(crashes->at_us[0]));
	crashes->at_us[0] = now_us;
	oldest_us = crashes->at_us[CRASH_FAULTS - 1];
	crashes->barren = was_ready ? 0 : crashes->barren + 1;
	if (crashes->level == 0 && crashes->barren < CRASH_FAULTS &&
	    (oldest_us == 0 || now_us - oldest_us > CRASH_WINDOW_US))
		return 0;
	backoff_count(RETRY_CRASH);
	return backoff_wait_us(++crashes->level);
}

void crashes_pardon(struct crashes *crashes)
{
	memmove(crashes->at_us, crashes->at_us + 1, (CRASH_FAULTS - 1) * sizeof(crashes->at_us[0]));
	crashes->at_us[CRASH_FAULTS - 1] = 0;
	if (crashes->barren > 0)
		crashes->barren--;
	if (crashes->level > 0)
		crashes->level--;
}
