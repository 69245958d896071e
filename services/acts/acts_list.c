/* acts_list: a list of acts is read in pieces: first the ids, then as many rows as make a piece, each piece in a short read
 * of its own, the next one only when the client has taken the last. A picture that is large is divided. So memory is
 * bounded however slow the client is, and no read transaction stays open that would keep the WAL from being checkpointed.
 * An act deleted meanwhile is left out; where half of its picture is sent already, the reply is cut.
 *
 *   on_get -> [read: status, ids, first piece] -> small enough: one reply
 *                                             \-> stream: write -> on_ready -> [read: next piece] -> write ... end
 */
#include "services/acts/acts_list.h"

#include "common/json.h"
#include "common/mem.h"
#include "services/acts/acts_store.h"
#include "services/jobs.h"
#include "services/service.h"

#include <stdlib.h>

#define PIECE_BYTES (128U << 10)     /* enough rows are read when a piece holds this much */
#define DIVIDE_BYTES (252U << 10)    /* where a picture is divided; just below what a buffer doubles to */
#define PIECE_MAX_BYTES (512U << 20) /* a caption of the largest size, every byte of it escaped */

struct act_list {
	struct job job;
	struct service *service;
	struct rest_request *request;
	bool ranged, pictures;
	int64_t start, end;
	int status;
	int64_t ids[ACTS_LIST_MOST];
	size_t count, next;
	struct acts_picture picture; /* of the act before next */
	struct buf piece;
	struct json_writer writer;
	bool streaming;
};

/* --- on the storage thread ------------------------------------------------------------------------------------- */

/* Sets which acts are read, or the status that says why none are. */
static enum job_result choose(struct act_list *list, struct acts_tables *tables, struct err *err)
{
	struct http_text name = rest_name(list->request, 0);
	int64_t category = 0, acts = 0;
	enum job_result found =
	        acts_store_category(tables, (struct json_text){name.data, name.len}, &category, &acts, err);

	if (found == JOB_UNAVAILABLE)
		return found;
	if (found == JOB_REFUSED || acts == 0 || (list->ranged && (list->start < 1 || list->end > acts))) {
		list->status = 204;
		return JOB_OK;
	}
	if (!list->ranged && acts > ACTS_LIST_MOST) {
		list->status = 413;
		return JOB_OK;
	}
	list->status = 200;
	int64_t skip = list->ranged ? list->start - 1 : 0;
	size_t most = list->ranged ? (size_t)(list->end - list->start + 1) : ACTS_LIST_MOST;
	return acts_store_ids(tables, category, skip, most, list->ids, &list->count, err);
}

/* Is there nothing more to read? */
static bool list_read(const struct act_list *list)
{
	return list->next == list->count && !acts_picture_unfinished(&list->picture);
}

static enum job_result fill_piece(struct act_list *list, struct acts_tables *tables, struct err *err)
{
	if (acts_picture_unfinished(&list->picture)) {
		enum job_result result = acts_store_picture(tables, DIVIDE_BYTES, &list->picture, &list->writer, err);
		if (result != JOB_OK)
			return result;
	}
	const struct acts_wanted wanted = {.ids = list->ids + list->next,
	                                   .count = list->count - list->next,
	                                   .enough = PIECE_BYTES,
	                                   .most = DIVIDE_BYTES,
	                                   .picture = list->pictures ? &list->picture : NULL};
	size_t done;
	if (acts_store_acts(tables, &wanted, &list->writer, &done, err) == JOB_UNAVAILABLE)
		return JOB_UNAVAILABLE;
	list->next += done;
	if (list_read(list))
		json_end_array(&list->writer);
	if (json_writer_ok(&list->writer))
		return JOB_OK;
	err_set(err, "an act is too large to be sent");
	return JOB_UNAVAILABLE;
}

static enum job_result read_first(struct job *job, void *tables)
{
	struct act_list *list = (struct act_list *)job;

	if (acts_store_begin(tables, &job->err) != JOB_OK)
		return JOB_UNAVAILABLE;
	enum job_result result = choose(list, tables, &job->err);
	if (result == JOB_OK && list->status == 200) {
		json_begin_array(&list->writer);
		result = fill_piece(list, tables, &job->err);
	}
	acts_store_end(tables);
	return result;
}

