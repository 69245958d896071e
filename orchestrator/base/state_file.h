/* state_file: a small file in state_dir, of which a reader finds the whole, as it was or as it is.
 *
 * Blocks until it is on the disk: before the loop runs, or from another thread.
 */
#pragma once

#include "common/err.h"

/* dir/name holds text from now on (0600); where this runs as root, it belongs to whom the directory belongs to. False: what was
 * there before is still there; err.code is the errno. */
bool state_file_write(const char *dir, const char *name, const char *text, struct err *err) MUST_CHECK;
