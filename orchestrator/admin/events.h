/* events: the streams of /api/events (server-sent events, one a client).
 *
 * A client first gets the whole fleet, then what changes: `backend` (a state), `scale` (the wanted number), `engine`
 * (up or down). A client that loses its connection starts over with the whole fleet, so nothing is numbered or kept.
 * One that does not read is dropped; the loop never waits for it.
 */
#pragma once

#include "orchestrator/admin/call.h"

struct events;

#define EVENTS_STREAMS_MAX 64
#define EVENTS_UNSENT_MAX (1024 * 1024)

struct events *events_new(struct admin *admin);
void events_free(struct events *events); /* ends all streams; NULL is fine */

/* Other services: every stream gets the whole fleet. */
void events_reload(struct events *events);

/* Answers the call with a stream. */
void events_open(struct events *events, struct call *call);

void events_backend(struct events *events, struct backend *backend, enum backend_state from, enum reason reason);
