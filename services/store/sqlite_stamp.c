/* The header lies twice in the first page of the WAL index: a writer fills the second copy, then the first; a reader
 * that finds both equal has a whole one (section 2.1 of "WAL-mode File Format" in SQLite's documentation).
 *
 * Why equal means equal: the counter grows with every commit. It starts again only where a process that died halfway
 * through the header makes another one rebuild it from the WAL; then salts, length and checksum over all frames still
 * name one WAL, and the file below it holds nothing that was not in it. Salts of 0 come from a rebuild out of an empty
 * WAL and name nothing: such a header is no stamp.
 *
 * SQLite's own way to ask, PRAGMA data_version, begins a read transaction: system calls, and after a change a read from
 * the file. It is not for a thread that may not wait for a disk.
 */
#include "services/store/store_stamp.h"

#include "services/store/sqlite_inside.h"

#include <sqlite3.h>
#include <stdatomic.h>
#include <string.h>

#define INDEX_PAGE_BYTES 32768 /* the unit in which the index is mapped */
#define VERSION 3007000U       /* of the header's layout */
#define AT_IS_INIT 12
#define AT_SALTS 32
#define SALT_BYTES 8

const void *store_stamp_source(struct store *store)
{
	sqlite3_file *file = NULL;

	void volatile *page = NULL;

	if (sqlite3_file_control(store->db, "main", SQLITE_FCNTL_FILE_POINTER, &file) != SQLITE_OK ||
	    file->pMethods == NULL || file->pMethods->iVersion < 2 ||
	    file->pMethods->xShmMap(file, 0, INDEX_PAGE_BYTES, 0, &page) != SQLITE_OK)
		return NULL;
	return (const void *)page;
}

static bool header_known(const unsigned char *header)
{
	static const unsigned char NO_SALTS[SALT_BYTES];
	uint32_t version;

	memcpy(&version, header, sizeof(version)); /* in the machine's own order */
	return version == VERSION && header[AT_IS_INIT] != 0 && memcmp(header + AT_SALTS, NO_SALTS, SALT_BYTES) != 0;
}

bool store_stamp_read(const void *source, struct store_stamp *stamp)
{
	const unsigned char *page = source;
	unsigned char second[sizeof(stamp->bytes)];

	if (page != NULL) {
		atomic_thread_fence(memory_order_seq_cst);
		memcpy(stamp->bytes, page, sizeof(stamp->bytes));
		atomic_thread_fence(memory_order_seq_cst);
		memcpy(second, page + sizeof(stamp->bytes), sizeof(second));
		if (memcmp(stamp->bytes, second, sizeof(second)) == 0 && header_known(stamp->bytes))
			return true;
	}
	memset(stamp, 0, sizeof(*stamp));
	return false;
}

bool store_stamp_same(const struct store_stamp *a, const struct store_stamp *b)
{
	static const struct store_stamp UNKNOWN;

	return memcmp(a, b, sizeof(*a)) == 0 && memcmp(a, &UNKNOWN, sizeof(*a)) != 0;
}
