/* A table of fixed size; a target has one place in it, and the one that came last has the place. An answer is never
 * taken away when the store changes: its stamp no longer fits, and the next one takes its place.
 */
#include "services/answers.h"

#include "common/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PLACES 64U
#define TARGET_BYTES 512U
#define JSON_BYTES 16384U /* so that all of it stays below 1 MiB and a bit */
#define ETAG_BYTES 80U

struct place {
	struct store_stamp as_of;
	int status;
	char *target, *json; /* NULL: empty; no body */
	size_t target_len, json_len;
	char etag[ETAG_BYTES];
};

struct answers {
	const void *source;
	struct place places[PLACES];
};

struct answers *answers_new(const void *source)
{
	struct answers *answers = mem_zero(sizeof(*answers));

	answers->source = source;
	return answers;
}

static void place_clear(struct place *place)
{
	free(place->target);
	free(place->json);
	memset(place, 0, sizeof(*place));
}

void answers_free(struct answers *answers)
{
	if (answers == NULL)
		return;
	for (size_t i = 0; i < PLACES; i++)
		place_clear(&answers->places[i]);
	free(answers);
}

/* FNV-1a */
static struct place *place_of(struct answers *answers, struct http_text target)
{
	uint32_t hash = 2166136261U;

	for (uint32_t i = 0; i < target.len; i++)
		hash = (hash ^ (unsigned char)target.data[i]) * 16777619U;
	return &answers->places[(hash ^ (hash >> 16)) % PLACES];
}

static bool place_holds(const struct place *place, struct http_text target)
{
	return place->target != NULL && place->target_len == target.len &&
	       memcmp(place->target, target.data, target.len) == 0;
}

bool answers_reply(struct answers *answers, struct rest_request *request)
{
	struct http_text target = rest_target(request);
	struct place *place = place_of(answers, target);
	struct store_stamp now;

	if (!place_holds(place, target) || !store_stamp_read(answers->source, &now) ||
	    !store_stamp_same(&place->as_of, &now))
		return false;
	bool unchanged = place->etag[0] != '\0' && rest_etag_matches(request, place->etag);
	if (place->status == 304 && !unchanged)
		return false;
	if (place->etag[0] != '\0')
		rest_set_etag(request, place->etag);
	if (unchanged || place->json == NULL)
		rest_reply_empty(request, unchanged ? 304 : place->status);
	else
		rest_reply_bytes(request, place->status, place->json, place->json_len);
	return true;
}

void answers_keep(struct answers *answers, const struct rest_request *request, const struct answer *answer)
{
	struct http_text target = rest_target(request);
	struct place *place = place_of(answers, target);
	bool body = answer->status == 200;

	if (!store_stamp_same(answer->as_of, answer->as_of) || target.len > TARGET_BYTES ||
	    (body && answer->json->len > JSON_BYTES))
		return;
	place_clear(place);
	place->as_of = *answer->as_of;
	place->status = answer->status;
	place->target = mem_dup_n(target.data, target.len);
	place->target_len = target.len;
	if (body) {
		place->json = mem_dup_n(answer->json->data, answer->json->len);
		place->json_len = answer->json->len;
	}
	if (answer->etag != NULL)
		snprintf(place->etag, sizeof(place->etag), "%s", answer->etag);
}
