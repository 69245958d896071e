/* access_log: one JSON line for each reply, written by a thread of its own.
 *
 * The loop only copies the line into a ring of memory, which is bounded: when the disk is slower than the requests,
 * lines are dropped and counted, requests are not slowed. So are lines that cannot be written; the first of them is warned of,
 * and the first that can be again is told. access_log_reopen (SIGUSR1) lets logrotate move the file; a file that was removed
 * is made anew.
 */
#pragma once

#include "common/err.h"
#include "orchestrator/proxy/access_line.h"

#include <stdbool.h>
#include <stdint.h>

struct access_log;

/* path "-": standard output. */
bool access_log_open(const char *path, struct access_log **log, struct err *err) MUST_CHECK;

/* Writes what is in the ring, then ends the thread. NULL is fine. */
void access_log_close(struct access_log *log);

/* The thread opens the file anew before its next line. NULL is fine. */
void access_log_reopen(struct access_log *log);

/* From now on into another file, or nowhere; what was written before still goes where it should. False: the file cannot
 * be opened, and everything stays as it is. */
bool access_log_move(struct access_log *log, const char *path, struct err *err) MUST_CHECK;
void access_log_pause(struct access_log *log);

void access_log_write(struct access_log *log, const struct access_line *line);

/* Lines that were not written, so far. NULL: 0. */
uint64_t access_log_dropped(const struct access_log *log);

/* The errno of the last batch, if it could not be written; 0: it could. NULL: 0. */
int access_log_problem(const struct access_log *log);
