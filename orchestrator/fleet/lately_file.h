/* lately_file: `lately` outlives the process: state_dir/lately.json. */
#pragma once

#include "orchestrator/fleet/lately.h"

struct event_base;
struct lately_file;

/* Reads what an earlier process left; a file that is not whole, or not ours, is told of, and it begins empty. Changes are written
 * soon, by a thread. */
struct lately_file *lately_file_new(struct event_base *base, const char *dir);
void lately_file_free(struct lately_file *file); /* NULL is fine */

struct lately *lately_file_lately(struct lately_file *file);

/* Why it cannot be written now, in one sentence that says what to do; false: it can. */
bool lately_file_trouble(struct lately_file *file, char cause[CAUSE_SIZE]);
