/* log_target: where lines of the access log go: a file, standard output, or nowhere. Made by the loop, then its thread's. */
#pragma once

#include "common/err.h"
#include "orchestrator/base/backoff.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct log_target {
	char *path;           /* NULL: nowhere */
	int fd;               /* -1: nowhere */
	uint64_t from;        /* where in the ring its lines begin */
	bool torn;            /* its last line has no end */
	struct backoff retry; /* of opening it anew, once it has no name */
	int problem;          /* why that failed: an errno */
};

/* path: a file's, "-" for standard output. NULL: it cannot be opened, and err says why. */
struct log_target *log_target_new(const char *path, struct err *err);
void log_target_free(struct log_target *target); /* NULL is fine */

/* By order, since the file was moved away: opens the path anew; where that fails it is told, and the old file stays. */
void log_target_reopen(struct log_target *target);

/* A file without a name is nobody's to read: one that was removed is made anew, with a back-off. False: errno says why there is
 * none with the name yet. */
bool log_target_regain_name(struct log_target *target);

/* How much of it went; less than len: errno says why. */
size_t log_target_write(const struct log_target *target, const char *data, size_t len);
