/* acts_store: categories and acts in the store. Called on the storage threads only. */
#pragma once

#include "common/json.h"
#include "services/acts/act.h"
#include "services/acts/acts_picture.h"
#include "services/jobs.h"
#include "services/store/store_blob.h"

#define ACTS_LIST_MOST 100

struct acts_tables;

extern const struct store_texts *const acts_texts[]; /* NULL-terminated, for store_open */

bool acts_tables_open(struct store *store, bool writer, void **tables, struct err *err);
void acts_tables_close(void *tables);

/* Writing, within the job's work: see job_change. */
enum job_result acts_store_category_add(struct acts_tables *tables, struct json_text name, struct job *job);
enum job_result acts_store_category_delete(struct acts_tables *tables, struct json_text name, struct job *job);
enum job_result acts_store_act_add(struct acts_tables *tables, const struct act *act, struct job *job);
enum job_result acts_store_act_delete(struct acts_tables *tables, int64_t id, struct job *job);
enum job_result acts_store_upvote(struct acts_tables *tables, int64_t id, struct job *job);

/* The parameters of ACTS_ACT_ADD, which are the first of ACTS_IMPORT. */
void acts_store_bind_act(struct store_statement *add, const struct act *act);

/* Reading. Members "name": acts into an open object. */
enum job_result acts_store_categories(struct acts_tables *tables, struct json_writer *w, size_t *count,
                                      struct err *err);
enum job_result acts_store_count(struct acts_tables *tables, int64_t *count, struct err *err);

/* JOB_REFUSED: no such category. */
enum job_result acts_store_category(struct acts_tables *tables, struct json_text name, int64_t *id, int64_t *acts,
                                    struct err *err);

/* The ids of a category's acts, newest first, `skip` left out; ids has room for `most`. */
enum job_result acts_store_ids(struct acts_tables *tables, int64_t category, int64_t skip, size_t most, int64_t *ids,
                               size_t *count, struct err *err);

/* Writes one act as an object, until the writer holds about `most` bytes: a picture that goes beyond stays unfinished. picture
 * NULL: without it. JOB_REFUSED: the act is not there any more. Only of a store that is asked for one act at a time (ACTS_ACT). */
enum job_result acts_store_act(struct acts_tables *tables, int64_t id, size_t most, struct acts_picture *picture,
                               struct json_writer *w, struct err *err);

/* The same for several, in their order and without those that are not there any more, until the writer holds at least `enough`
 * bytes, which an unfinished picture is. *next: how many of the ids were dealt with. */
struct acts_wanted {
	const int64_t *ids;
	size_t count;
	size_t enough, most;
	struct acts_picture *picture;
};
enum job_result acts_store_acts(struct acts_tables *tables, const struct acts_wanted *wanted, struct json_writer *w,
                                size_t *next, struct err *err);

/* Goes on with the picture, and ends the act with it. JOB_REFUSED: it is not there any more, or is another one. */
enum job_result acts_store_picture(struct acts_tables *tables, size_t most, struct acts_picture *picture,
                                   struct json_writer *w, struct err *err);

/* Opens the text of an act's picture; to be closed before anything else is read. JOB_REFUSED: there is no such act. */
enum job_result acts_store_picture_open(struct acts_tables *tables, int64_t id, struct store_blob **blob,
                                        struct err *err);

/* A read transaction round several of these. */
enum job_result acts_store_begin(struct acts_tables *tables, struct err *err);
void acts_store_end(struct acts_tables *tables);
