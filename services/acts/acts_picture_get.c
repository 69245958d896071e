/* acts_picture_get: a picture lies in the store as base64 and goes out as bytes. What it is, its entity tag among that, is
 * known when all of it has been read once; what is sent is then read piece by piece, each in a short read of its own, the
 * next one only when the client has taken the last. So memory is bounded however slow the client is. Before each further
 * piece the picture is read once more and compared by its tag: an act may be deleted, and another one made with its id.
 * Then the reply is cut.
 *
 *   on_get -> [read: what it is, first piece] -> that is all: one reply
 *                                            \-> stream: write -> on_ready -> [read: next piece] -> write ... end
 */
#include "services/acts/acts_picture_get.h"

#include "common/hash.h"
#include "common/mem.h"
#include "services/acts/acts_store.h"
#include "services/acts/picture_bytes.h"
#include "services/service.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define STEP_TEXT (508U << 10)         /* base64 read at a time: a multiple of 4, and of 8 as hash_add_words wants it */
#define STEP_BYTES (STEP_TEXT / 4 * 3) /* what it stands for */

/* A year, and never asked about again: who posts another picture makes another act. nosniff: what is no picture is not taken
 * for markup either. */
static const char KEEP[] = "Cache-Control: public, max-age=31536000, immutable\r\n"
                           "Accept-Ranges: bytes\r\n"
                           "X-Content-Type-Options: nosniff\r\n";

struct picture_get {
	struct job job;
	struct service *service;
	struct rest_request *request;
	int64_t act;
	int status;
	size_t size;           /* of the picture, bytes */
	struct rest_span span; /* what was asked for, */
	size_t sent;           /* and how much of it has been read */
	uint64_t hash;         /* of its base64 */
	const char *type;
	char etag[48];
	char fields[sizeof(KEEP) + 96];
	struct buf piece;
};

/* --- on the storage thread ------------------------------------------------------------------------------------- */

static char *room_for_step(struct picture_get *get, const struct store_blob *blob)
{
	size_t text_len = store_blob_size(blob);
	char *room = buf_room(&get->piece, text_len < STEP_TEXT ? text_len : STEP_TEXT);

	assert(room != NULL);
	return room;
}

/* Reads all of it: hash, size and type. What was read last stays in the piece's room. */
static bool survey(struct picture_get *get, struct store_blob *blob, struct err *err)
{
	size_t text_len = store_blob_size(blob), len = 0;
	char *text = room_for_step(get, blob), start[16];

	get->hash = HASH_START;
	for (size_t at = 0; at < text_len; at += len) {
		len = text_len - at < STEP_TEXT ? text_len - at : STEP_TEXT;
		if (!store_blob_read(blob, at, text, len, err))
			return false;
		get->hash = hash_add_words(get->hash, text, len);
		if (at == 0)
			get->type = picture_bytes_type(start, picture_bytes_decode(text, len < 20 ? len : 20, start));
	}
	get->size = picture_bytes_size(text_len, text_len % 4 == 0 ? text + len - 2 : "AA"); /* padding is complete */
	return true;
}

/* The next bytes to be sent, as many as make a piece. whole_text: the survey has left all of the text in the piece's room. */
static bool read_piece(struct picture_get *get, struct store_blob *blob, bool whole_text, struct err *err)
{
	size_t first = get->span.first + get->sent, left = get->span.len - get->sent;
	size_t skip = first % 3, len = left < STEP_BYTES - skip ? left : STEP_BYTES - skip;
	size_t from = first / 3 * 4, text_left = store_blob_size(blob) - from, text_len = (skip + len + 2) / 3 * 4;
	char *text = room_for_step(get, blob);

	text_len = text_len < text_left ? text_len : text_left;
	if (!whole_text && !store_blob_read(blob, from, text, text_len, err))
		return false;
	picture_bytes_decode(whole_text ? text + from : text, text_len, text);
	buf_extend(&get->piece, skip + len);
	buf_drop(&get->piece, skip);
	get->sent += len;
	return true;
}

/* 304, 416, 200 or 206, and which bytes. */
static void choose_status(struct picture_get *get)
{
	snprintf(get->etag, sizeof(get->etag), "\"%016" PRIx64 "-%zx\"", get->hash, get->size);
	if (rest_etag_matches(get->request, get->etag)) {
		get->status = 304;
		return;
	}
	enum rest_part part = rest_part_wanted(get->request, get->etag, get->size, &get->span);
	get->status = part == REST_WHOLE ? 200 : part == REST_PART ? 206 : 416;
}

static bool is_read(const struct picture_get *get)
{
	return get->sent == get->span.len || rest_is_head(get->request);
}

