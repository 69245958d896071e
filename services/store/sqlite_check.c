/* One read transaction round everything. A page that cannot be read ends the query that needed it; that is a problem
 * like the others, and the remaining queries are asked all the same.
 */
#include "services/store/store_check.h"

#include "common/clock.h"
#include "services/store/sqlite_inside.h"

#include <sqlite3.h>
#include <string.h>

#define STEPS_A_LOOK 100000 /* of SQLite's machine: some milliseconds */
#define TELL_US 1000000

struct checking {
	struct store *store;
	const struct store_watch *watch;
	size_t problems;
	int64_t told_us;
	bool stopped;
};

static void tell_problem(struct checking *checking, const char *text)
{
	checking->problems++;
	checking->watch->on_problem(checking->watch->owner, text);
}

static int on_steps(void *arg)
{
	struct checking *checking = arg;
	int64_t now_us = clock_us();

	if (now_us - checking->told_us < TELL_US)
		return checking->stopped;
	checking->told_us = now_us;
	checking->stopped = !checking->watch->on_progress(checking->watch->owner, "checking", -1);
	return checking->stopped;
}

/* Every row is a problem, but for one "ok". */
static void ask(struct checking *checking, const char *sql)
{
	struct store_statement *statement;
	enum store_step step = STORE_FAILED;
	struct err err;

	if (checking->stopped)
		return;
	if (store_prepare(checking->store, sql, &statement, &err)) {
		while ((step = store_step(statement, &err)) == STORE_ROW) {
			const char *found = store_column_text(statement, 0, NULL);
			if (found != NULL && strcmp(found, "ok") == 0)
				continue;
			tell_problem(checking, found != NULL ? found : "a rule gave NULL");
		}
		store_reset(statement);
	}
	if (step != STORE_DONE && !checking->stopped)
		tell_problem(checking, err.message);
}

static bool check_schema(struct checking *checking, const char *const *migrations, struct err *err)
{
	int known = 0;
	int64_t version = 0;

	while (migrations[known] != NULL)
		known++;
	if (!store_read_version(checking->store, &version, err))
		return false;
	if (version != known)
		return err_set_code(err, SQLITE_ERROR, "%s: has schema %d, and this program checks schema %d",
		                    checking->store->path, (int)version, known);
	return true;
}

bool store_check(const struct store_check *check, const struct store_watch *watch, size_t *problems, struct err *err)
{
	struct checking checking = {.watch = watch, .told_us = clock_us()};

	if (!store_open_existing(check->path, &checking.store, err))
		return false;
	sqlite3_progress_handler(checking.store->db, STEPS_A_LOOK, on_steps, &checking);
	bool good = store_exec(checking.store, "BEGIN", err) && check_schema(&checking, check->migrations, err);
	if (good) {
		ask(&checking, "PRAGMA integrity_check");
		ask(&checking,
		    "SELECT \"table\" || ' row ' || coalesce(rowid, '?') || ' refers to nothing in ' || parent"
		    " FROM pragma_foreign_key_check");
		for (const char *const *rule = check->rules; *rule != NULL; rule++)
			ask(&checking, *rule);
	}
	if (good && checking.stopped)
		good = err_set(err, "%s: stopped before the end", check->path);
	sqlite3_progress_handler(checking.store->db, 0, NULL, NULL);
	store_close(checking.store);
	*problems = checking.problems;
	return good;
}
