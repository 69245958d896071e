/* postgres_blob: a large value in pieces, each a query. What is small comes whole with the first one; only for more than that a read
 * transaction holds the pieces together.
 */
#include "services/store/postgres_inside.h"

#include "common/mem.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define PIECE_BYTES (512U << 10)

struct postgres_blob {
	struct store_blob base;
	struct store_statement *statement;
	int64_t row;
	size_t at, len; /* the piece that is here, in the statement's result */
	bool reads;     /* in a transaction of its own */
};

/* One statement for each text, prepared when it is first wanted. */
static bool find_statement(struct postgres_store *pg, const char *text, struct store_statement **statement,
                           struct err *err)
{
	for (struct postgres_statement *at = pg->statements; at != NULL; at = at->next) {
		if (at->text == text) {
			*statement = &at->base;
			return true;
		}
	}
	return postgres_prepare(&pg->base, text, statement, err);
}

static enum store_step fetch(struct postgres_blob *blob, size_t from, size_t len, struct err *err)
{
	postgres_reset(blob->statement);
	postgres_bind_int(blob->statement, 1, blob->row);
	postgres_bind_int(blob->statement, 2, (int64_t)from + 1);
	postgres_bind_int(blob->statement, 3, (int64_t)len);
	enum store_step step = postgres_step(blob->statement, err);
	if (step == STORE_ROW) {
		blob->at = from;
		blob->base.size = (size_t)postgres_column_int(blob->statement, 0);
		postgres_column_text(blob->statement, 1, &blob->len);
	}
	return step;
}

/* The first piece once more, if it was not all, as of the moment of those that follow. */
static enum store_step fetch_first(struct postgres_blob *blob, struct err *err)
{
	struct postgres_store *pg = postgres_of(blob->base.store);
	enum store_step step = fetch(blob, 0, PIECE_BYTES, err);

	if (step != STORE_ROW || blob->base.size == blob->len || pg->state != POSTGRES_IDLE)
		return step;
	if (!postgres_begin_reading(blob->base.store, err))
		return STORE_FAILED;
	blob->reads = true;
	return fetch(blob, 0, PIECE_BYTES, err);
}

enum store_step postgres_blob_open(struct store *store, const char *text, int64_t row, struct store_blob **blob,
                                   struct err *err)
{
	struct store_statement *statement;

	*blob = NULL;
	if (!find_statement(postgres_of(store), text, &statement, err))
		return STORE_FAILED;
	struct postgres_blob *made = mem_zero(sizeof(*made));
	made->base.store = store;
	made->statement = statement;
	made->row = row;
	enum store_step step = fetch_first(made, err);
	if (step == STORE_ROW)
		*blob = &made->base;
	else
		postgres_blob_close(&made->base);
	return step;
}

void postgres_blob_close(struct store_blob *blob)
{
	struct postgres_blob *b = (struct postgres_blob *)blob;

	postgres_reset(b->statement);
	if (b->reads)
		postgres_end_reading(blob->store);
	free(b);
}

static bool read_from(struct postgres_blob *blob, size_t from, char *to, size_t len, struct err *err)
{
	while (len > 0) {
		if ((from < blob->at || from >= blob->at + blob->len) &&
		    fetch(blob, from, len > PIECE_BYTES ? len : PIECE_BYTES, err) != STORE_ROW)
			return false;
		size_t here = blob->at + blob->len - from, some = here < len ? here : len;
		memcpy(to, postgres_column_text(blob->statement, 1, NULL) + (from - blob->at), some);
		from += some;
		to += some;
		len -= some;
	}
	return true;
}

bool postgres_blob_read(struct store_blob *blob, size_t from, void *to, size_t len, struct err *err)
{
	assert(from <= blob->size && len <= blob->size - from);
	return read_from((struct postgres_blob *)blob, from, to, len, err);
}
