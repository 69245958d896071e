/* sqlite_stamp: SQLite's readers decide by 48 bytes of shared memory (the header of the WAL index: counter of changes, number
 * of frames, their checksum, the WAL's salts) whether what they have in memory is still the database. A stamp is a copy of
 * them. A writer changes the header once its commit is durable and before COMMIT returns, so whoever was told of a commit
 * sees another stamp. An empty WAL has no stamp.
 *
 * The header lies twice in the first page of the WAL index: a writer fills the second copy, then the first; a reader
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
#include "services/store/sqlite_inside.h"

#include <stdatomic.h>
#include <string.h>

#define INDEX_PAGE_BYTES 32768 /* the unit in which the index is mapped */
#define VERSION 3007000U       /* of the header's layout */
#define AT_IS_INIT 12
#define AT_SALTS 32
#define SALT_BYTES 8

static bool header_known(const unsigned char *header)
{
	static const unsigned char NO_SALTS[SALT_BYTES];
	uint32_t version;

	memcpy(&version, header, sizeof(version)); /* in the machine's own order */
	return version == VERSION && header[AT_IS_INIT] != 0 && memcmp(header + AT_SALTS, NO_SALTS, SALT_BYTES) != 0;
}

static bool stamp_read(const void *at, struct store_stamp *stamp)
{
	const unsigned char *page = at;
	unsigned char second[sizeof(stamp->bytes)];

	atomic_thread_fence(memory_order_seq_cst);
	memcpy(stamp->bytes, page, sizeof(stamp->bytes));
	atomic_thread_fence(memory_order_seq_cst);
	memcpy(second, page + sizeof(stamp->bytes), sizeof(second));
	return memcmp(stamp->bytes, second, sizeof(second)) == 0 && header_known(stamp->bytes);
}

const struct store_stamps *sqlite_stamps(struct store *store)
{
	struct sqlite_store *sqlite = sqlite_of(store);
	sqlite3_file *file = NULL;

	void volatile *page = NULL;

	if (sqlite3_file_control(sqlite->db, "main", SQLITE_FCNTL_FILE_POINTER, &file) != SQLITE_OK ||
	    file->pMethods == NULL || file->pMethods->iVersion < 2 ||
	    file->pMethods->xShmMap(file, 0, INDEX_PAGE_BYTES, 0, &page) != SQLITE_OK || page == NULL)
		return NULL;
	sqlite->stamps = (struct store_stamps){.read = stamp_read, .at = (const void *)page};
	return &sqlite->stamps;
}
