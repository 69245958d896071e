/* shared_file: a few bytes of memory that processes share, mapped from a file. What they mean is its user's. */
#pragma once

#include "common/err.h"

#include <stdbool.h>
#include <stddef.h>

/* Opens the file, makes it (all 0) where it is missing, and maps its first bytes. *fd: the caller's, close-on-exec; it may
 * be closed, the memory stays. *memory: munmap it. */
bool shared_file_open(const char *path, size_t bytes, int *fd, void **memory, struct err *err) MUST_CHECK;
