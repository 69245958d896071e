/* sqlite_turn: who writes next, among the processes that share a database.
 *
 * SQLite's own answer is that whoever finds the lock taken sleeps and asks again: the one that has just released it asks
 * first, and some wait for seconds. Here a process waits in line until it is its turn, and is woken then. A process that
 * is killed loses its place and its turn. Nothing depends on it but fairness: who writes without asking is held off by
 * SQLite's lock as ever.
 */
#pragma once

#include "common/err.h"

#include <stdbool.h>
#include <stdint.h>

struct sqlite_turn;

/* path: a file of its own, made where it is missing. */
bool sqlite_turn_open(const char *path, struct sqlite_turn **turn, struct err *err) MUST_CHECK;
void sqlite_turn_close(struct sqlite_turn *turn); /* NULL is fine; gives up the turn */

/* Waits until clock_us() is until_us; false with code SQLITE_BUSY then. Whoever has the turn does not ask again. */
bool sqlite_turn_take(struct sqlite_turn *turn, int64_t until_us, struct err *err) MUST_CHECK;
void sqlite_turn_release(struct sqlite_turn *turn); /* NULL, or not ours: nothing */
