/* health_words: what the probes of a backend saw, kept with it and told: once when it changes, and with the verdict. Nothing
 * here leads to another state, so the watch is there afterwards.
 */
#pragma once

#include "orchestrator/fleet/health_watch.h"

/* Any probe, before the verdict. A good one does not wipe out what was found before, a verdict does: what made the
 * backend suspect is told until then. */
void words_note(const struct watch *watch, const struct probe_finding *finding);

/* A STARTING backend is not well yet: told once when what its probes see changes, and less and less often where that keeps
 * changing. */
void words_tell_start(struct watch *watch, const struct probe_finding *finding);

/* It had its time: what its last probe saw is kept with it, and where to look. */
void words_note_start_over(const struct watch *watch, const struct probe_finding *finding);
