/* health_question: questions "is this backend itself ill?" that wait for a probe, and answers that wait to be told. Knows
 * neither probes nor verdicts: it is told which probe found what.
 *
 * A question is bound to the number of a probe that is begun after it was asked: an older probe may have been answered before
 * the backend fell ill. Answers are told from the loop, so that nobody is entered from within a call of his own. A question is
 * in one list from question_new on: among the questions of a backend, or among the answers.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

struct event_base;
struct health_question;
struct timer;

/* Called once, later; the question is gone then. */
typedef void question_told(bool well, void *arg);

TAILQ_HEAD(questions, health_question);

/* Those that are answered and not told yet, of all backends of a service. */
struct answers {
	struct questions list;
	struct timer *timer;
};

void answers_init(struct answers *answers, struct event_base *base);
void answers_clear(struct answers *answers); /* those left are dropped: nobody is told */

/* Asked, to be answered by probe probe_no of the backend that has these questions, or by a later one. */
struct health_question *question_new(struct questions *questions, uint64_t probe_no, question_told *told, void *arg);

/* Answered at once: told later. */
struct health_question *question_new_answered(struct answers *answers, bool well, question_told *told, void *arg);
void question_free(struct health_question *question); /* it is not told any more */

/* Probe probe_no found this: answers the questions that it, or an older one, was to answer. True: some wait for a later one. */
bool questions_answer(struct questions *questions, uint64_t probe_no, bool well, struct answers *answers);
void questions_drop(struct questions *questions); /* nobody is told */
