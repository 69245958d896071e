/* exchange_fail: what a failed trial leads to: another one, a wait, or the end. */
#pragma once

#include "orchestrator/proxy/exchange_struct.h"

/* The trial that counts failed (it has no upstream any more). untouched: no byte was written. */
void exchange_fail(struct exchange *exchange, enum upstream_failure failure, bool untouched);

/* The trial that counts is given up in favour of another one. */
void exchange_replay(struct exchange *exchange, enum stats_replay reason);

/* Looks for another backend, waits for news of those that failed, or gives the request up as their fault. */
void exchange_decide(struct exchange *exchange);
