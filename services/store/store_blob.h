/* store_blob: a piece of one large value, without reading the rest of it.
 *
 * While one is open, so is a read transaction: open, read, close.
 */
#pragma once

#include "services/store/store.h"

struct store_blob;

/* number: of the text that says, in its dialect, which column of which table. STORE_ROW: *blob is open. STORE_DONE: there is
 * no such row. */
enum store_step store_blob_open(struct store *store, int number, int64_t row, struct store_blob **blob,
                                struct err *err) MUST_CHECK;
void store_blob_close(struct store_blob *blob); /* NULL is fine */

size_t store_blob_size(const struct store_blob *blob); /* bytes */

/* from + len is within its size */
bool store_blob_read(struct store_blob *blob, size_t from, void *to, size_t len, struct err *err) MUST_CHECK;
