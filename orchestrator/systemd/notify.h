/* notify: what systemd is told about us, sd_notify(3): one datagram a message on the socket that NOTIFY_SOCKET names.
 *
 * Never blocks: a datagram that cannot go now is not sent, and the caller, who is told, tries again later. Without
 * NOTIFY_SOCKET everything here does nothing. The variables are unset, so that what we start does not speak for us.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct notify;

/* Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID. A value that cannot be used is logged and ignored. */
struct notify *notify_open(void);
void notify_close(struct notify *notify); /* NULL is fine */

bool notify_is_wanted(const struct notify *notify);

/* How often WATCHDOG=1 must come at least; 0: nobody waits for it. */
int64_t notify_watchdog_us(const struct notify *notify);

/* Lines of NAME=value. False where they could not be sent just now. */
bool notify_send(struct notify *notify, const char *lines);

/* RELOADING=1 with the time; READY=1 must follow. */
bool notify_reloading(struct notify *notify);
