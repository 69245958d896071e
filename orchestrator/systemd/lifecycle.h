/* lifecycle: what the service manager hears of us, through systemd/notify.
 *
 *   READY      once the proxy listens and each service's first containers serve, or have failed for the first time, or
 *              the engine does not answer; after 30 s in any case: we serve what there is
 *   STATUS     services with their ready and wanted numbers, once a second if they changed
 *   RELOADING  before a SIGHUP is dealt with, READY after it
 *   STOPPING   when we leave
 *   WATCHDOG   at half its interval, from the loop: a loop that hangs does not send it
 *
 * What cannot be sent just now is sent a moment later; of READY, RELOADING and STOPPING the last one counts.
 */
#pragma once

struct lifecycle;
struct supervisors;
struct event_base;
struct notify;

struct lifecycle *lifecycle_new(struct event_base *base, struct notify *notify, const struct supervisors *supervisors);
void lifecycle_free(struct lifecycle *lifecycle); /* before the supervisors; NULL is fine */

void lifecycle_reloading(struct lifecycle *lifecycle);
void lifecycle_reloaded(struct lifecycle *lifecycle);
void lifecycle_stopping(struct lifecycle *lifecycle);
