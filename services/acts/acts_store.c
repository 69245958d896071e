/* Unique means: the table says so, no look before the write. A category carries the number of its acts, kept by
 * triggers in the same transaction, so that lists of categories do not count acts. The picture is the last column: what
 * only looks at the others never touches its pages.
 *
 * Upvotes go to rows of their own, some two hundred in a page; in the act's row each would rewrite a page that is mostly
 * picture. An act has acts.upvotes (counted before the second schema, or since then by a service that knows only the
 * first and still runs) and votes.added together.
 */
#include "services/acts/acts_store.h"

#include "common/mem.h"
#include "services/control.h"

#include <stdlib.h>

const char *const acts_migrations[] = {
        "CREATE TABLE categories (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, acts INTEGER NOT NULL DEFAULT 0);"
        "CREATE TABLE acts (act_id INTEGER PRIMARY KEY,"
        " category_id INTEGER NOT NULL REFERENCES categories (id) ON DELETE CASCADE,"
        " upvotes INTEGER NOT NULL DEFAULT 0, time INTEGER NOT NULL, username TEXT NOT NULL,"
        " timestamp TEXT NOT NULL, caption TEXT NOT NULL, img TEXT NOT NULL);"
        "CREATE INDEX acts_newest ON acts (category_id, time DESC, act_id DESC);"
        "CREATE TRIGGER act_added AFTER INSERT ON acts"
        " BEGIN UPDATE categories SET acts = acts + 1 WHERE id = new.category_id; END;"
        "CREATE TRIGGER act_deleted AFTER DELETE ON acts"
        " BEGIN UPDATE categories SET acts = acts - 1 WHERE id = old.category_id; END;" CONTROL_SCHEMA,

        "CREATE TABLE votes (act_id INTEGER PRIMARY KEY, added INTEGER NOT NULL DEFAULT 0);"
        "INSERT INTO votes (act_id) SELECT act_id FROM acts INDEXED BY acts_newest ORDER BY act_id;"
        "CREATE TRIGGER votes_added AFTER INSERT ON acts"
        " BEGIN INSERT INTO votes (act_id) VALUES (new.act_id); END;"
        "CREATE TRIGGER votes_deleted AFTER DELETE ON acts"
        " BEGIN DELETE FROM votes WHERE act_id = old.act_id; END;",
        NULL,
};

const char *const acts_rules[] = {
        "SELECT 'category \"' || name || '\" says ' || acts || ' acts, and has ' || n FROM"
        " (SELECT name, acts, (SELECT count(*) FROM acts a WHERE a.category_id = c.id) AS n FROM categories c)"
        " WHERE n <> acts",
        "SELECT 'act ' || act_id || ' has ' || (upvotes + added) || ' upvotes' FROM acts JOIN votes USING (act_id)"
        " WHERE act_id < 0 OR upvotes < 0 OR added < 0",
        "SELECT 'act ' || act_id || ' has no row for its upvotes' FROM acts"
        " WHERE act_id NOT IN (SELECT act_id FROM votes)",
        "SELECT 'there are upvotes for act ' || act_id || ', and no such act' FROM votes"
        " WHERE act_id NOT IN (SELECT act_id FROM acts)",
        "SELECT 'act ' || act_id || ' has a picture that is not base64' FROM acts"
        " WHERE typeof(img) <> 'text' OR img = '' OR img GLOB '*[^A-Za-z0-9+/=]*'",
        CONTROL_RULE,
        NULL,
};

enum {
	CATEGORY_ADD,
	CATEGORY_DELETE,
	ACT_ADD,
	ACT_DELETE,
	UPVOTE,
	CATEGORIES,
	COUNT,
	CATEGORY,
	IDS,
	ACT,
	BEGIN,
	END,
	STATEMENTS,
	FIRST_READ = CATEGORIES
};

