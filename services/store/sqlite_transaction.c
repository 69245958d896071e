/* sqlite_transaction: BEGIN IMMEDIATE once it is our turn; COMMIT; what a failed one leaves behind. */
#include "services/store/sqlite_inside.h"

#include "common/clock.h"

#include <assert.h>

/* A file that was removed or replaced under us would take writes, and lose them with our last descriptor of it. */
static bool check_still_there(struct sqlite_store *sqlite, struct err *err)
{
	int moved = 0;

	sqlite3_file_control(sqlite->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
	return !moved || err_set_code(err, SQLITE_READONLY_DBMOVED,
	                              "%s: removed or replaced while in use: start the service again", sqlite->path);
}

/* A program that takes no turns, SQLite's own shell say, may still hold the lock: waits for it as long as time is left. */
static bool begin_until(struct sqlite_store *sqlite, int64_t until_us, struct err *err)
{
	int64_t left_ms = (until_us - clock_us()) / 1000;

	sqlite3_busy_timeout(sqlite->db, left_ms > 0 ? (int)left_ms : 0);
	bool good = sqlite_exec(sqlite, "BEGIN IMMEDIATE", err);
	sqlite3_busy_timeout(sqlite->db, sqlite->patience_ms);
	return good;
}

bool sqlite_begin(struct store *store, struct err *err)
{
	struct sqlite_store *sqlite = sqlite_of(store);
	int64_t until_us = sqlite_until_us(sqlite);

	assert(sqlite->turn != NULL);
	if (!check_still_there(sqlite, err))
		return false;
	if (!sqlite_turn_take(sqlite->turn, until_us, err))
		return err_prefix(err, "%s", sqlite->path);
	if (begin_until(sqlite, until_us, err))
		return true;
	sqlite_turn_release(sqlite->turn);
	return false;
}

/* Every change was settled when it was made. */
bool sqlite_settle(struct store *store, struct err *err)
{
	(void)store;
	(void)err;
	return true;
}

bool sqlite_commit(struct store *store, struct err *err)
{
	struct sqlite_store *sqlite = sqlite_of(store);

	if (!sqlite_exec(sqlite, "COMMIT", err))
		return false;
	sqlite_turn_release(sqlite->turn);
	sqlite_wal_tend(sqlite);
	return true;
}

/* SQLite rolls back by itself after some failures: then only the turn is given up. */
void sqlite_undo(struct store *store)
{
	struct sqlite_store *sqlite = sqlite_of(store);

	if (sqlite3_get_autocommit(sqlite->db) == 0)
		sqlite3_exec(sqlite->db, "ROLLBACK", NULL, NULL, NULL);
	sqlite_turn_release(sqlite->turn);
}

bool sqlite_begin_reading(struct store *store, struct err *err)
{
	struct store_statement *begin = sqlite_of(store)->begin_reading;
	enum store_step step = sqlite_step(begin, err);

	sqlite_reset(begin);
	return step == STORE_DONE;
}

/* Nothing was written: there is nothing that could be lost. */
void sqlite_end_reading(struct store *store)
{
	struct store_statement *end = sqlite_of(store)->end_reading;
	struct err ignored;
	enum store_step step = sqlite_step(end, &ignored);

	(void)step;
	sqlite_reset(end);
}
