/* exchange_trial: one try of a request on one backend. There is one at a time, but for two while both wait for their replies.
 *
 * A trial has its backend exactly while it counts as in flight there.
 */
#pragma once

#include "orchestrator/proxy/exchange_struct.h"

/* Sends the request to an acquired backend, as that trial. fresh: on a new connection. */
void exchange_send(struct trial *trial, struct backend *backend, bool fresh);

/* Do two trials wait for their replies? */
bool exchange_is_hedging(const struct exchange *exchange);

/* The one that does not count. */
struct trial *exchange_other(struct exchange *exchange);

/* This trial is answered: its reply counts, and another one is cancelled. */
void exchange_settle(struct trial *trial);

/* The trial that counts has failed and is released: the other one is left. */
void exchange_go_on_with_other(struct exchange *exchange);

/* The trial that counts is over for its backend. */
void exchange_release(struct exchange *exchange, enum fleet_outcome outcome);

/* Its connection is closed. */
void exchange_cancel(struct exchange *exchange);

/* The same for every trial, and nothing is asked about them any more. */
void exchange_drop_upstream(struct exchange *exchange);
