/* health_verdict: what a finding of a probe, or evidence from elsewhere, means for a backend, by the state that it is in. See
 * health.h for the rules.
 */
#pragma once

#include "orchestrator/fleet/health_watch.h"

/* A probe of the watch that watch_arg is ended. The watch may be gone afterwards, as observers run inside. */
void verdict_on_finding(const struct probe_finding *finding, void *watch_arg);

/* Evidence from elsewhere against a backend that is not STARTING: it is probed now, and SUSPECT unless it is DRAINING; a probe
 * that is in flight already does not clear it. */
void verdict_doubt(struct watch *watch, enum reason reason);
