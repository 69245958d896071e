/* process_news: what the process engine has to say, in the order in which it came to know it, from the loop's next turn.
 *
 * So no callback runs before the verb that it is for has returned, a death is told before the answer of the stop that
 * caused it, and a list is neither newer nor older than the events around it. process_news_free forgets what is left.
 */
#pragma once

#include "orchestrator/engine/engine.h"

struct process_news;

struct process_news *process_news_new(struct event_base *base, const struct engine_observer *observer);
void process_news_free(struct process_news *news); /* NULL is fine; not from a callback */

void process_news_up(struct process_news *news);
void process_news_event(struct process_news *news, enum engine_event_type type, const char *id, int exit_code);

/* Copies all that the result points to. */
void process_news_answer(struct process_news *news, const struct engine_result *result, engine_done *done, void *arg);
