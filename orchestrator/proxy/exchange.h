/* exchange: one request's life: route, acquire, send, replay or hold, reply, release.
 *
 * What is promised (and tested):
 * - Nothing of a reply is sent before it is known to be good: replies up to BUFFER_MAX with a length are received whole,
 *   a 5xx to an idempotent request is withheld until its backend has been probed.
 * - An idempotent request whose backend failed before a byte of the reply was sent goes to another backend, at most
 *   FLEET_TRIES in all, never to one that failed it; others only if no byte of them was written.
 * - While no backend is ready the request is held.
 * - A reply that was begun and cannot be completed is cut.
 */
#pragma once

#include "orchestrator/proxy/turn.h"

struct core;

/* A complete request, from front. */
void exchange_start(struct core *core, struct turn *turn);

/* At the end of the process. */
void exchange_free_spares(void);
