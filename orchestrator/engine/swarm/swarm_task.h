/* swarm_task: what a task says of its service, and what can be done about its words. Pure. */
#pragma once

#include "orchestrator/engine/swarm/swarm_json.h"

/* Which of two tasks of one service says what has become of it: one that runs; else, of those that ended, the last; and one
 * that waits only where none has ended, for then it is the first. */
bool swarm_task_says_more(const struct swarm_task *task, const struct swarm_task *other);

#define SWARM_NO_NODE "no suitable node" /* that Swarm's words have in them */

/* Swarm's words of what can be mended, and how; "": it is not known. Every node starts its tasks from what it has itself. */
const char *swarm_remedy_for(const char *words);
