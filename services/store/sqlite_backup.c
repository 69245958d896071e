/* sqlite_backup: copy -> sync -> check -> rename -> sync of the folder.
 *
 * It is read in one read transaction; what is written meanwhile stays in the log until the copy is done.
 * The source's read transaction stays open over all steps of the copy: SQLite would begin anew at every change another
 * process makes in between, which under load means for ever.
 */
#include "services/store/new_file.h"
#include "services/store/sqlite_inside.h"

#include "common/clock.h"
#include "common/mem.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGES_A_STEP 256
#define TELL_US 1000000

static const char *backup_source(const struct store_backup *backup)
{
	return store_url_rest(backup->from.url);
}

/* What else may be wrong with the name is new_file's to say. */
static bool check_target(const struct store_backup *backup, struct err *err)
{
	struct stat from, to;

	if (stat(backup_source(backup), &from) == -1)
		return err_set_errno(err, errno, "%s", backup_source(backup));
	if (lstat(backup->to, &to) == -1)
		return true;
	if (to.st_dev == from.st_dev && to.st_ino == from.st_ino)
		return err_set(err, "%s: is the database itself: name another file", backup->to);
	return true;
}

/* The copy needs no journal: where something fails it is thrown away. It is synced once, at the end. */
static bool open_copy(const char *path, struct sqlite_store **copy, struct err *err)
{
	return sqlite_open_existing(path, copy, err) && sqlite_exec(*copy, "PRAGMA journal_mode=OFF", err) &&
	       sqlite_exec(*copy, "PRAGMA synchronous=OFF", err);
}

static bool run_steps(sqlite3_backup *steps, struct sqlite_store *copy, const struct store_watch *watch,
                      struct err *err)
{
	int64_t told_us = clock_us();
	int rc;

	while ((rc = sqlite3_backup_step(steps, PAGES_A_STEP)) == SQLITE_OK) {
		int all = sqlite3_backup_pagecount(steps), done = all - sqlite3_backup_remaining(steps);
		if (clock_us() - told_us < TELL_US)
			continue;
		told_us = clock_us();
		if (!watch->on_progress(watch->owner, "copying", all > 0 ? (int)(100LL * done / all) : 0))
			return err_set(err, "stopped before the end");
	}
	if (rc == SQLITE_DONE)
		return true;
	return err_set_code(err, rc, "%s: %s", copy->path, sqlite3_errstr(rc));
}

static bool copy_pages(struct sqlite_store *from, struct sqlite_store *copy, const struct store_watch *watch,
                       struct err *err)
{
	if (!sqlite_exec(from, "BEGIN; SELECT count(*) FROM sqlite_schema", err))
		return false;
	sqlite3_backup *steps = sqlite3_backup_init(copy->db, "main", from->db, "main");
	if (steps == NULL)
		return sqlite_fail(copy, err);
	bool good = run_steps(steps, copy, watch, err);
	int rc = sqlite3_backup_finish(steps);
	return good && (rc == SQLITE_OK || err_set_code(err, rc, "%s: %s", copy->path, sqlite3_errstr(rc)));
}

static void close_one(struct sqlite_store *sqlite)
{
	if (sqlite != NULL)
		sqlite_close(&sqlite->base);
}

static bool copy_to(const char *path, const struct store_backup *backup, const struct store_watch *watch,
                    struct err *err)
{
	struct sqlite_store *from = NULL, *copy = NULL;
	bool good = sqlite_open_existing(backup_source(backup), &from, err) && open_copy(path, &copy, err) &&
	            copy_pages(from, copy, watch, err);

	close_one(copy);
	close_one(from);
	return good;
}

static bool check_copy(const char *path, const struct store_backup *backup, const struct store_texts *texts,
                       const struct store_watch *watch, struct err *err)
{
	size_t problems = 0;

	if (!sqlite_check_file(path, texts, watch, &problems, err))
		return false;
	return problems == 0 ||
	       err_set(err, "%s: its copy is not whole, see above; no backup was made", backup_source(backup));
}

static void remove_tails(const char *path)
{
	static const char *const tails[] = {"-journal", "-wal", "-shm"};

	for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
		char *name = mem_format("%s%s", path, tails[i]);
		unlink(name);
		free(name);
	}
}

/* Asks once more before the copy gets its name, as a small one is made too fast to be asked about meanwhile. */
static bool still_wanted(const struct store_watch *watch, struct err *err)
{
	return watch->on_progress(watch->owner, "naming", -1) || err_set(err, "stopped before the end");
}

bool sqlite_backup(const struct store_backup *backup, const struct store_texts *texts, const struct store_watch *watch,
                   int64_t *bytes, struct err *err)
{
	struct new_file copy;
	int fd;

	if (!check_target(backup, err) || !new_file_make(&copy, backup->to, backup->replace, &fd, err))
		return false;
	close(fd);
	bool good = copy_to(copy.path, backup, watch, err) && new_file_sync(&copy, bytes, err) &&
	            check_copy(copy.path, backup, texts, watch, err) && still_wanted(watch, err);
	if (!good)
		remove_tails(copy.path);
	good = good && new_file_name(&copy, err);
	new_file_end(&copy);
	return good;
}
