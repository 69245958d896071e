/* reply_cache: a table of fixed size; a target has one cell in it, and the target that came last has the cell. When the store
 * changes no reply is taken away: their stamps no longer fit, and each stays until another one takes its cell.
 */
#include "services/reply_cache.h"

#include "common/hash.h"
#include "common/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CELLS 64U /* a power of 2 */
#define TARGET_BYTES 512U
#define JSON_BYTES 16384U /* so that all of it stays below 1 MiB and a bit */
#define ETAG_BYTES 80U

struct cell {
	struct store_stamp as_of;
	int status;
	char *target, *json; /* NULL: empty; no body */
	size_t target_len, json_len;
	char etag[ETAG_BYTES];
};

struct reply_cache {
	const struct store_stamps *stamps;
	struct cell cells[CELLS];
};

struct reply_cache *reply_cache_new(const struct store_stamps *stamps)
{
	struct reply_cache *cache = mem_zero(sizeof(*cache));

	cache->stamps = stamps;
	return cache;
}

static void cell_clear(struct cell *cell)
{
	free(cell->target);
	free(cell->json);
	memset(cell, 0, sizeof(*cell));
}

void reply_cache_free(struct reply_cache *cache)
{
	if (cache == NULL)
		return;
	for (size_t i = 0; i < CELLS; i++)
		cell_clear(&cache->cells[i]);
	free(cache);
}

static struct cell *cell_of(struct reply_cache *cache, struct http_text target)
{
	return &cache->cells[hash_cell(hash_add(HASH_START, target.data, target.len), CELLS)];
}

static bool cell_holds(const struct cell *cell, struct http_text target)
{
	return cell->target != NULL && cell->target_len == target.len &&
	       memcmp(cell->target, target.data, target.len) == 0;
}

bool reply_cache_send(struct reply_cache *cache, struct rest_request *request)
{
	struct http_text target = rest_target(request);
	struct cell *cell = cell_of(cache, target);
	struct store_stamp now;

	if (!cell_holds(cell, target) || !store_stamp_read(cache->stamps, &now) ||
	    !store_stamp_same(&cell->as_of, &now))
		return false;
	bool unchanged = cell->etag[0] != '\0' && rest_etag_matches(request, cell->etag);
	if (cell->status == 304 && !unchanged)
		return false;
	if (cell->etag[0] != '\0')
		rest_set_etag(request, cell->etag);
	if (unchanged || cell->json == NULL)
		rest_reply_empty(request, unchanged ? 304 : cell->status);
	else
		rest_reply_bytes(request, cell->status, cell->json, cell->json_len);
	return true;
}

void reply_cache_keep(struct reply_cache *cache, const struct rest_request *request, const struct kept_reply *reply)
{
	struct http_text target = rest_target(request);
	struct cell *cell = cell_of(cache, target);
	bool body = reply->status == 200;

	if (!store_stamp_known(reply->as_of) || target.len > TARGET_BYTES || (body && reply->json->len > JSON_BYTES))
		return;
	cell_clear(cell);
	cell->as_of = *reply->as_of;
	cell->status = reply->status;
	cell->target = mem_dup_n(target.data, target.len);
	cell->target_len = target.len;
	if (body) {
		cell->json = mem_dup_n(reply->json->data, reply->json->len);
		cell->json_len = reply->json->len;
	}
	if (reply->etag != NULL)
		snprintf(cell->etag, sizeof(cell->etag), "%s", reply->etag);
}
