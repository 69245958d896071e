/* sqlite_check: one read transaction round everything. A page that cannot be read ends the query that needed it; that is a problem
 * like the others, and the remaining queries are asked all the same.
 */
#include "services/store/sqlite_inside.h"

#include "common/clock.h"

#include <string.h>

#define STEPS_A_LOOK 100000 /* of SQLite's machine: some milliseconds */
#define TELL_US 1000000

struct checking {
	struct sqlite_store *sqlite;
	const struct store_watch *watch;
	size_t problems;
	int64_t told_us;
	bool stopped;
};

/* found: problems of this kind before. */
static void tell_problem(struct checking *checking, size_t found, const char *text)
{
	checking->problems++;
	if (found < STORE_CHECK_TOLD)
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

/* Every row that the query gives is a problem, but for "ok", which is how SQLite says that there is none. */
static void ask(struct checking *checking, const char *sql)
{
	struct store_statement *statement;
	enum store_step step = STORE_FAILED;
	size_t count = 0;
	struct err err;

	if (checking->stopped)
		return;
	if (sqlite_prepare(&checking->sqlite->base, sql, &statement, &err)) {
		while ((step = sqlite_step(statement, &err)) == STORE_ROW) {
			const char *found = sqlite_column_text(statement, 0, NULL);
			if (found != NULL && strcmp(found, "ok") == 0)
				continue;
			tell_problem(checking, count++, found != NULL ? found : "a rule gave NULL");
		}
		sqlite_reset(statement);
	}
	store_check_tell_more(checking->watch, count > STORE_CHECK_TOLD ? count - STORE_CHECK_TOLD : 0);
	if (step != STORE_DONE && !checking->stopped)
		tell_problem(checking, 0, err.message);
}

static bool check_schema(struct checking *checking, const char *const *migrations, struct err *err)
{
	int known = 0;
	int64_t version = 0;

	while (migrations[known] != NULL)
		known++;
	if (!sqlite_read_version(checking->sqlite, &version, err))
		return false;
	if (version != known)
		return err_set_code(err, SQLITE_ERROR, "%s: has schema %d, and this program checks schema %d",
		                    checking->sqlite->path, (int)version, known);
	return true;
}

static void ask_all(struct checking *checking, const char *const *rules)
{
	ask(checking, "PRAGMA integrity_check");
	ask(checking, "SELECT \"table\" || ' row ' || coalesce(rowid, '?') || ' refers to nothing in ' || parent"
	              " FROM pragma_foreign_key_check");
	for (const char *const *rule = rules; *rule != NULL; rule++)
		ask(checking, *rule);
}

bool sqlite_check_file(const char *path, const struct store_texts *texts, const struct store_watch *watch,
                       size_t *problems, struct err *err)
{
	struct checking checking = {.watch = watch, .told_us = clock_us()};

	if (!sqlite_open_existing(path, &checking.sqlite, err))
		return false;
	sqlite3_progress_handler(checking.sqlite->db, STEPS_A_LOOK, on_steps, &checking);
	bool good = sqlite_exec(checking.sqlite, "BEGIN", err) && check_schema(&checking, texts->migrations, err);
	if (good)
		ask_all(&checking, texts->rules);
	if (good && checking.stopped)
		good = err_set(err, "%s: stopped before the end", path);
	sqlite3_progress_handler(checking.sqlite->db, 0, NULL, NULL);
	sqlite_close(&checking.sqlite->base);
	*problems = checking.problems;
	return good;
}

bool sqlite_check(const struct store_check *check, const struct store_texts *texts, const struct store_watch *watch,
                  size_t *problems, struct err *err)
{
	return sqlite_check_file(store_url_rest(check->url), texts, watch, problems, err);
}