/* One transaction for the rows of the piece: each on its own would lock and unlock the file. */
static enum job_result read_next(struct job *job, void *tables)
{
	if (acts_store_begin(tables, &job->err) != JOB_OK)
		return JOB_UNAVAILABLE;
	enum job_result result = fill_piece((struct act_list *)job, tables, &job->err);
	acts_store_end(tables);
	return result;
}

/* --- on the loop ----------------------------------------------------------------------------------------------- */

static void list_free(struct act_list *list)
{
	buf_clear(&list->piece);
	free(list);
}

static void stream_end(struct act_list *list, bool complete)
{
	rest_stream_end(list->request, complete);
	list_free(list);
}

static void on_next_read(struct job *job);

static void on_ready(void *arg)
{
	struct act_list *list = arg;

	if (rest_gone(list->request) || list_read(list)) {
		stream_end(list, true);
		return;
	}
	list->job.work = read_next;
	list->job.done = on_next_read;
	jobs_read(list->service->jobs, &list->job);
}

static void on_next_read(struct job *job)
{
	struct act_list *list = (struct act_list *)job;

	if (job->result != JOB_OK || rest_gone(list->request))
		stream_end(list, false);
	else
		rest_stream_write(list->request, &list->piece);
}

static void reply_rows(struct act_list *list)
{
	if (list_read(list) || rest_gone(list->request)) {
		rest_reply_json(list->request, 200, &list->piece);
		list_free(list);
		return;
	}
	rest_stream_begin(list->request, 200, on_ready, list);
	rest_stream_write(list->request, &list->piece);
}

static void on_first_read(struct job *job)
{
	struct act_list *list = (struct act_list *)job;

	if (job->result == JOB_OK && list->status == 200) {
		reply_rows(list);
		return;
	}
	if (job->result != JOB_OK)
		rest_reply_error(list->request, 503, "the store cannot be reached");
	else if (list->status == 413)
		rest_reply_error(list->request, 413, "there are more than %d acts: ask for a range", ACTS_LIST_MOST);
	else
		rest_reply_empty(list->request, list->status);
	list_free(list);
}

/* Reads digits only; a rank beyond 2^63 / 100 may come out as another one, as far beyond any list. False: not a number. */
static bool read_rank(struct http_text text, int64_t *rank)
{
	*rank = 0;
	for (uint32_t i = 0; i < text.len; i++) {
		if (text.data[i] < '0' || text.data[i] > '9')
			return false;
		if (*rank < INT64_MAX / 100)
			*rank = *rank * 10 + (text.data[i] - '0');
	}
	return text.len > 0;
}

/* Returns 0 where there is something to read, else the status for a range that cannot be. */
static int read_range(struct act_list *list)
{
	struct http_text start = {.len = 0}, end = {.len = 0};
	bool has_start = rest_query(list->request, "start", &start), has_end = rest_query(list->request, "end", &end);

	list->ranged = has_start || has_end;
	if (!list->ranged)
		return 0;
	if (!has_start || !has_end || !read_rank(start, &list->start) || !read_rank(end, &list->end))
		return 204;
	if (list->end - list->start + 1 > ACTS_LIST_MOST)
		return 413;
	return list->start < 1 || list->end < list->start ? 204 : 0;
}

/* Only 0 leaves them out. */
static bool wants_pictures(const struct rest_request *request)
{
	struct http_text value;

	return !rest_query(request, "pictures", &value) || value.len != 1 || value.data[0] != '0';
}

void acts_list_on_get(struct rest_request *request, void *owner)
{
	struct act_list *list = mem_zero(sizeof(*list));
	struct service *service = owner;

	list->service = service;
	list->request = request;
	list->pictures = wants_pictures(request);
	buf_init(&list->piece, PIECE_MAX_BYTES);
	json_writer_init(&list->writer, &list->piece);
	int status = read_range(list);
	if (status == 0) {
		list->job = (struct job){.work = read_first, .done = on_first_read};
		jobs_read(service->jobs, &list->job);
		return;
	}
	if (status == 413)
		rest_reply_error(request, 413, "a range may hold at most %d acts", ACTS_LIST_MOST);
	else
		rest_reply_empty(request, status);
	list_free(list);
}
