/* answers: small replies to reads, kept for as long as the store stays as it was when they were read.
 *
 * A reply that is kept is sent from the loop, without a thread. Exact over all processes that write the store: see
 * store_stamp.h. It does not know what the targets mean: any two spellings are two answers. Bounded in number and size.
 */
#pragma once

#include "common/buf.h"
#include "services/rest/rest.h"
#include "services/store/store_stamp.h"

struct answers;

/* stamps: of the store whose content the answers tell; NULL: nothing is ever kept. */
struct answers *answers_new(const struct store_stamps *stamps);
void answers_free(struct answers *answers); /* NULL is fine */

/* Answers the request if its answer is kept and still true. False: nothing was sent. */
bool answers_reply(struct answers *answers, struct rest_request *request);

/* Before the reply itself is sent. as_of: of the job that read it. status: 200 with json, or 204, or 304 where only the
 * etag was read. etag: NULL or with its quotes. */
struct answer {
	const struct store_stamp *as_of;
	int status;
	const struct buf *json;
	const char *etag;
};
void answers_keep(struct answers *answers, const struct rest_request *request, const struct answer *answer);
