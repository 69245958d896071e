/* process_log: a process's output in a file that does not grow without bound.
 *
 * The process appends to DIR/ID/log. When that has grown over PROCESS_LOG_MAX its end is kept as log.old and it is
 * emptied; what is written between the two steps is lost. Nothing here waits or runs by itself.
 */
#pragma once

#include "common/buf.h"
#include "common/err.h"

#define PROCESS_LOG_MAX (1 << 20) /* bytes */
#define PROCESS_LOG_KEPT 65536    /* bytes of the end */

/* A descriptor to append with, closed on exec. -1 and err. */
int process_log_open(const char *dir, const char *id, struct err *err);

void process_log_bound(const char *dir, const char *id);

/* The last lines into text, whose maximum must be more than twice PROCESS_LOG_KEPT. */
void process_log_tail(const char *dir, const char *id, int lines, struct buf *text);
