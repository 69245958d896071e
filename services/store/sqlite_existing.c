/* sqlite_existing: opens a database that is there as it is: nothing is made or migrated, and no file stays beside it that
 * was not there. */
#include "services/store/sqlite_inside.h"

#include "common/hex.h"
#include "common/mem.h"

#include <errno.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATIENCE_MS 5000

static bool is_folder_writable(const char *path)
{
	char *copy = mem_dup(path);
	bool writable = access(dirname(copy), W_OK) == 0;

	free(copy);
	return writable;
}

static bool has_log(const char *path)
{
	char *name = mem_format("%s-wal", path);
	bool has = access(name, F_OK) == 0;

	free(name);
	return has;
}

/* "file:" and the path with what has a meaning in a URI escaped. */
static char *uri_of(const char *path)
{
	char *uri = mem_alloc(strlen(path) * 3 + sizeof("file:?immutable=1"));
	char *at = stpcpy(uri, "file:");

	for (; *path != '\0'; path++) {
		unsigned char c = (unsigned char)*path;
		if (strchr("%?#", c) == NULL) {
			*at++ = *path;
			continue;
		}
		*at++ = '%';
		*at++ = hex_digit(c >> 4);
		*at++ = hex_digit(c);
	}
	memcpy(at, "?immutable=1", sizeof("?immutable=1"));
	return uri;
}

/* Opened for writing, SQLite removes log and shared memory when the last connection is closed. Where writing cannot be, a file
 * that has no log is in use by nobody, and is read as one that does not change: then neither is made. */
static int open_db(const char *path, sqlite3 **db)
{
	int common = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;

	if (is_folder_writable(path) && access(path, W_OK) == 0)
		return sqlite3_open_v2(path, db, common | SQLITE_OPEN_READWRITE, NULL);
	if (has_log(path))
		return sqlite3_open_v2(path, db, common | SQLITE_OPEN_READONLY, NULL);
	char *uri = uri_of(path);
	int rc = sqlite3_open_v2(uri, db, common | SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL);
	free(uri);
	return rc;
}

bool sqlite_open_existing(const char *path, struct sqlite_store **sqlite, struct err *err)
{
	struct sqlite_store *made;
	struct stat st;

	if (stat(path, &st) == -1)
		return err_set_errno(err, errno, "%s", path);
	if (!S_ISREG(st.st_mode))
		return err_set(err, "%s: is not a file", path);
	made = sqlite_new(path, PATIENCE_MS);
	int rc = open_db(path, &made->db);
	mem_must(made->db);
	if (rc != SQLITE_OK) {
		sqlite_fail(made, err);
		sqlite_close(&made->base);
		return false;
	}
	sqlite3_busy_timeout(made->db, made->patience_ms);
	*sqlite = made;
	return true;
}
