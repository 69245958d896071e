/* health_question: "is this backend itself ill?", asked for a 5xx that the proxy holds back.
 *
 * A question is bound to the number of a probe begun after it was asked: an older probe may have been answered
 * before the backend fell ill. Answers are told from the loop, so no caller is entered from within its own call.
 * Invariant: a question is in exactly one list, its watch's or the health's list of answered ones, until told or
 * cancelled.
 */
#include "orchestrator/fleet/health_private.h"

#include "common/mem.h"

#include <assert.h>
#include <stdlib.h>

struct health_question {
	TAILQ_ENTRY(health_question) link;
	struct questions *in;
	uint64_t probe_no; /* answered by this probe or a later one */
	bool well;
	health_answer *answer;
	void *arg;
};

static void question_put(struct health_question *question, struct questions *in)
{
	TAILQ_INSERT_TAIL(in, question, link);
	question->in = in;
}

static void question_settle(struct health *health, struct health_question *question, bool well)
{
	if (question->in != NULL)
		TAILQ_REMOVE(question->in, question, link);
	question->well = well;
	question_put(question, &health->answered);
	timer_set(health->teller, 0);
}

struct health_question *health_ask(struct health *health, struct backend *backend, health_answer *answer, void *arg)
{
	struct health_question *question = mem_zero(sizeof(*question));
	struct watch *watch = backend_watch(backend);

	question->answer = answer;
	question->arg = arg;
	if (watch == NULL) {
		question_settle(health, question, backend_state(backend) != BACKEND_DOWN);
		return question;
	}
	question->probe_no = watch->probe_no + 1;
	question_put(question, &watch->questions);
	watch_hurry(watch);
	return question;
}

void health_ask_cancel(struct health_question *question)
{
	TAILQ_REMOVE(question->in, question, link);
	free(question);
}

void questions_answer(struct watch *watch, uint64_t no, bool well)
{
	struct health_question *question = TAILQ_FIRST(&watch->questions);

	while (question != NULL) {
		struct health_question *next = TAILQ_NEXT(question, link);

		if (question->probe_no <= no)
			question_settle(watch->health, question, well);
		question = next;
	}
	if (!TAILQ_EMPTY(&watch->questions))
		watch->now = true;
}

void questions_answer_all(struct watch *watch, bool well)
{
	questions_answer(watch, UINT64_MAX, well);
}

static struct health_question *question_take(struct questions *questions)
{
	struct health_question *question = TAILQ_FIRST(questions);

	if (question != NULL)
		TAILQ_REMOVE(questions, question, link);
	assert(question == NULL || question != TAILQ_FIRST(questions));
	return question;
}

void on_answers(void *arg)
{
	struct health *health = arg;
	struct health_question *question;

	while ((question = question_take(&health->answered)) != NULL) {
		struct health_question told = *question;

		free(question);
		told.answer(told.well, told.arg);
	}
}

void questions_drop(struct questions *questions)
{
	struct health_question *question;

	while ((question = question_take(questions)) != NULL)
		free(question);
}
