/* acts_picture: a picture that is too large for one piece of a reply, read in parts. On a storage thread only.
 *
 * Between two parts no transaction is open, so the act may be deleted, and another one made with its id: a reply that
 * has begun with one picture never goes on with another.
 */
#pragma once

#include "common/buf.h"
#include "common/json.h"
#include "services/jobs.h"

struct acts_picture {
	int64_t act;
	size_t size, at; /* at < size: there is more */
	uint64_t hash;   /* of what has been read */
};

/* The first `room` bytes of a picture that was read whole. */
void acts_picture_begin(struct acts_picture *picture, int64_t act, struct json_text image, size_t room,
                        struct json_writer *w);

/* Up to `room` bytes more. JOB_REFUSED: it is not there any more, or is another one. */
enum job_result acts_picture_go_on(struct acts_picture *picture, struct store *store, size_t room,
                                   struct json_writer *w, struct err *err);

bool acts_picture_unfinished(const struct acts_picture *picture);
