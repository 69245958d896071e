/* postgres: a store in a database of PostgreSQL's (15 or later), "postgresql://user@host/database", or with several hosts.
 *
 * One schema for each service, of the name of its texts; the search path is that schema. Who writes takes no turns: a batch is one
 * transaction, sent in one pipeline. Each store that writes has a number that no other one has at that moment, in the setting
 * selfless.slot: texts give it rows of its own in whatever all writers add to, so that nobody waits for another one's commit.
 *
 * A text that changes something gives the number of rows that it has changed as its command does, or as a row with one number: 1
 * changed, 0 unchanged, -1 refused by a constraint. It must not fail where it is refused, as that would end the transaction.
 * Parameters and columns are bigint, text or bytea. The text of a blob gives size and a piece of it for (row, from 1, length).
 *
 * err->code is the SQLSTATE, its five characters read as digits of base 36, or below 0: see postgres_inside.h.
 */
#pragma once

#include "services/store/store_driver.h"

extern const struct store_driver postgres_driver;
