/* sqlite_blob: SQLite's incremental reading of blobs. */
#include "services/store/sqlite_inside.h"

#include "common/mem.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct sqlite_blob {
	struct store_blob base;
	sqlite3_blob *blob;
};

/* SQLITE_ERROR is what it says where the row is not there; tables and columns are ours and are. */
enum store_step sqlite_blob_open(struct store *store, const char *text, int64_t row, struct store_blob **blob,
                                 struct err *err)
{
	const char *dot = strchr(text, '.');
	sqlite3_blob *opened = NULL;
	char table[64];

	assert(dot != NULL && (size_t)(dot - text) < sizeof(table));
	*blob = NULL;
	memcpy(table, text, (size_t)(dot - text));
	table[dot - text] = '\0';
	int rc = sqlite3_blob_open(sqlite_of(store)->db, "main", table, dot + 1, row, 0, &opened);
	if (rc == SQLITE_ERROR)
		return STORE_DONE;
	if (rc != SQLITE_OK) {
		sqlite_fail(sqlite_of(store), err);
		return STORE_FAILED;
	}
	struct sqlite_blob *made = mem_zero(sizeof(*made));
	made->base = (struct store_blob){.store = store, .size = (size_t)sqlite3_blob_bytes(opened)};
	made->blob = opened;
	*blob = &made->base;
	return STORE_ROW;
}

void sqlite_blob_close(struct store_blob *blob)
{
	sqlite3_blob_close(((struct sqlite_blob *)blob)->blob);
	free(blob);
}

bool sqlite_blob_read(struct store_blob *blob, size_t from, void *to, size_t len, struct err *err)
{
	assert(from <= blob->size && len <= blob->size - from);
	return sqlite3_blob_read(((struct sqlite_blob *)blob)->blob, to, (int)len, (int)from) == SQLITE_OK ||
	       sqlite_fail(sqlite_of(blob->store), err);
}
