/* sqlite: open -> pragmas -> migrations (sqlite_migrate.c), and the driver's row.
 *
 * Whatever may meet another process that does the same at the same moment is tried again until patience is over: SQLite's
 * own handler is not asked where waiting could be a deadlock, as in the switch to WAL.
 */
#include "services/store/sqlite.h"

#include "common/mem.h"
#include "services/store/new_file.h"
#include "services/store/sqlite_inside.h"

#include <stdlib.h>
#include <unistd.h>

static bool set_pragmas(struct sqlite_store *sqlite, bool read_only, struct err *err)
{
	sqlite3_busy_timeout(sqlite->db, sqlite->patience_ms);
	if (!read_only && !sqlite_exec_patiently(sqlite, "PRAGMA journal_mode=WAL", err))
		return false;
	return sqlite_exec_patiently(sqlite, "PRAGMA synchronous=FULL", err) &&
	       sqlite_exec_patiently(sqlite, "PRAGMA foreign_keys=ON", err);
}

static bool open_for_writing(struct sqlite_store *sqlite, struct err *err)
{
	char *path = mem_format("%s-turn", sqlite->path);
	bool ok = sqlite_turn_open(path, &sqlite->turn, err) && sqlite_wal_open(sqlite, 0, err);

	free(path);
	return ok;
}

static bool prepare_reading(struct sqlite_store *sqlite, struct err *err)
{
	return sqlite_prepare(&sqlite->base, "BEGIN", &sqlite->begin_reading, err) &&
	       sqlite_prepare(&sqlite->base, "COMMIT", &sqlite->end_reading, err);
}

static bool sqlite_open(const struct store_options *options, const struct store_texts *texts, struct store **store,
                        struct err *err)
{
	int flags = options->read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
	struct sqlite_store *sqlite = sqlite_new(store_url_rest(options->url), options->patience_ms);
	bool is_new = !options->read_only && access(sqlite->path, F_OK) == -1;

	int rc = sqlite3_open_v2(sqlite->path, &sqlite->db, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
	mem_must(sqlite->db);
	bool ok = rc == SQLITE_OK || sqlite_fail(sqlite, err);
	ok = ok && set_pragmas(sqlite, options->read_only, err);
	ok = ok && (options->read_only || open_for_writing(sqlite, err));
	ok = ok && sqlite_migrate(sqlite, texts->migrations, options->read_only, err);
	ok = ok && prepare_reading(sqlite, err);
	ok = ok &&
	     (!is_new || new_file_sync_directory(sqlite->path, err)); /* SQLite does that for its journals alone */
	if (!ok) {
		sqlite_close(&sqlite->base);
		return false;
	}
	*store = &sqlite->base;
	return true;
}

const struct store_driver sqlite_driver = {
        .name = "sqlite",
        .url_form = "sqlite:/path/to/file",
        .open = sqlite_open,
        .close = sqlite_close,
        .failure = sqlite_failure,
        .begin = sqlite_begin,
        .settle = sqlite_settle,
        .commit = sqlite_commit,
        .undo = sqlite_undo,
        .begin_reading = sqlite_begin_reading,
        .end_reading = sqlite_end_reading,
        .prepare = sqlite_prepare,
        .bind_int = sqlite_bind_int,
        .bind_text = sqlite_bind_text,
        .change = sqlite_change,
        .step = sqlite_step,
        .reset = sqlite_reset,
        .column_int = sqlite_column_int,
        .column_text = sqlite_column_text,
        .blob_open = sqlite_blob_open,
        .blob_read = sqlite_blob_read,
        .blob_close = sqlite_blob_close,
        .stamps = sqlite_stamps,
        .check = sqlite_check,
        .backup = sqlite_backup,
};
