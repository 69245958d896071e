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

#include <sqlite3.h>
#include <stdio.h>

#define PAGES 2000 /* 8 MB: long enough that copying is a small part of writing */
#define READERS_MS 100
#define KEPT_BYTES (16 << 20)

static int on_commit(void *arg, sqlite3 *db, const char *name, int pages)
{
	struct store *store = arg;

	(void)db;
	(void)name;
	store->wal_pages = pages;
	return SQLITE_OK;
}

bool store_wal_open(struct store *store, int pages, struct err *err)
{
	char limit[64];

	store->wal_limit = pages > 0 ? pages : PAGES;
	store->wal_copy_at = store->wal_limit;
	sqlite3_wal_hook(store->db, on_commit, store); /* instead of the automatic checkpoint */
	snprintf(limit, sizeof(limit), "PRAGMA journal_size_limit=%d", KEPT_BYTES);
	return store_exec(store, limit, err);
}

static bool copy(struct store *store, int mode)
{
	int all = 0, copied = 0;

	return sqlite3_wal_checkpoint_v2(store->db, NULL, mode, &all, &copied) == SQLITE_OK && copied == all;
}

static bool start_over(struct store *store)
{
	struct err ignored;

	if (!store_turn_take(store->turn, clock_us() + READERS_MS * 1000, &ignored))
		return false;
	sqlite3_busy_timeout(store->db, READERS_MS);
	bool good = copy(store, SQLITE_CHECKPOINT_RESTART);
	sqlite3_busy_timeout(store->db, store->busy_timeout_ms);
	store_turn_release(store->turn);
	return good;
}

/* A failure is no failure of the commit: what was written is in the log, and whoever commits next tries again. */
void store_wal_tend(struct store *store)
{
	if (store->wal_pages < store->wal_limit)
		store->wal_copy_at = store->wal_limit;
	if (store->wal_pages < store->wal_copy_at)
		return;
	copy(store, SQLITE_CHECKPOINT_PASSIVE);
	if (!start_over(store))
		store->wal_copy_at = store->wal_pages + store->wal_limit / 4;
}