static enum job_result read_first(struct job *job, void *tables)
{
	struct picture_get *get = (struct picture_get *)job;
	struct store_blob *blob;
	enum job_result result = acts_store_picture_open(tables, get->act, &blob, &job->err);

	if (result != JOB_OK)
		return result;
	bool good = survey(get, blob, &job->err);
	if (good)
		choose_status(get);
	if (good && (get->status == 200 || get->status == 206) && !is_read(get))
		good = read_piece(get, blob, store_blob_size(blob) <= STEP_TEXT, &job->err);
	store_blob_close(blob);
	return good ? JOB_OK : JOB_UNAVAILABLE;
}

/* JOB_REFUSED: it is not there any more, or is another one. */
static enum job_result read_next(struct job *job, void *tables)
{
	struct picture_get *get = (struct picture_get *)job;
	uint64_t hash = get->hash; /* whoever posts can make it equal: so the size counts as well */
	size_t size = get->size;
	struct store_blob *blob;
	enum job_result result = acts_store_picture_open(tables, get->act, &blob, &job->err);

	if (result != JOB_OK)
		return result;
	if (!survey(get, blob, &job->err))
		result = JOB_UNAVAILABLE;
	else if (get->hash != hash || get->size != size)
		result = JOB_REFUSED;
	else if (!read_piece(get, blob, false, &job->err))
		result = JOB_UNAVAILABLE;
	store_blob_close(blob);
	return result;
}

/* --- on the loop ----------------------------------------------------------------------------------------------- */

static void get_free(struct picture_get *get)
{
	buf_clear(&get->piece);
	free(get);
}

static void stream_end(struct picture_get *get, bool complete)
{
	rest_stream_end(get->request, complete);
	get_free(get);
}

static void on_next_read(struct job *job)
{
	struct picture_get *get = (struct picture_get *)job;

	if (job->result != JOB_OK || rest_gone(get->request))
		stream_end(get, false);
	else
		rest_stream_write(get->request, &get->piece);
}

static void on_ready(void *arg)
{
	struct picture_get *get = arg;

	if (rest_gone(get->request) || is_read(get)) {
		stream_end(get, true);
		return;
	}
	get->job.work = read_next;
	get->job.done = on_next_read;
	jobs_read(get->service->jobs, &get->job);
}

static void reply_bytes(struct picture_get *get)
{
	bool whole = get->sent == get->span.len;

	if (whole || rest_gone(get->request)) {
		rest_reply_content(get->request, get->status, get->type, &get->piece);
		get_free(get);
		return;
	}
	rest_stream_begin_content(get->request, get->status, get->type, get->span.len, on_ready, get);
	if (rest_is_head(get->request))
		stream_end(get, true);
	else
		rest_stream_write(get->request, &get->piece);
}

static void reply_no_part(struct picture_get *get)
{
	snprintf(get->fields, sizeof(get->fields), "Content-Range: bytes */%zu\r\n", get->size);
	rest_set_fields(get->request, get->fields);
	rest_reply_error(get->request, 416, "the picture has %zu bytes", get->size);
	get_free(get);
}

static void reply_found(struct picture_get *get)
{
	int len = snprintf(get->fields, sizeof(get->fields), "%s", KEEP);

	if (get->status == 206)
		snprintf(get->fields + len, sizeof(get->fields) - (size_t)len, "Content-Range: bytes %zu-%zu/%zu\r\n",
		         get->span.first, get->span.first + get->span.len - 1, get->size);
	rest_set_etag(get->request, get->etag);
	rest_set_fields(get->request, get->fields);
	if (get->status != 304) {
		reply_bytes(get);
		return;
	}
	rest_reply_empty(get->request, 304);
	get_free(get);
}

static void on_first_read(struct job *job)
{
	struct picture_get *get = (struct picture_get *)job;

	if (job->result == JOB_OK && get->status == 416) {
		reply_no_part(get);
		return;
	}
	if (job->result == JOB_OK) {
		reply_found(get);
		return;
	}
	if (job->result == JOB_REFUSED)
		rest_reply_error(get->request, 404, "there is no such act");
	else
		rest_reply_error(get->request, 503, "the store cannot be reached");
	get_free(get);
}

void acts_picture_on_get(struct rest_request *request, void *owner)
{
	struct http_text id = rest_name(request, 0);
	int64_t act;

	if (!act_id(id.data, id.len, &act)) {
		rest_reply_error(request, 404, "there is no such act");
		return;
	}
	struct service *service = owner;
	struct picture_get *get = mem_zero(sizeof(*get));
	get->service = service;
	get->request = request;
	get->act = act;
	get->job = (struct job){.work = read_first, .done = on_first_read};
	buf_init(&get->piece, 2 * STEP_TEXT);
	jobs_read(service->jobs, &get->job);
}
