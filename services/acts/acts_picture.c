/* acts_picture: what was sent of a picture is known by a hash. It is read again and compared before more of it is sent:
 * SQLite has to walk over those pages anyway, and nothing else tells an act from a later one that took its id.
 */
#include "services/acts/acts_picture.h"

#include "common/hash.h"
#include "services/acts/acts_sql.h"
#include "services/store/store_blob.h"

#include <assert.h>

#define STEP_BYTES 32768U /* a multiple of 8, as hash_add_words wants it */

/* The buffer's limit is the writer's to report. */
static void add(struct json_writer *w, const char *data, size_t len)
{
	if (!buf_add(w->buf, data, len))
		w->failed = true;
}

bool acts_picture_unfinished(const struct acts_picture *picture)
{
	return picture->at < picture->size;
}

void acts_picture_begin(struct acts_picture *picture, int64_t act, struct json_text image, size_t room,
                        struct json_writer *w)
{
	size_t len = image.len <= room ? image.len : room / 8 * 8;

	*picture = (struct acts_picture){.act = act, .size = image.len, .at = len};
	json_raw(w, "\"", 1);
	add(w, image.data, len);
	if (acts_picture_unfinished(picture))
		picture->hash = hash_add_words(HASH_START, image.data, len);
	else
		add(w, "\"", 1);
}

/* Is it still the picture that was begun? */
static enum job_result same_start(const struct acts_picture *picture, struct store_blob *blob, struct err *err)
{
	char step[STEP_BYTES];
	uint64_t hash = HASH_START;

	for (size_t at = 0; at < picture->at; at += STEP_BYTES) {
		size_t len = picture->at - at < STEP_BYTES ? picture->at - at : STEP_BYTES;
		if (!store_blob_read(blob, at, step, len, err))
			return JOB_UNAVAILABLE;
		hash = hash_add_words(hash, step, len);
	}
	return hash == picture->hash ? JOB_OK : JOB_REFUSED;
}

static enum job_result read_part(struct acts_picture *picture, struct store_blob *blob, size_t room,
                                 struct json_writer *w, struct err *err)
{
	size_t left = picture->size - picture->at, len = left <= room ? left : room / 8 * 8;
	char *to = buf_room(w->buf, len);

	assert(to != NULL); /* pieces are far below the buffer's limit */
	if (!store_blob_read(blob, picture->at, to, len, err))
		return JOB_UNAVAILABLE;
	picture->hash = hash_add_words(picture->hash, to, len);
	buf_extend(w->buf, len);
	picture->at += len;
	if (!acts_picture_unfinished(picture))
		add(w, "\"", 1);
	return JOB_OK;
}

enum job_result acts_picture_go_on(struct acts_picture *picture, struct store *store, size_t room,
                                   struct json_writer *w, struct err *err)
{
	struct store_blob *blob;
	enum store_step step = store_blob_open(store, ACTS_PICTURE, picture->act, &blob, err);
	enum job_result result = JOB_REFUSED;

	if (step != STORE_ROW)
		return step == STORE_DONE ? JOB_REFUSED : JOB_UNAVAILABLE;
	if (store_blob_size(blob) == picture->size)
		result = same_start(picture, blob, err);
	if (result == JOB_OK)
		result = read_part(picture, blob, room, w, err);
	store_blob_close(blob);
	return result;
}
