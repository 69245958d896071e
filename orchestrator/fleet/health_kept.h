/* health_kept: a container whose fellows are all lost to a 5xx of their own is kept, since its reply is all there is (a full
 * disk, a locked store): containers are replaced one at a time.
 *
 * It is held back for five intervals, in which a replacement may show that the fault was the containers'; then it is routed to
 * again. As soon as another backend is READY the verdict on it is made anew.
 */
#pragma once

#include "orchestrator/fleet/health_watch.h"

/* A 5xx of a backend that serves, or starts. */
void kept_note_status(struct health *health);

/* A good probe: it is not kept, it serves. */
void kept_forget(struct watch *watch);

/* This one is well: those that are kept for want of another are probed now. */
void kept_review(const struct watch *well);

/* Is another backend READY, and not for want of another? */
bool kept_others_ready(const struct watch *watch);

/* Has everybody else just been lost in the same way? */
bool kept_fails_like_all(const struct watch *watch);

/* Has another one just answered 5xx, too, while it started, and is nobody well? */
bool kept_says_like_another(const struct watch *watch);

/* Is it kept, and routed to? */
bool kept_serves(const struct watch *watch);

/* It is kept, and probed on. May set its state; the watch is not to be used afterwards. */
void kept_keep(struct watch *watch);
