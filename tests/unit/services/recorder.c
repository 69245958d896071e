/* The record is a list of operations. An image is made by playing it from the start: for each file, operations up to its
 * last sync before the cut in full, later ones as chance has it. A file is there from its first sync on, or by chance.
 * The assumption is SQLite's own on this system: what a write does not touch, it does not damage.
 */
#include "tests/unit/services/recorder.h"

#include "common/mem.h"

#include <assert.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECTOR 512
#define MOST_FILES 8

enum kind { WRITE, TRUNCATE, SYNC, REMOVE };

struct operation {
	enum kind kind;
	int file;
	int64_t offset; /* TRUNCATE: the size */
	size_t len;
	unsigned char *bytes;
};

struct recorder {
	sqlite3_vfs vfs, *real;
	struct operation *operations;
	size_t count, room, syncs;
	char *names[MOST_FILES];
	int names_count;
};

struct file {
	sqlite3_file base;
	struct recorder *recorder;
	int number;
	sqlite3_file *real; /* behind this struct */
};

static void record(struct recorder *recorder, struct operation operation)
{
	if (recorder->count == recorder->room) {
		recorder->room = recorder->room * 2 + 1024;
		recorder->operations = mem_array(recorder->operations, recorder->room, sizeof(operation));
	}
	recorder->operations[recorder->count++] = operation;
}

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

static int number_of(struct recorder *recorder, const char *path)
{
	const char *name = last_part(path);

	for (int i = 0; i < recorder->names_count; i++) {
		if (strcmp(recorder->names[i], name) == 0)
			return i;
	}
	assert(recorder->names_count < MOST_FILES);
	recorder->names[recorder->names_count] = mem_dup(name);
	return recorder->names_count++;
}

/* --- the VFS --------------------------------------------------------------------------------------------------- */

static sqlite3_file *real_of(sqlite3_file *file)
{
	return ((struct file *)file)->real;
}

static int file_close(sqlite3_file *file)
{
	return real_of(file)->pMethods->xClose(real_of(file));
}

static int file_read(sqlite3_file *file, void *to, int len, sqlite3_int64 offset)
{
	return real_of(file)->pMethods->xRead(real_of(file), to, len, offset);
}

static int file_write(sqlite3_file *file, const void *from, int len, sqlite3_int64 offset)
{
	struct file *f = (struct file *)file;
	struct operation operation = {.kind = WRITE, .file = f->number, .offset = offset, .len = (size_t)len};

	operation.bytes = mem_alloc((size_t)len);
	memcpy(operation.bytes, from, (size_t)len);
	record(f->recorder, operation);
	return f->real->pMethods->xWrite(f->real, from, len, offset);
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	struct file *f = (struct file *)file;

	record(f->recorder, (struct operation){.kind = TRUNCATE, .file = f->number, .offset = size});
	return f->real->pMethods->xTruncate(f->real, size);
}

static int file_sync(sqlite3_file *file, int flags)
{
	struct file *f = (struct file *)file;

	record(f->recorder, (struct operation){.kind = SYNC, .file = f->number});
	f->recorder->syncs++;
	return f->real->pMethods->xSync(f->real, flags);
}

static int file_size(sqlite3_file *file, sqlite3_int64 *size)
{
	return real_of(file)->pMethods->xFileSize(real_of(file), size);
}

static int file_lock(sqlite3_file *file, int level)
{
	return real_of(file)->pMethods->xLock(real_of(file), level);
}

static int file_unlock(sqlite3_file *file, int level)
{
	return real_of(file)->pMethods->xUnlock(real_of(file), level);
}

static int file_check_lock(sqlite3_file *file, int *reserved)
{
	return real_of(file)->pMethods->xCheckReservedLock(real_of(file), reserved);
}

/* Hints about sizes would change the file behind our back. */
static int file_control(sqlite3_file *file, int what, void *arg)
{
	if (what == SQLITE_FCNTL_SIZE_HINT || what == SQLITE_FCNTL_CHUNK_SIZE)
		return SQLITE_OK;
	return real_of(file)->pMethods->xFileControl(real_of(file), what, arg);
}

static int file_sector(sqlite3_file *file)
{
	return real_of(file)->pMethods->xSectorSize(real_of(file));
}

static int file_character(sqlite3_file *file)
{
	return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}

static int file_shm_map(sqlite3_file *file, int region, int size, int extend, void volatile **at)
{
	return real_of(file)->pMethods->xShmMap(real_of(file), region, size, extend, at);
}

static int file_shm_lock(sqlite3_file *file, int offset, int count, int flags)
{
	return real_of(file)->pMethods->xShmLock(real_of(file), offset, count, flags);
}

static void file_shm_barrier(sqlite3_file *file)
{
	real_of(file)->pMethods->xShmBarrier(real_of(file));
}

static int file_shm_unmap(sqlite3_file *file, int remove)
{
	return real_of(file)->pMethods->xShmUnmap(real_of(file), remove);
}

/* Version 2: no mapped reading or writing past us. */
static const sqlite3_io_methods METHODS = {
        .iVersion = 2,
        .xClose = file_close,
        .xRead = file_read,
        .xWrite = file_write,
        .xTruncate = file_truncate,
        .xSync = file_sync,
        .xFileSize = file_size,
        .xLock = file_lock,
        .xUnlock = file_unlock,
        .xCheckReservedLock = file_check_lock,
        .xFileControl = file_control,
        .xSectorSize = file_sector,
        .xDeviceCharacteristics = file_character,
        .xShmMap = file_shm_map,
        .xShmLock = file_shm_lock,
        .xShmBarrier = file_shm_barrier,
        .xShmUnmap = file_shm_unmap,
};

