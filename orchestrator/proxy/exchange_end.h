/* exchange_end: the ways out of an exchange. Behind each of them it is over, and so is its turn. */
#pragma once

#include "orchestrator/proxy/exchange_struct.h"

/* What all of them come to, but for the turn, which is the caller's to end. code 0: the client left before its reply was
 * complete. outcome: of the backend that has the request. Harmless if it is over. */
void exchange_over(struct exchange *exchange, int code, enum fleet_outcome outcome);

/* An answer of our own. detail: for people; of a 502 the rule that the last reply broke comes in its place. */
void exchange_give_up(struct exchange *exchange, int status, const char *detail);

/* The same, with 503: nothing can come before that is tried again, at retry_us (clock_us). */
void exchange_turn_away(struct exchange *exchange, const char *detail, int64_t retry_us);

/* The reply was begun and cannot be completed. */
void exchange_cut(struct exchange *exchange);

/* Out of the list of those that wait, if it is there; the supervisor hears how many are left. */
void exchange_leave_held(struct exchange *exchange);

#define EXCHANGE_DETAIL_SIZE 256
/* The rule that the last reply broke, in a sentence; there must be one. Returns text. */
const char *exchange_explain(const struct exchange *exchange, char text[EXCHANGE_DETAIL_SIZE]);
