/* acts_store: statements by their number (acts_sql.h), and what refuses them in words. */
#include "services/acts/acts_store.h"

#include "common/mem.h"
#include "services/acts/acts_sql.h"
#include "services/store/store_by_name.h"

#include <stdlib.h>

#define ID_BYTES 24 /* most that a number of an act takes as text, with what parts it from others */

const struct store_texts *const acts_texts[] = {&acts_sqlite, &acts_postgres, NULL};

struct acts_tables {
	struct store *store;
	struct store_statement *statements[ACTS_STATEMENTS];
};

bool acts_tables_open(struct store *store, bool writer, void **tables, struct err *err)
{
	struct acts_tables *t = mem_zero(sizeof(*t));

	*tables = t;
	t->store = store;
	for (int i = writer ? PRIVATE_STATEMENTS : ACTS_FIRST_READ; i < (writer ? ACTS_FIRST_READ : ACTS_PICTURE);
	     i++) {
		if (store_says(store, i) && !store_prepare(store, i, &t->statements[i], err))
			return false;
	}
	return true;
}

void acts_tables_close(void *tables)
{
	free(tables);
}

/* --- writing --------------------------------------------------------------------------------------------------- */

/* What a person is told where a statement is refused. */
static const struct job_refusal REFUSALS[ACTS_FIRST_READ] = {
        [ACTS_CATEGORY_ADD] = {.taken = "there is such a category already"},
        [ACTS_CATEGORY_DELETE] = {.unchanged = "there is no such category"},
        [ACTS_ACT_ADD] = {.taken = "actId: there is such an act already",
                          .unchanged = "categoryName: there is no such category"},
        [ACTS_ACT_DELETE] = {.unchanged = "there is no such act"},
        [ACTS_UPVOTE] = {.unchanged = "there is no such act"},
};

static enum job_result change(struct acts_tables *tables, int number, struct job *job)
{
	return job_change(job, tables->statements[number], &REFUSALS[number]);
}

enum job_result acts_store_category_add(struct acts_tables *tables, struct json_text name, struct job *job)
{
	store_bind_text(tables->statements[ACTS_CATEGORY_ADD], 1, name.data, name.len);
	return change(tables, ACTS_CATEGORY_ADD, job);
}

enum job_result acts_store_category_delete(struct acts_tables *tables, struct json_text name, struct job *job)
{
	store_bind_text(tables->statements[ACTS_CATEGORY_DELETE], 1, name.data, name.len);
	return change(tables, ACTS_CATEGORY_DELETE, job);
}

void acts_store_bind_act(struct store_statement *add, const struct act *act)
{
	const struct json_text *texts[] = {&act->username, &act->timestamp, &act->caption, &act->image};

	store_bind_int(add, 1, act->id);
	store_bind_text(add, 2, act->category.data, act->category.len);
	store_bind_int(add, 3, act->time);
	for (int i = 0; i < 4; i++)
		store_bind_text(add, 4 + i, texts[i]->len > 0 ? texts[i]->data : "", texts[i]->len);
}

enum job_result acts_store_act_add(struct acts_tables *tables, const struct act *act, struct job *job)
{
	acts_store_bind_act(tables->statements[ACTS_ACT_ADD], act);
	return change(tables, ACTS_ACT_ADD, job);
}

enum job_result acts_store_act_delete(struct acts_tables *tables, int64_t id, struct job *job)
{
	store_bind_int(tables->statements[ACTS_ACT_DELETE], 1, id);
	return change(tables, ACTS_ACT_DELETE, job);
}

enum job_result acts_store_upvote(struct acts_tables *tables, int64_t id, struct job *job)
{
	store_bind_int(tables->statements[ACTS_UPVOTE], 1, id);
	return change(tables, ACTS_UPVOTE, job);
}

/* --- reading --------------------------------------------------------------------------------------------------- */

struct names {
	struct json_writer *writer;
	size_t count;
};

static bool write_category(void *owner, struct store_statement *row, struct err *err)
{
	struct names *names = owner;

	json_key(names->writer, store_column_text(row, 0, NULL));
	json_number(names->writer, store_column_int(row, 1));
	names->count++;
	return json_writer_ok(names->writer) || err_set(err, "the list of categories is too long");
}

enum job_result acts_store_categories(struct acts_tables *tables, struct json_writer *w, size_t *count, struct err *err)
{
	struct names names = {.writer = w};
	bool good = store_each_by_name(tables->statements[ACTS_CATEGORIES], write_category, &names, err);

	*count = names.count;
	return good ? JOB_OK : JOB_UNAVAILABLE;
}

enum job_result acts_store_count(struct acts_tables *tables, int64_t *count, struct err *err)
{
	enum store_step step = store_step(tables->statements[ACTS_COUNT], err);

	if (step == STORE_ROW)
		*count = store_column_int(tables->statements[ACTS_COUNT], 0);
	store_reset(tables->statements[ACTS_COUNT]);
	return step == STORE_ROW ? JOB_OK : JOB_UNAVAILABLE;
}

