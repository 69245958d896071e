/* journal: the last lines of the log, for those who were not there: what happened, and why.
 *
 * The log tells each incident as one story, in lines of key=value; this keeps the newest of them as JSON objects, so that
 * the page tells the very same story as a grep does. Bounded: JOURNAL_LINES lines; of the requests that one incident
 * touched only the first JOURNAL_REQUESTS, and of its other lines JOURNAL_STEPS: then only its turns, so that a crash loop
 * leaves room for what else happens in a night. Lost with the process; the log is the record.
 */
#pragma once

#include "common/buf.h"
#include "common/log.h"

#include <stddef.h>
#include <stdint.h>

#define JOURNAL_LINES 600
#define JOURNAL_REQUESTS 8
#define JOURNAL_STEPS 120
#define JOURNAL_OBJECT_MAX 4096
#define JOURNAL_RUN_SIZE 17

struct json_writer;
struct journal;

struct journal *journal_new(void);
void journal_free(struct journal *journal); /* NULL is fine */

/* One line of the log: "event=NAME key=value key="quoted value" ...". Others are not kept, nor are
 * those about a request or a step of a container that belong to no incident. time_ms: since the epoch. */
void journal_add(struct journal *journal, enum log_level level, const char *line, size_t len, int64_t time_ms);

/* The number of the last line that was kept; 0: none yet. */
uint64_t journal_last(const struct journal *journal);

/* Whose numbers these are: another journal has another one, and counts from 1 on. */
const char *journal_run(const struct journal *journal);

/* The array of the lines after number `after` that are still kept, oldest first: objects of "number", "time_ms",
 * "level", and the keys of the line with their values as text. */
void journal_write(struct json_writer *w, const struct journal *journal, uint64_t after);
