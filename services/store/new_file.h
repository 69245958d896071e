/* new_file: a file that has its name only once all of it is on the disk; until then it has another one beside that. */
#pragma once

#include "common/err.h"

#include <stdbool.h>
#include <stdint.h>

struct new_file {
	char *path;     /* what it is called for now; NULL once it has its name */
	const char *to; /* its name: borrowed */
	bool replace;   /* what is there already; else it is left alone, also if it comes meanwhile */
};

/* Makes it, for its user alone. *fd: open for writing, the caller's. False: there is nothing to end. */
bool new_file_make(struct new_file *file, const char *to, bool replace, int *fd, struct err *err) MUST_CHECK;

/* All that was written to it is on the disk. bytes: how many that are. */
bool new_file_sync(const struct new_file *file, int64_t *bytes, struct err *err) MUST_CHECK;

/* Gives it its name, for good. */
bool new_file_name(struct new_file *file, struct err *err) MUST_CHECK;

/* Takes it away, if it has not got its name. */
void new_file_end(struct new_file *file);

/* A new or renamed file is only there for good once its directory is synced. */
bool new_file_sync_directory(const char *path, struct err *err) MUST_CHECK;
