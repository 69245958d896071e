/* The acts' tables without HTTP: order, counters kept by triggers, cascades, plans that use the index, the first schema. */
#include "services/acts/acts_store.h"

#include "services/store/sqlite_inside.h"
#include "tests/unit/services/outcome.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[] = "/tmp/test_acts_store.XXXXXX";
static char url[64];
static char *const path = url + sizeof("sqlite:") - 1;
static struct store *write_store, *read_store;
static void *writing, *reading;
static struct err err;
static struct job job;

static struct json_text text_of(const char *text)
{
	return (struct json_text){.data = text, .len = strlen(text)};
}

static void make_folder(void)
{
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(url, sizeof(url), "sqlite:%s/acts.db", folder);
}

static void open_both(void)
{
	struct store_options options = {.url = url, .texts = acts_texts, .patience_ms = 1000};

	ck_assert_msg(store_open(&options, &write_store, &err), "%s", err.message);
	options.read_only = true;
	ck_assert_msg(store_open(&options, &read_store, &err), "%s", err.message);
	ck_assert_msg(acts_tables_open(write_store, true, &writing, &err), "%s", err.message);
	ck_assert_msg(acts_tables_open(read_store, false, &reading, &err), "%s", err.message);
}

static void set_up(void)
{
	make_folder();
	open_both();
	ck_assert_int_eq(outcome_of(write_store, &job, acts_store_category_add(writing, text_of("garden"), &job)),
	                 JOB_OK);
	ck_assert_int_eq(outcome_of(write_store, &job, acts_store_category_add(writing, text_of("beach"), &job)),
	                 JOB_OK);
}

static void tear_down(void)
{
	acts_tables_close(writing);
	acts_tables_close(reading);
	store_close(read_store);
	store_close(write_store);
	unlink(path);
	snprintf(url, sizeof(url), "sqlite:%s/acts.db-turn", folder);
	unlink(path);
	rmdir(folder);
}

static enum job_result add(int64_t id, const char *category, int64_t time)
{
	struct act act = {.id = id,
	                  .username = text_of("ann"),
	                  .timestamp = text_of("01-01-2024:00-00-00"),
	                  .category = text_of(category),
	                  .image = text_of("AAAA"),
	                  .time = time};

	return outcome_of(write_store, &job, acts_store_act_add(writing, &act, &job));
}

static int64_t acts_of(const char *category, int64_t *id)
{
	int64_t acts = -1;
	enum job_result found = acts_store_category(reading, text_of(category), id, &acts, &err);

	return found == JOB_OK ? acts : -1;
}

START_TEST(triggers_keep_count)
{
	int64_t id, all;

	set_up();
	for (int64_t n = 0; n < 10; n++)
		ck_assert_int_eq(add(n, n % 2 ? "garden" : "beach", n), JOB_OK);
	ck_assert_int_eq(add(3, "beach", 0), JOB_REFUSED);
	ck_assert_int_eq(add(11, "nowhere", 0), JOB_REFUSED);
	ck_assert_int_eq(outcome_of(write_store, &job, acts_store_act_delete(writing, 1, &job)), JOB_OK);
	ck_assert_int_eq(outcome_of(write_store, &job, acts_store_act_delete(writing, 1, &job)), JOB_REFUSED);
	ck_assert_int_eq(acts_of("garden", &id), 4);
	ck_assert_int_eq(acts_of("beach", &id), 5);
	ck_assert_int_eq(acts_store_count(reading, &all, &err), JOB_OK);
	ck_assert_int_eq(all, 9);
	ck_assert_int_eq(outcome_of(write_store, &job, acts_store_category_delete(writing, text_of("beach"), &job)),
	                 JOB_OK);
	ck_assert_int_eq(acts_of("beach", &id), -1);
	ck_assert_int_eq(acts_store_count(reading, &all, &err), JOB_OK);
	ck_assert_int_eq(all, 4);
	ck_assert_int_eq(add(0, "garden", 0), JOB_OK); /* its number is free again */
	tear_down();
}
END_TEST

START_TEST(newest_first_and_skipped)
{
	static const int64_t times[] = {5, 9, 5, -3, 9, 0};
	static const int64_t order[] = {4, 1, 2, 0, 5, 3};
	int64_t ids[ACTS_LIST_MOST], id;
	size_t count;

	set_up();
	for (int64_t n = 0; n < 6; n++)
		ck_assert_int_eq(add(n, "garden", times[n]), JOB_OK);
	ck_assert_int_eq(acts_of("garden", &id), 6);
	for (int64_t skip = 0; skip < 7; skip++) {
		ck_assert_int_eq(acts_store_ids(reading, id, skip, 3, ids, &count, &err), JOB_OK);
		ck_assert_uint_eq(count, skip < 4 ? 3 : (size_t)(6 - skip));
		ck_assert(count == 0 || memcmp(ids, order + skip, count * sizeof(*ids)) == 0);
	}
	tear_down();
}
END_TEST

