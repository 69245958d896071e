/* postgres_check: the rules, in one read transaction, by the server. Whether pages and indexes are whole is the server's to say:
 * data checksums, pg_amcheck. Backups are its own, too.
 */
#include "services/store/postgres_inside.h"

#include "common/clock.h"
#include "common/mem.h"

#include <stdlib.h>

#define PATIENCE_MS 5000

struct checking {
	struct postgres_store *pg;
	const struct store_watch *watch;
	size_t problems;
};

static bool check_schema(struct postgres_store *pg, const char *const *migrations, struct err *err)
{
	int64_t known = 0, version = 0;

	while (migrations[known] != NULL)
		known++;
	return postgres_read_version(pg, &version, err) &&
	       (version == known || err_set(err, "%s: has schema %d, and this program checks schema %d", pg->shown,
	                                    (int)version, (int)known));
}

static void tell(const struct checking *checking, const char *problem)
{
	checking->watch->on_problem(checking->watch->owner, problem);
}

/* The first problems, and how many more there are. */
static enum store_step tell_rows(struct checking *checking, struct store_statement *statement, struct err *err)
{
	enum store_step step;
	size_t told = 0, all = 0;

	while ((step = postgres_step(statement, err)) == STORE_ROW) {
		const char *found = postgres_column_text(statement, 0, NULL);
		all = (size_t)postgres_column_int(statement, 1);
		told++;
		tell(checking, found != NULL ? found : "a rule gave NULL");
	}
	store_check_tell_more(checking->watch, all - told);
	checking->problems += all;
	return step;
}

/* Every row is a problem. What cannot be read is one, too, if there is still somebody to ask. */
static bool ask(struct checking *checking, const char *rule, struct err *err)
{
	struct store_statement *statement;
	enum store_step step = STORE_FAILED;

	if (postgres_prepare(&checking->pg->base, rule, &statement, err)) {
		step = tell_rows(checking, statement, err);
		postgres_reset(statement);
	}
	if (step == STORE_DONE)
		return true;
	if (checking->pg->conn == NULL)
		return false;
	checking->problems++;
	tell(checking, err->message);
	return true;
}

/* The rules, so that they give a few rows and how many there are: libpq holds all that come. To be freed when the statements have
 * gone. */
static char **bounded(const char *const *rules, size_t *count)
{
	for (*count = 0; rules[*count] != NULL;)
		++*count;
	char **texts = mem_array(NULL, *count, sizeof(*texts));
	for (size_t i = 0; i < *count; i++)
		texts[i] = mem_format("SELECT problem, count(*) OVER () FROM (%s) AS broken (problem) LIMIT %d",
		                      rules[i], STORE_CHECK_TOLD);
	return texts;
}

/* Not one moment for all of them: each rule is true at any. */
static bool ask_all(struct checking *checking, char **rules, size_t count, struct err *err)
{
	for (size_t i = 0; i < count; i++) {
		if (!ask(checking, rules[i], err))
			return false;
	}
	return true;
}

bool postgres_check(const struct store_check *check, const struct store_texts *texts, const struct store_watch *watch,
                    size_t *problems, struct err *err)
{
	struct postgres_store *pg = postgres_new(check->url, texts, PATIENCE_MS, true);
	struct checking checking = {.pg = pg, .watch = watch};
	size_t count;
	char **rules = bounded(texts->rules, &count);

	pg->watch = watch;
	pg->told_us = clock_us();
	bool good = postgres_dial(pg, err) && check_schema(pg, texts->migrations, err) && postgres_get_ready(pg, err) &&
	            ask_all(&checking, rules, count, err);
	postgres_close(&pg->base);
	for (size_t i = 0; i < count; i++)
		free(rules[i]);
	free(rules);
	*problems = checking.problems;
	return good;
}

bool postgres_backup(const struct store_backup *backup, const struct store_texts *texts,
                     const struct store_watch *watch, int64_t *bytes, struct err *err)
{
	char *shown = store_url_name(backup->from.url);

	(void)watch;
	(void)bytes;
	err_set(err,
	        "%s: PostgreSQL makes its own backups: pg_dump --format=custom --schema=%s --file=%s, with the same url",
	        shown, texts->name != NULL ? texts->name : "public", backup->to);
	free(shown);
	return false;
}
