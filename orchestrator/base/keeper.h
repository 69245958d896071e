/* keeper: keeps a file in state_dir as the newest text that it was given; a thread (worker) writes it.
 *
 * A text that was not written yet when the next one comes is passed over. What cannot be written is told once, and tried again
 * with back-off until it can be; the newest text is never lost meanwhile, but with the process.
 */
#pragma once

struct event_base;
struct keeper;

struct keeper *keeper_new(struct event_base *base, const char *dir, const char *name);

/* Tries once more to write what is not written; waits for 2 s at most, and tells if that was too short. NULL is fine. */
void keeper_free(struct keeper *keeper);

void keeper_put(struct keeper *keeper, const char *text); /* copied */

const char *keeper_path(const struct keeper *keeper);
int keeper_problem(const struct keeper *keeper); /* the errno of the last try; 0: it went well, or there was none */