static const char *const SQL[STATEMENTS] = {
        [CATEGORY_ADD] = "INSERT INTO categories (name) VALUES (?1)",
        [CATEGORY_DELETE] = "DELETE FROM categories WHERE name = ?1",
        [ACT_ADD] = ("INSERT INTO acts (act_id, category_id, time, username, timestamp, caption, img)"
                     " SELECT ?1, id, ?3, ?4, ?5, ?6, ?7 FROM categories WHERE name = ?2"),
        [ACT_DELETE] = "DELETE FROM acts WHERE act_id = ?1",
        [UPVOTE] = "UPDATE votes SET added = added + 1 WHERE act_id = ?1",
        [CATEGORIES] = "SELECT name, acts FROM categories ORDER BY name",
        [COUNT] = "SELECT coalesce(sum(acts), 0) FROM categories",
        [CATEGORY] = "SELECT id, acts FROM categories WHERE name = ?1",
        [IDS] = "SELECT act_id FROM acts WHERE category_id = ?1 ORDER BY time DESC, act_id DESC LIMIT ?2 OFFSET ?3",
        [ACT] = ("SELECT username, timestamp, caption, upvotes + added, img FROM acts JOIN votes USING (act_id)"
                 " WHERE act_id = ?1"),
        [BEGIN] = "BEGIN",
        [END] = "COMMIT",
};

struct acts_tables {
	struct store *store;
	struct store_statement *statements[STATEMENTS];
};

bool acts_tables_open(struct store *store, bool writer, void **tables, struct err *err)
{
	struct acts_tables *t = mem_zero(sizeof(*t));

	*tables = t;
	t->store = store;
	for (int i = writer ? 0 : FIRST_READ; i < (writer ? FIRST_READ : STATEMENTS); i++) {
		if (!store_prepare(store, SQL[i], &t->statements[i], err))
			return false;
	}
	return true;
}

void acts_tables_close(void *tables)
{
	free(tables);
}

/* --- writing -------------------------------------------------------------------------------------------------------- */

/* Runs a bound statement that is to change exactly one row. */
static enum job_result change_one(struct acts_tables *tables, int which, const char *missing, struct err *err)
{
	struct store_statement *statement = tables->statements[which];
	enum store_step step = store_step(statement, err);
	int changes = store_changes(tables->store);

	store_reset(statement);
	if (step != STORE_DONE)
		return job_result_of(step);
	if (changes == 1)
		return JOB_OK;
	err_set(err, "%s", missing);
	return JOB_REFUSED;
}

enum job_result acts_store_category_add(struct acts_tables *tables, struct json_text name, struct err *err)
{
	store_bind_text(tables->statements[CATEGORY_ADD], 1, name.data, name.len);
	enum job_result result = change_one(tables, CATEGORY_ADD, "", err);
	if (result == JOB_REFUSED)
		err_set(err, "there is such a category already");
	return result;
}

enum job_result acts_store_category_delete(struct acts_tables *tables, struct json_text name, struct err *err)
{
	store_bind_text(tables->statements[CATEGORY_DELETE], 1, name.data, name.len);
	return change_one(tables, CATEGORY_DELETE, "there is no such category", err);
}

enum job_result acts_store_act_add(struct acts_tables *tables, const struct act *act, struct err *err)
{
	struct store_statement *add = tables->statements[ACT_ADD];
	const struct json_text *texts[] = {&act->username, &act->timestamp, &act->caption, &act->image};

	store_bind_int(add, 1, act->id);
	store_bind_text(add, 2, act->category.data, act->category.len);
	store_bind_int(add, 3, act->time);
	for (int i = 0; i < 4; i++)
		store_bind_text(add, 4 + i, texts[i]->len > 0 ? texts[i]->data : "", texts[i]->len);

	enum store_step step = store_step(add, err);
	int changes = store_changes(tables->store);
	store_reset(add);
	if (step == STORE_CONSTRAINT)
		err_set(err, "actId: there is such an act already");
	else if (step == STORE_DONE && changes == 0)
		err_set(err, "categoryName: there is no such category");
	if (step != STORE_DONE)
		return job_result_of(step);
	return changes == 1 ? JOB_OK : JOB_REFUSED;
}

enum job_result acts_store_act_delete(struct acts_tables *tables, int64_t id, struct err *err)
{
	store_bind_int(tables->statements[ACT_DELETE], 1, id);
	return change_one(tables, ACT_DELETE, "there is no such act", err);
}

enum job_result acts_store_upvote(struct acts_tables *tables, int64_t id, struct err *err)
{
	store_bind_int(tables->statements[UPVOTE], 1, id);
	return change_one(tables, UPVOTE, "there is no such act", err);
}

/* --- reading -------------------------------------------------------------------------------------------------------- */

enum job_result acts_store_categories(struct acts_tables *tables, struct json_writer *w, size_t *count, struct err *err)
{
	struct store_statement *categories = tables->statements[CATEGORIES];
	enum store_step step;

