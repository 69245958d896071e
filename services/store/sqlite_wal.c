/* sqlite_wal: keeps the write-ahead log short while several processes write and read without a pause.
 *
 * SQLite's automatic checkpoint never gets to the log's end while others append, so the log never starts over. Here the
 * connection whose commit finds the log long copies in two steps:
 *
 *   1. PASSIVE: nearly everything, while the others go on writing;
 *   2. RESTART, with the turn to write: the little that was added meanwhile; the next transaction starts the log over.
 *
 * Who still reads an old part of the log is waited for READERS_MS at most; then the log grows by a quarter of its limit
 * before the next attempt. Once started over, SQLite cuts a file that had grown longer (journal_size_limit).
 */
#include "services/store/sqlite_inside.h"

#include "common/clock.h"

#include <stdio.h>

#define PAGES 2000 /* 8 MB: long enough that copying is a small part of writing */
#define READERS_MS 100
#define KEPT_BYTES (16 << 20)

static int on_commit(void *arg, sqlite3 *db, const char *name, int pages)
{
	struct sqlite_store *sqlite = arg;

	(void)db;
	(void)name;
	sqlite->wal_pages = pages;
	return SQLITE_OK;
}

bool sqlite_wal_open(struct sqlite_store *sqlite, int pages, struct err *err)
{
	char limit[64];

	sqlite->wal_limit = pages > 0 ? pages : PAGES;
	sqlite->wal_copy_at = sqlite->wal_limit;
	sqlite3_wal_hook(sqlite->db, on_commit, sqlite); /* instead of the automatic checkpoint */
	snprintf(limit, sizeof(limit), "PRAGMA journal_size_limit=%d", KEPT_BYTES);
	return sqlite_exec(sqlite, limit, err);
}

static bool copy(struct sqlite_store *sqlite, int mode)
{
	int all = 0, copied = 0;

	return sqlite3_wal_checkpoint_v2(sqlite->db, NULL, mode, &all, &copied) == SQLITE_OK && copied == all;
}

static bool start_over(struct sqlite_store *sqlite)
{
	struct err ignored;

	if (!sqlite_turn_take(sqlite->turn, clock_us() + READERS_MS * 1000, &ignored))
		return false;
	sqlite3_busy_timeout(sqlite->db, READERS_MS);
	bool good = copy(sqlite, SQLITE_CHECKPOINT_RESTART);
	sqlite3_busy_timeout(sqlite->db, sqlite->patience_ms);
	sqlite_turn_release(sqlite->turn);
	return good;
}

/* A failure is no failure of the commit: what was written is in the log, and whoever commits next tries again. */
void sqlite_wal_tend(struct sqlite_store *sqlite)
{
	if (sqlite->wal_pages < sqlite->wal_limit)
		sqlite->wal_copy_at = sqlite->wal_limit;
	if (sqlite->wal_pages < sqlite->wal_copy_at)
		return;
	copy(sqlite, SQLITE_CHECKPOINT_PASSIVE);
	if (!start_over(sqlite))
		sqlite->wal_copy_at = sqlite->wal_pages + sqlite->wal_limit / 4;
}