enum job_result acts_store_category(struct acts_tables *tables, struct json_text name, int64_t *id, int64_t *acts,
                                    struct err *err)
{
	struct store_statement *category = tables->statements[ACTS_CATEGORY];

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
	struct store_statement *statement = tables->statements[ACTS_IDS];
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

static void write_act(struct json_writer *w, struct store_statement *row, int64_t id, size_t most,
                      struct acts_picture *picture)
{
	json_begin_object(w);
	json_member_number(w, "actId", id);
	write_text(w, "username", row, 0);
	write_text(w, "timestamp", row, 1);
	write_text(w, "caption", row, 2);
	json_member_number(w, "upvotes", store_column_int(row, 3));
	if (picture != NULL)
		write_picture(w, row, id, most, picture);
	else
		json_end_object(w);
}

enum job_result acts_store_act(struct acts_tables *tables, int64_t id, size_t most, struct acts_picture *picture,
                               struct json_writer *w, struct err *err)
{
	struct store_statement *act = tables->statements[picture != NULL ? ACTS_ACT : ACTS_ACT_WORDS];

	store_bind_int(act, 1, id);
	enum store_step step = store_step(act, err);
	if (step == STORE_ROW)
		write_act(w, act, id, most, picture);
	store_reset(act);
	if (step == STORE_DONE)
		return JOB_REFUSED;
	return step == STORE_ROW ? JOB_OK : JOB_UNAVAILABLE;
}

/* --- several of them ------------------------------------------------------------------------------------------- */

static bool bind_ids(struct store_statement *some, const struct acts_wanted *wanted, size_t first, struct buf *text)
{
	bool good = true;

	buf_reset(text);
	for (size_t i = first; good && i < wanted->count; i++)
		good = buf_add_format(text, "%c%lld", i == first ? '{' : ',', (long long)wanted->ids[i]);
	good = good && buf_add(text, "}", 1);
	store_bind_text(some, 1, text->data, text->len);
	return good;
}

/* Those that one question gives. None: there is none of them any more. */
static enum store_step write_some(struct store_statement *some, const struct acts_wanted *wanted, struct json_writer *w,
                                  size_t *next, struct err *err)
{
	size_t first = *next;
	enum store_step step = STORE_ROW;

	while (w->buf->len < wanted->enough && (step = store_step(some, err)) == STORE_ROW) {
		*next = first + (size_t)store_column_int(some, 5);
		write_act(w, some, wanted->ids[*next - 1], wanted->most, wanted->picture);
	}
	if (step == STORE_DONE && *next == first)
		*next = wanted->count;
	return step;
}

static enum job_result ask_for_some(struct acts_tables *tables, const struct acts_wanted *wanted, struct json_writer *w,
                                    size_t *next, struct err *err)
{
	struct store_statement *some = tables->statements[wanted->picture != NULL ? ACTS_SOME : ACTS_SOME_WORDS];
	enum store_step step = STORE_FAILED;
	struct buf ids;

	buf_init(&ids, ACTS_LIST_MOST * ID_BYTES);
	if (bind_ids(some, wanted, *next, &ids)) {
		store_bind_int(some, 2, (int64_t)(wanted->enough - w->buf->len));
		step = write_some(some, wanted, w, next, err);
	} else {
		err_set(err, "more than %d acts are wanted", ACTS_LIST_MOST);
	}
	store_reset(some);
	buf_clear(&ids);
	return step != STORE_FAILED ? JOB_OK : JOB_UNAVAILABLE;
}

static enum job_result ask_for_one(struct acts_tables *tables, const struct acts_wanted *wanted, struct json_writer *w,
                                   size_t *next, struct err *err)
{
	return acts_store_act(tables, wanted->ids[(*next)++], wanted->most, wanted->picture, w, err);
}

enum job_result acts_store_acts(struct acts_tables *tables, const struct acts_wanted *wanted, struct json_writer *w,
                                size_t *next, struct err *err)
{
	bool many = tables->statements[ACTS_SOME] != NULL;
	enum job_result result = JOB_OK;

	*next = 0;
	while (*next < wanted->count && w->buf->len < wanted->enough && result != JOB_UNAVAILABLE)
		result = (many ? ask_for_some : ask_for_one)(tables, wanted, w, next, err);
	return result != JOB_UNAVAILABLE ? JOB_OK : result;
}

enum job_result acts_store_picture_open(struct acts_tables *tables, int64_t id, struct store_blob **blob,
                                        struct err *err)
{
	enum store_step step = store_blob_open(tables->store, ACTS_PICTURE, id, blob, err);

	if (step == STORE_DONE)
		return JOB_REFUSED;
	return step == STORE_ROW ? JOB_OK : JOB_UNAVAILABLE;
}

enum job_result acts_store_begin(struct acts_tables *tables, struct err *err)
{
	return store_begin_reading(tables->store, err) ? JOB_OK : JOB_UNAVAILABLE;
}

void acts_store_end(struct acts_tables *tables)
{
	store_end_reading(tables->store);
}
