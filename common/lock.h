/* lock: that one program alone works on a file or directory. The kernel holds it, so it ends with the process, however that
 * ends; a child that becomes another program does not inherit it, if the descriptor is close-on-exec.
 */
#pragma once

#include <stdbool.h>

/* flock(2) on what fd is open on. False: another process holds it, and did for the second that a start waits (start_wait). */
bool lock_take(int fd);
