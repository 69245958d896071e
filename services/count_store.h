/* count_store: the number of requests of all containers of a service, in a store that they share without sharing a folder.
 *
 * Each adds what it has counted to a row of its own once a second, and before it tells the number. So the number lacks at most
 * the last second of other containers, and what a killed one had counted since.
 */
#pragma once

#include "common/err.h"
#include "services/store/store.h"

#include <stdbool.h>
#include <stdint.h>

struct count_store;
struct event_base;
struct jobs;

/* Does that store count? Others have no statements for it. */
bool count_store_is_for(const struct store *store);

/* Before the stores' threads begin. */
bool count_store_open(struct store *write_store, struct store *read_store, struct count_store **count,
                      struct err *err) MUST_CHECK;
void count_store_start(struct count_store *count, struct event_base *base, struct jobs *jobs);

void count_store_add(struct count_store *count);

/* done is called on the loop; good: number is the number, or it has been set to 0. */
typedef void count_store_done(void *owner, bool good, int64_t number);
void count_store_read(struct count_store *count, count_store_done *done, void *owner);
void count_store_reset(struct count_store *count, count_store_done *done, void *owner);

void count_store_flush(struct count_store *count); /* hands what is left to the jobs, at the end */
void count_store_close(struct count_store *count); /* after the jobs have ended. NULL is fine */
