/* reply_cache: small replies to reads, kept for as long as the store stays as it was when they were read.
 *
 * A reply that is kept is sent from the loop, without a thread. Exact over all processes that write the store: see
 * store_stamp.h. It does not know what the targets mean: any two spellings are two replies. Bounded in number and size.
 */
#pragma once

#include "common/buf.h"
#include "services/rest/rest.h"
#include "services/store/store_stamp.h"

struct reply_cache;

/* stamps: of the store whose content the replies tell; NULL: nothing is ever kept. */
struct reply_cache *reply_cache_new(const struct store_stamps *stamps);
void reply_cache_free(struct reply_cache *cache); /* NULL is fine */

/* Answers the request if its reply is kept and still true. False: nothing was sent. */
bool reply_cache_send(struct reply_cache *cache, struct rest_request *request);

/* Before the reply itself is sent. as_of: of the job that read it. status: 200 with json, or 204, or 304 where only the
 * etag was read. etag: NULL or with its quotes. */
struct kept_reply {
	const struct store_stamp *as_of;
	int status;
	const struct buf *json;
	const char *etag;
};
void reply_cache_keep(struct reply_cache *cache, const struct rest_request *request, const struct kept_reply *reply);
