/* dir: makes directories. */
#pragma once

#include "common/err.h"

/* mkdir -p; the last part is for us alone (0700) where it was missing. what: the configuration's key, for the message. */
bool dir_make(const char *path, const char *what, struct err *err) MUST_CHECK;
