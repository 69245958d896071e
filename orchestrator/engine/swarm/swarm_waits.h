/* swarm_waits: verbs that a look at the swarm answers: list, inspect, start. A round that began after the verb was called answers
 * it, or says that it is to wait for the next, until its deadline: then it is refused where Swarm says what is in the way.
 */
#pragma once

#include "orchestrator/engine/engine.h"

#include <stdbool.h>

struct event_base;
struct swarm_view;
struct swarm_waits;

/* True: result is the answer. What result points to must hold until the next look. */
typedef bool swarm_wait_look(const struct swarm_view *view, const char *id, struct engine_result *result);

struct swarm_waits *swarm_waits_new(struct event_base *base);
void swarm_waits_free(struct swarm_waits *waits); /* they end without an answer */

/* round: the first that may answer it. id: of the container; "": of none. */
void swarm_waits_add(struct swarm_waits *waits, swarm_wait_look *look, const char *id, unsigned round, int timeout_ms,
                     engine_done *done, void *arg);

/* Answered at the loop's next turn: there is nothing to do. */
void swarm_waits_nothing(struct swarm_waits *waits, engine_done *done, void *arg);

void swarm_waits_looked(struct swarm_waits *waits, const struct swarm_view *view, unsigned round);
void swarm_waits_fail(struct swarm_waits *waits, enum engine_fault fault, const char *message); /* all of them */
bool swarm_waits_any(const struct swarm_waits *waits);