static void assert_plan(const char *sql, const char *wanted)
{
	sqlite3 *db;
	sqlite3_stmt *stmt;
	char plan[512] = "", text[512];

	snprintf(text, sizeof(text), "EXPLAIN QUERY PLAN %s", sql);
	ck_assert_int_eq(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_prepare_v2(db, text, -1, &stmt, NULL), SQLITE_OK);
	while (sqlite3_step(stmt) == SQLITE_ROW)
		strncat(plan, (const char *)sqlite3_column_text(stmt, 3), sizeof(plan) - strlen(plan) - 1);
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	ck_assert_msg(strstr(plan, wanted) != NULL && strstr(plan, "TEMP B-TREE") == NULL, "%s: %s", sql, plan);
}

START_TEST(lists_use_the_index)
{
	set_up();
	assert_plan("SELECT act_id FROM acts WHERE category_id = 1 ORDER BY time DESC, act_id DESC LIMIT 1 OFFSET 1",
	            "COVERING INDEX acts_newest");
	assert_plan("SELECT name, acts FROM categories ORDER BY name", "INDEX");
	tear_down();
}
END_TEST

/* --- the first schema ------------------------------------------------------------------------------------------ */

/* A service that knows only the first schema; it has its statements already when the second one comes. */
struct old_service {
	struct store *store;
	struct store_statement *add, *upvote, *delete;
};

static struct store_statement *prepared(struct store *store, const char *sql)
{
	struct store_statement *statement;

	ck_assert_msg(sqlite_prepare(store, sql, &statement, &err), "%s", err.message);
	return statement;
}

static void does(struct store_statement *statement)
{
	enum store_change change = STORE_PENDING;

	ck_assert_msg(store_change(statement, &change, &err), "%s", err.message);
	ck_assert_int_eq(change, STORE_CHANGED);
}

static void open_old(struct old_service *old)
{
	const char *const first_only[] = {acts_texts[0]->migrations[0], NULL};
	const struct store_texts texts = {.dialect = "sqlite", .migrations = first_only};
	const struct store_texts *const all[] = {&texts, NULL};
	const struct store_options options = {.url = url, .texts = all, .patience_ms = 1000};

	ck_assert_msg(store_open(&options, &old->store, &err), "%s", err.message);
	does(prepared(old->store, "INSERT INTO categories (name) VALUES ('garden')"));
	old->add =
	        prepared(old->store, "INSERT INTO acts (act_id, category_id, time, username, timestamp, caption, img)"
	                             " SELECT ?1, id, 0, 'ann', '', '', 'AAAA' FROM categories WHERE name = 'garden'");
	old->upvote = prepared(old->store, "UPDATE acts SET upvotes = upvotes + 1 WHERE act_id = ?1");
	old->delete = prepared(old->store, "DELETE FROM acts WHERE act_id = ?1");
}

static void old_does(struct store_statement *statement, int64_t id)
{
	store_bind_int(statement, 1, id);
	does(statement);
}

/* -1: there is no such act. */
static long upvotes_of(int64_t id)
{
	static const char key[] = "\"upvotes\":";
	struct json_writer w;
	struct acts_picture picture;
	struct buf json;
	long upvotes = -1;

	buf_init(&json, 4096);
	json_writer_init(&w, &json);
	if (acts_store_act(reading, id, 4096, &picture, &w, &err) == JOB_OK) {
		const char *found = strstr(buf_text(&json), key);
		ck_assert_ptr_nonnull(found);
		upvotes = strtol(found + strlen(key), NULL, 10);
	}
	buf_clear(&json);
	return upvotes;
}

static bool on_progress(void *owner, const char *doing, int percent)
{
	(void)owner;
	(void)doing;
	(void)percent;
	return true;
}

static void on_problem(void *owner, const char *problem)
{
	(void)owner;
	ck_abort_msg("%s", problem);
}

static void assert_whole(void)
{
	const struct store_check check = {url, acts_texts};
	const struct store_watch watch = {on_progress, on_problem, NULL};
	size_t problems;

	ck_assert_msg(store_check(&check, &watch, &problems, &err), "%s", err.message);
}

/* A roll from one to the other: both write for a while, and nothing of it is lost. */
START_TEST(first_schema_goes_on)
{
	struct old_service old;

	make_folder();
	open_old(&old);
	old_does(old.add, 1);
	old_does(old.add, 2);
	old_does(old.upvote, 1);
	open_both();
	ck_assert_int_eq(upvotes_of(1), 1);
	ck_assert_int_eq(upvotes_of(2), 0);
	ck_assert_int_eq(outcome_of(write_store, &job, acts_store_upvote(writing, 1, &job)), JOB_OK);
	old_does(old.upvote, 1);
	old_does(old.upvote, 2);
	old_does(old.add, 3);
	ck_assert_int_eq(outcome_of(write_store, &job, acts_store_upvote(writing, 3, &job)), JOB_OK);
	old_does(old.upvote, 3);
	old_does(old.delete, 2);
	ck_assert_int_eq(outcome_of(write_store, &job, acts_store_upvote(writing, 2, &job)), JOB_REFUSED);
	ck_assert_int_eq(upvotes_of(1), 3);
	ck_assert_int_eq(upvotes_of(2), -1);
	ck_assert_int_eq(upvotes_of(3), 2);
	assert_whole();
	store_close(old.store);
	tear_down();
}
END_TEST

UNIT_MAIN("acts_store", triggers_keep_count, newest_first_and_skipped, lists_use_the_index, first_schema_goes_on)