static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *flags_out)
{
	struct recorder *recorder = vfs->pAppData;
	struct file *f = (struct file *)file;

	assert(name != NULL); /* no temporary files */
	f->recorder = recorder;
	f->number = number_of(recorder, name);
	f->real = (sqlite3_file *)(f + 1);
	int rc = recorder->real->xOpen(recorder->real, name, f->real, flags, flags_out);
	file->pMethods = f->real->pMethods != NULL ? &METHODS : NULL;
	return rc;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *name, int sync_folder)
{
	struct recorder *recorder = vfs->pAppData;

	record(recorder, (struct operation){.kind = REMOVE, .file = number_of(recorder, name)});
	return recorder->real->xDelete(recorder->real, name, sync_folder);
}

struct recorder *recorder_start(void)
{
	struct recorder *recorder = mem_zero(sizeof(*recorder));

	recorder->real = sqlite3_vfs_find(NULL);
	recorder->vfs =
	        *recorder->real; /* what is not ours is the real one's, which does not look at its own address */
	recorder->vfs.zName = "recorder";
	recorder->vfs.pNext = NULL;
	recorder->vfs.szOsFile = (int)sizeof(struct file) + recorder->real->szOsFile;
	recorder->vfs.xOpen = vfs_open;
	recorder->vfs.xDelete = vfs_delete;
	recorder->vfs.pAppData = recorder;
	int rc = sqlite3_vfs_register(&recorder->vfs, 1);
	assert(rc == SQLITE_OK);
	(void)rc;
	return recorder;
}

void recorder_stop(struct recorder *recorder)
{
	sqlite3_vfs_unregister(&recorder->vfs);
	sqlite3_vfs_register(recorder->real, 1);
}

void recorder_free(struct recorder *recorder)
{
	for (size_t i = 0; i < recorder->count; i++)
		free(recorder->operations[i].bytes);
	for (int i = 0; i < recorder->names_count; i++)
		free(recorder->names[i]);
	free(recorder->operations);
	free(recorder);
}

size_t recorder_length(const struct recorder *recorder)
{
	return recorder->count;
}

size_t recorder_syncs(const struct recorder *recorder)
{
	return recorder->syncs;
}

/* --- images ---------------------------------------------------------------------------------------------------- */

static bool toss(uint64_t *chance)
{
	*chance ^= *chance << 13;
	*chance ^= *chance >> 7;
	*chance ^= *chance << 17;
	return *chance >> 32 & 1;
}

static void put(int fd, const struct operation *operation, size_t from, size_t len)
{
	ssize_t written = pwrite(fd, operation->bytes + from, len, operation->offset + (off_t)from);

	assert(written == (ssize_t)len);
	(void)written;
}

/* Sectors are the disk's: they begin at multiples of SECTOR in the file. */
static void put_sectors(int fd, const struct operation *operation, uint64_t *chance)
{
	size_t from = 0;

	while (from < operation->len) {
		size_t end = from + SECTOR - (size_t)(operation->offset + (int64_t)from) % SECTOR;
		size_t len = (end < operation->len ? end : operation->len) - from;
		if (toss(chance))
			put(fd, operation, from, len);
		from += len;
	}
}

static void play(int fd, const struct operation *operation, enum unsynced how, uint64_t *chance)
{
	if (how == UNSYNCED_LOST || (how != UNSYNCED_KEPT && !toss(chance)))
		return;
	if (operation->kind == TRUNCATE) {
		int rc = ftruncate(fd, operation->offset);
		assert(rc == 0);
		(void)rc;
	} else if (operation->kind == WRITE && how == UNSYNCED_TORN) {
		put_sectors(fd, operation, chance);
	} else if (operation->kind == WRITE) {
		put(fd, operation, 0, operation->len);
	}
}

/* *begin, *synced: the operations that count are from begin on, and are on the disk for certain before synced. */
static bool find_life(const struct recorder *recorder, int file, size_t cut, size_t *begin, size_t *synced)
{
	bool there = false;

	*begin = *synced = 0;
	for (size_t i = 0; i < cut; i++) {
		const struct operation *operation = &recorder->operations[i];
		if (operation->file != file)
			continue;
		there = operation->kind != REMOVE;
		if (operation->kind == REMOVE)
			*begin = *synced = i + 1;
		else if (operation->kind == SYNC)
			*synced = i + 1;
	}
	return there;
}

static void make_file(const struct recorder *recorder, int file, size_t cut, enum unsynced unsynced, uint64_t *chance,
                      const char *path)
{
	size_t begin, synced;

	if (!find_life(recorder, file, cut, &begin, &synced))
		return;
	if (synced == begin && unsynced != UNSYNCED_KEPT && (unsynced == UNSYNCED_LOST || !toss(chance)))
		return; /* not even its name */
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert(fd != -1);
	for (size_t i = begin; i < cut; i++) {
		if (recorder->operations[i].file == file)
			play(fd, &recorder->operations[i], i < synced ? UNSYNCED_KEPT : unsynced, chance);
	}
	close(fd);
}

void recorder_make_image(const struct recorder *recorder, size_t cut, enum unsynced unsynced, uint64_t chance,
                         const char *folder)
{
	char path[256];

	chance = chance * 2654435761U + 88172645463325252U;
	for (int file = 0; file < recorder->names_count; file++) {
		snprintf(path, sizeof(path), "%s/%s", folder, recorder->names[file]);
		unlink(path);
		make_file(recorder, file, cut, unsynced, &chance, path);
	}
}
