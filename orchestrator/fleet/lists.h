/* lists: the one who asks an engine for the list of its containers: when it is up again, when somebody is in doubt, and at a time
 * that the taker says. One list at a time is in flight, and none is asked for before a back-off is over.
 */
#pragma once

#include "orchestrator/fleet/listing.h"

#include <stdbool.h>

struct event_base;
struct lists;

struct lists_settings {
	struct event_base *base;
	void (*taker)(const struct engine_listing *listing, void *arg); /* later, from the engine */
	void *arg;
};

struct lists *lists_new(const struct lists_settings *settings);
void lists_free(struct lists *lists); /* after the engine: no answer comes any more. NULL is fine */

void lists_up(struct lists *lists, struct engine *engine); /* the first list is asked for */
void lists_down(struct lists *lists);                      /* until it is up again; an answer from before is dropped */
void lists_stop(struct lists *lists);                      /* no more of them */
void lists_want(struct lists *lists);                      /* in doubt: one that is asked for from now on */
void lists_due(struct lists *lists, int64_t at_us);        /* the next one, at the latest (clock_us) */
