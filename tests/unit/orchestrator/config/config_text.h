/* config_text: a configuration from text, for tests: config_load reads files, so the text becomes one in memory. */
#pragma once

#include "orchestrator/config/config_file.h"

#include <assert.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

static inline bool config_of_text(const char *text, size_t len, struct config **config, struct err *err)
{
	char path[64];
	int fd = memfd_create("config", MFD_CLOEXEC);

	assert(fd != -1 && write(fd, text, len) == (ssize_t)len);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	bool ok = config_load(path, config, err);
	close(fd);
	return ok;
}
