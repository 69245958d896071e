/* health_question: two lists, and the timer that tells the second. */
#include "orchestrator/fleet/health_question.h"

#include "common/mem.h"
#include "orchestrator/base/timer.h"

#include <assert.h>
#include <stdlib.h>

struct health_question {
	TAILQ_ENTRY(health_question) link;
	struct questions *in;
	uint64_t probe_no;
	bool well; /* once it is answered */
	question_told *told;
	void *arg;
};

static struct health_question *question_take(struct questions *questions)
{
	struct health_question *question = TAILQ_FIRST(questions);

	if (question != NULL)
		TAILQ_REMOVE(questions, question, link);
	assert(question == NULL || question != TAILQ_FIRST(questions));
	return question;
}

static void question_put(struct health_question *question, struct questions *in)
{
	TAILQ_INSERT_TAIL(in, question, link);
	question->in = in;
}

static void on_answers(void *arg)
{
	struct answers *answers = arg;
	struct health_question *question;

	while ((question = question_take(&answers->list)) != NULL) {
		struct health_question told = *question;

		free(question);
		told.told(told.well, told.arg);
	}
}

void answers_init(struct answers *answers, struct event_base *base)
{
	TAILQ_INIT(&answers->list);
	answers->timer = timer_new(base, on_answers, answers);
}

void answers_clear(struct answers *answers)
{
	questions_drop(&answers->list);
	timer_free(answers->timer);
}

static struct health_question *question_make(question_told *told, void *arg)
{
	struct health_question *question = mem_zero(sizeof(*question));

	question->told = told;
	question->arg = arg;
	return question;
}

static void question_settle(struct health_question *question, bool well, struct answers *answers)
{
	question->well = well;
	question_put(question, &answers->list);
	timer_set(answers->timer, 0);
}

struct health_question *question_new(struct questions *questions, uint64_t probe_no, question_told *told, void *arg)
{
	struct health_question *question = question_make(told, arg);

	question->probe_no = probe_no;
	question_put(question, questions);
	return question;
}

struct health_question *question_new_answered(struct answers *answers, bool well, question_told *told, void *arg)
{
	struct health_question *question = question_make(told, arg);

	question_settle(question, well, answers);
	return question;
}

void question_free(struct health_question *question)
{
	TAILQ_REMOVE(question->in, question, link);
	free(question);
}

bool questions_answer(struct questions *questions, uint64_t probe_no, bool well, struct answers *answers)
{
	struct health_question *question = TAILQ_FIRST(questions);

	while (question != NULL) {
		struct health_question *next = TAILQ_NEXT(question, link);

		if (question->probe_no <= probe_no) {
			TAILQ_REMOVE(questions, question, link);
			question_settle(question, well, answers);
		}
		question = next;
	}
	return !TAILQ_EMPTY(questions);
}

void questions_drop(struct questions *questions)
{
	struct health_question *question;

	while ((question = question_take(questions)) != NULL)
		free(question);
}