	*count = 0;
	while ((step = store_step(categories, err)) == STORE_ROW) {
		json_key(w, store_column_text(categories, 0, NULL));
		json_number(w, store_column_int(categories, 1));
		++*count;
	}
	store_reset(categories);
	return step == STORE_DONE ? JOB_OK : JOB_UNAVAILABLE;
}

enum job_result acts_store_count(struct acts_tables *tables, int64_t *count, struct err *err)
{
	enum store_step step = store_step(tables->statements[COUNT], err);

	if (step == STORE_ROW)
		*count = store_column_int(tables->statements[COUNT], 0);
	store_reset(tables->statements[COUNT]);
	return step == STORE_ROW ? JOB_OK : JOB_UNAVAILABLE;
}

enum job_result acts_store_category(struct acts_tables *tables, struct json_text name, int64_t *id, int64_t *acts,
                                    struct err *err)
{
	struct store_statement *category = tables->statements[CATEGORY];

	store_bind_text(category, 1, name.data, name.len);
	enum store_step step = store_step(category, err);
	if (step == STORE_ROW) {
		*id = store_column_int(category, 0);
		*acts = store_column_int(category, 1);
	}
	store_reset(category);
	if (step == STORE_DONE)
		return JOB_REFUSED;
	return step == STORE_ROW ? JOB_OK : JOB_UNAVAILABLE;
}

enum job_result acts_store_ids(struct acts_tables *tables, int64_t category, int64_t skip, size_t most, int64_t *ids,
                               size_t *count, struct err *err)
{
	struct store_statement *statement = tables->statements[IDS];
	enum store_step step;

	*count = 0;
	store_bind_int(statement, 1, category);
	store_bind_int(statement, 2, (int64_t)most);
	store_bind_int(statement, 3, skip);
	while ((step = store_step(statement, err)) == STORE_ROW)
		ids[(*count)++] = store_column_int(statement, 0);
	store_reset(statement);
	return step == STORE_DONE ? JOB_OK : JOB_UNAVAILABLE;
}

static void write_text(struct json_writer *w, const char *key, struct store_statement *row, int column)
{
	size_t len;
	const char *text = store_column_text(row, column, &len);

	json_key(w, key);
	json_text_n(w, text, len);
}

static size_t room_in(const struct json_writer *w, size_t most)
{
	return w->buf->len < most ? most - w->buf->len : 0;
}

static void write_picture(struct json_writer *w, struct store_statement *row, int64_t id, size_t most,
                          struct acts_picture *picture)
{
	struct json_text image;

	image.data = store_column_text(row, 4, &image.len);
	json_key(w, "imgB64");
	acts_picture_begin(picture, id, image, room_in(w, most), w);
	if (!acts_picture_unfinished(picture))
		json_end_object(w);
}

enum job_result acts_store_picture(struct acts_tables *tables, size_t most, struct acts_picture *picture,
                                   struct json_writer *w, struct err *err)
{
	enum job_result result = acts_picture_go_on(picture, tables->store, room_in(w, most), w, err);

	if (result == JOB_OK && !acts_picture_unfinished(picture))
		json_end_object(w);
	return result;
}

enum job_result acts_store_act(struct acts_tables *tables, int64_t id, size_t most, struct acts_picture *picture,
                               struct json_writer *w, struct err *err)
{
	struct store_statement *act = tables->statements[ACT];

	store_bind_int(act, 1, id);
	enum store_step step = store_step(act, err);
	if (step == STORE_ROW) {
		json_begin_object(w);
		json_member_number(w, "actId", id);
		write_text(w, "username", act, 0);
		write_text(w, "timestamp", act, 1);
		write_text(w, "caption", act, 2);
		json_member_number(w, "upvotes", store_column_int(act, 3));
		write_picture(w, act, id, most, picture);
	}
	store_reset(act);
	if (step == STORE_DONE)
		return JOB_REFUSED;
	return step == STORE_ROW ? JOB_OK : JOB_UNAVAILABLE;
}

enum job_result acts_store_begin(struct acts_tables *tables, struct err *err)
{
	enum store_step step = store_step(tables->statements[BEGIN], err);

	store_reset(tables->statements[BEGIN]);
	return step == STORE_DONE ? JOB_OK : JOB_UNAVAILABLE;
}

void acts_store_end(struct acts_tables *tables)
{
	struct err ignored;
	enum store_step step = store_step(tables->statements[END], &ignored);

	(void)step; /* nothing was written: there is nothing that could be lost */
	store_reset(tables->statements[END]);
}
