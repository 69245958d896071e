/* start_wait: waiting, as one starts, for what a process that was just killed may hold for a moment more.
 *
 * A child of it that has not yet become its own program shares its open files: the listening sockets, the lock of a
 * directory. So a start that finds them taken tries again for a second before it believes that another program has
 * them. Blocks: for starting only, before any loop turns.
 */
#pragma once

#include <stdbool.h>

/* Sleeps some milliseconds: try again. False, at once, after a second of them. *tries is 0 before the first try. */
bool start_wait(unsigned *tries);
