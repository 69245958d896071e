/* SQLite's incremental reading of blobs. */
#include "services/store/store_blob.h"

#include "common/mem.h"
#include "services/store/sqlite_inside.h"

#include <assert.h>
#include <sqlite3.h>
#include <stdlib.h>

struct store_blob {
	struct store *store;
	sqlite3_blob *blob;
};

/* SQLITE_ERROR is what it says where the row is not there; tables and columns are ours and are. */
enum store_step store_blob_open(struct store *store, const char *table, const char *column, int64_t row,
                                struct store_blob **blob, struct err *err)
{
	struct store_blob *made = mem_zero(sizeof(*made));

	made->store = store;
	*blob = NULL;
	int rc = sqlite3_blob_open(store->db, "main", table, column, row, 0, &made->blob);
	if (rc == SQLITE_OK) {
		*blob = made;
		return STORE_ROW;
	}
	free(made);
	if (rc == SQLITE_ERROR)
		return STORE_DONE;
	store_fail(store, err);
	return store_code_busy(rc) ? STORE_BUSY : STORE_FAILED;
}

void store_blob_close(struct store_blob *blob)
{
	if (blob == NULL)
		return;
	sqlite3_blob_close(blob->blob);
	free(blob);
}

size_t store_blob_size(const struct store_blob *blob)
{
	return (size_t)sqlite3_blob_bytes(blob->blob);
}

bool store_blob_read(struct store_blob *blob, size_t from, void *to, size_t len, struct err *err)
{
	assert(from <= store_blob_size(blob) && len <= store_blob_size(blob) - from);
	return sqlite3_blob_read(blob->blob, to, (int)len, (int)from) == SQLITE_OK || store_fail(blob->store, err);
}
