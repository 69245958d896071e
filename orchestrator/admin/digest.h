/* digest: a number that is another one when what a service looks like has changed.
 *
 * States, reasons, messages, containers, wants: all that is not a counter. So a change that nobody tells of (a slot
 * without a container backs off, a spare is made, a message goes) is seen by asking now and then. Cheap: no text is made.
 */
#pragma once

#include <stdint.h>

struct supervisor;
struct supervisors;

uint64_t digest_service(struct supervisor *supervisor);
/* The same of the engine: whether it answers, who leads, the nodes, and what the loss of one would cost. */
uint64_t digest_engine(const struct supervisors *supervisors);
