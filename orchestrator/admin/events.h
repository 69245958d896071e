/* events: what the streams of /api/events (server-sent events) are told.
 *
 * A client first gets the whole fleet and the journal, then what changes, and the numbers once a second. A client that
 * loses its connection starts over, so nothing is numbered or kept for it. However much happens, the bytes a second are
 * bounded: what comes often is collected until the next look.
 */
#pragma once

#include "orchestrator/admin/call.h"

#include <stdio.h>

struct events;

struct events *events_new(struct desk *desk);
void events_free(struct events *events); /* ends all streams; NULL is fine */

/* Other services: every stream gets the whole fleet. */
void events_reload(struct events *events);

/* Ends all streams; more may come. */
void events_cut(struct events *events);

/* Answers the call with a stream. */
void events_open(struct events *events, struct call *call);

/* A step of the desk's curves has ended. */
void events_curves(struct events *events);

void events_backend(struct events *events, struct backend *backend, enum backend_state from, enum reason reason);

/* A table in Markdown: event | meaning. */
void events_document(FILE *to);
