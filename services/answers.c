/* answers: a table of fixed size; a target has one cell in it, and the target that came last has the cell. When the store
 * changes no answer is taken away: their stamps no longer fit, and each stays until another one takes its cell.
 */
#include "services/answers.h"

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

struct answers {
	const struct store_stamps *stamps;
	struct cell cells[CELLS];
};

struct answers *answers_new(const struct store_stamps *stamps)
{
	struct answers *answers = mem_zero(sizeof(*answers));

	answers->stamps = stamps;
	return answers;
}

static void cell_clear(struct cell *cell)
{
	free(cell->target);
	free(cell->json);
	memset(cell, 0, sizeof(*cell));
}

void answers_free(struct answers *answers)
{
	if (answers == NULL)
		return;
	for (size_t i = 0; i < CELLS; i++)
		cell_clear(&answers->cells[i]);
	free(answers);
}

static struct cell *cell_of(struct answers *answers, struct http_text target)
{
	return &answers->cells[hash_cell(hash_add(HASH_START, target.data, target.len), CELLS)];
}

static bool cell_holds(const struct cell *cell, struct http_text target)
{
	return cell->target != NULL && cell->target_len == target.len &&
	       memcmp(cell->target, target.data, target.len) == 0;
}

bool answers_reply(struct answers *answers, struct rest_request *request)
{
	struct http_text target = rest_target(request);
	struct cell *cell = cell_of(answers, target);
	struct store_stamp now;

	if (!cell_holds(cell, target) || !store_stamp_read(answers->stamps, &now) ||
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

void answers_keep(struct answers *answers, const struct rest_request *request, const struct answer *answer)
{
	struct http_text target = rest_target(request);
	struct cell *cell = cell_of(answers, target);
	bool body = answer->status == 200;

	if (!store_stamp_known(answer->as_of) || target.len > TARGET_BYTES || (body && answer->json->len > JSON_BYTES))
		return;
	cell_clear(cell);
	cell->as_of = *answer->as_of;
	cell->status = answer->status;
	cell->target = mem_dup_n(target.data, target.len);
	cell->target_len = target.len;
	if (body) {
		cell->json = mem_dup_n(answer->json->data, answer->json->len);
		cell->json_len = answer->json->len;
	}
	if (answer->etag != NULL)
		snprintf(cell->etag, sizeof(cell->etag), "%s", answer->etag);
}
