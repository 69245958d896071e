/* swarm_waits: see the header.
 *
 * Invariant: a wait is in the list until its done starts; done may add others, which the walk that called it leaves alone (they
 * are put in front).
 */
#include "orchestrator/engine/swarm/swarm_waits.h"

#include "common/mem.h"
#include "orchestrator/base/timer.h"
#include "orchestrator/engine/swarm/swarm_view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#define US_PER_MS INT64_C(1000)

struct swarm_wait {
	TAILQ_ENTRY(swarm_wait) link;
	struct swarm_waits *waits;
	swarm_wait_look *look; /* NULL: for nothing */
	char id[ENGINE_ID_SIZE];
	unsigned round;
	bool impeded;                                           /* that the last look said, */
	char words[sizeof(((struct swarm_item *)NULL)->words)]; /* and why it is not yet done */
	struct timer *timer;
	engine_done *done;
	void *arg;
};

struct swarm_waits {
	struct event_base *base;
	TAILQ_HEAD(swarm_wait_list, swarm_wait) all; /* the newest first */
};

/* It is in the list no more. */
static void wait_free(struct swarm_wait *wait)
{
	timer_free(wait->timer);
	free(wait);
}

static void answer(struct swarm_wait *wait, struct engine_result *result)
{
	engine_done *done = wait->done;
	void *arg = wait->arg;
	char id[ENGINE_ID_SIZE];

	memcpy(id, wait->id, sizeof(id));
	result->id = id;
	TAILQ_REMOVE(&wait->waits->all, wait, link);
	wait_free(wait);
	done(result, arg);
}

static void answer_fault(struct swarm_wait *wait, enum engine_fault fault, const char *message)
{
	struct engine_result result = {.fault = fault, .message = message};

	answer(wait, &result);
}

static void on_deadline(void *arg)
{
	struct swarm_wait *wait = arg;
	char message[sizeof(wait->words) + 64];

	if (wait->look == NULL) {
		answer_fault(wait, ENGINE_OK, "");
		return;
	}
	snprintf(message, sizeof(message), "Swarm has not done it in time%s%s", wait->words[0] != '\0' ? ": " : "",
	         wait->words);
	answer_fault(wait, wait->impeded ? ENGINE_REFUSED : ENGINE_TIMEOUT, message);
}

static void add(struct swarm_waits *waits, const struct swarm_wait *like, int timeout_ms)
{
	struct swarm_wait *wait = mem_zero(sizeof(*wait));

	*wait = *like;
	wait->waits = waits;
	wait->timer = timer_new(waits->base, on_deadline, wait);
	timer_set(wait->timer, timeout_ms * US_PER_MS);
	TAILQ_INSERT_HEAD(&waits->all, wait, link);
}

void swarm_waits_add(struct swarm_waits *waits, swarm_wait_look *look, const char *id, unsigned round, int timeout_ms,
                     engine_done *done, void *arg)
{
	struct swarm_wait wait = {.look = look, .round = round, .done = done, .arg = arg};

	snprintf(wait.id, sizeof(wait.id), "%s", id);
	add(waits, &wait, timeout_ms);
}

void swarm_waits_nothing(struct swarm_waits *waits, engine_done *done, void *arg)
{
	add(waits, &(struct swarm_wait){.done = done, .arg = arg}, 0);
}

/* Oldest first. The next one is taken before an answer: that frees its wait, and nothing else. */
void swarm_waits_looked(struct swarm_waits *waits, const struct swarm_view *view, unsigned round)
{
	struct swarm_wait *wait, *before;

	for (wait = TAILQ_LAST(&waits->all, swarm_wait_list); wait != NULL; wait = before) {
		struct engine_result result = {.message = ""};
		const struct swarm_item *item;

		before = TAILQ_PREV(wait, swarm_wait_list, link);
		if (wait->look == NULL || (int)(round - wait->round) < 0)
			continue;
		if (wait->look(view, wait->id, &result)) {
			answer(wait, &result);
			continue;
		}
		item = swarm_view_find(view, wait->id);
		wait->impeded = item != NULL && item->impeded;
		snprintf(wait->words, sizeof(wait->words), "%s", item != NULL ? item->words : "");
	}
}

void swarm_waits_fail(struct swarm_waits *waits, enum engine_fault fault, const char *message)
{
	const struct swarm_wait *newest = TAILQ_FIRST(&waits->all);
	struct swarm_wait *wait, *before;

	for (wait = TAILQ_LAST(&waits->all, swarm_wait_list); wait != NULL; wait = before) {
		before = wait != newest ? TAILQ_PREV(wait, swarm_wait_list, link) : NULL;
		if (wait->look != NULL)
			answer_fault(wait, fault, message);
	}
}

bool swarm_waits_any(const struct swarm_waits *waits)
{
	return !TAILQ_EMPTY(&waits->all);
}

struct swarm_waits *swarm_waits_new(struct event_base *base)
{
	struct swarm_waits *waits = mem_zero(sizeof(*waits));

	waits->base = base;
	TAILQ_INIT(&waits->all);
	return waits;
}

void swarm_waits_free(struct swarm_waits *waits)
{
	struct swarm_wait *wait;

	while ((wait = TAILQ_FIRST(&waits->all)) != NULL) {
		TAILQ_REMOVE(&waits->all, wait, link);
		wait_free(wait);
	}
	free(waits);
}
