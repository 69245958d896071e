/* health_late: a probe is late: is the backend busy, or does it hang?  And the ones who have its traffic are told.
 *
 * Busy: it sent bytes of replies while the probe waited, or has sent more than its clients take (then a thread of it waits in a
 * write, and the probe for a thread). Everything else is a hang, or may be one.
 */
#pragma once

#include "orchestrator/fleet/health_watch.h"

/* Is the backend whose last probe was late busy? */
bool late_is_busy(const struct watch *watch);

/* It is: has that lasted for start_ms? Says so in the log when it begins. */
bool late_is_busy_too_long(struct watch *watch);

/* A good probe: it is not late any more. */
void late_forget(struct watch *watch);

/* To the traffic: a probe was late, whatever the verdict will be. */
void late_tell(const struct watch *watch);

/* To the traffic: a probe was missed, and the backend is not busy. Its state is set; there need be no watch any more. */
void late_tell_missed(const struct health *health, struct backend *backend);
