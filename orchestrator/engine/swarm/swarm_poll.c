/* swarm_poll: see the header.
 *
 *   IDLE (timer) -> SERVICES -> TASKS -> SELF -> NODES -> on_lists -> IDLE
 *                      |          |       |        |
 *                      +----------+-------+--------+-> on_failed -> IDLE, with back-off
 *
 * In this order, so that whatever a list names is in the next one, unless it is gone.
 * Invariant: begun and IDLE has a timer, begun and anything else a call under way. Calls cannot be cancelled: what answers to a
 * round that was ended carries its number, and is dropped.
 */
#include "orchestrator/engine/swarm/swarm_poll.h"

#include "common/clock.h"
#include "common/mem.h"
#include "orchestrator/base/backoff.h"
#include "orchestrator/base/timer.h"
#include "orchestrator/engine/docker/docker_list_path.h"

#include <assert.h>
#include <stdlib.h>

#define CALL_MS 2000
#define SELDOM 4 /* times as long between two rounds when nothing is under way */
#define US_PER_MS INT64_C(1000)
/* The dockerd itself does: else the link is down. */
#define SILENT \
	"Swarm does not answer: no manager leads, or this one is cut off from most of the others (`docker node ls` shows them)"
#define MS_PER_S 1000

static const struct backoff_pace pace = {.first_us = 250000, .most_us = 500000};

enum poll_step { POLL_IDLE, POLL_SERVICES, POLL_TASKS, POLL_SELF, POLL_NODES };

/* A call under way. */
struct look {
	struct swarm_poll *poll;
	unsigned round;
};

struct swarm_poll {
	struct swarm_poll_settings settings;
	char *services_path, *tasks_path;
	struct timer *timer;
	enum poll_step step;
	bool begun;
	bool hurry;
	unsigned round; /* the one under way, or the last */
	struct backoff retry;
	struct swarm_service *services;
	struct swarm_task *tasks;
	struct swarm_node *nodes;
	char self[ENGINE_ID_SIZE];
	size_t service_count, task_count, node_count;
};

static void clear_round(struct swarm_poll *poll)
{
	free(poll->services);
	free(poll->tasks);
	free(poll->nodes);
	poll->services = NULL;
	poll->tasks = NULL;
	poll->nodes = NULL;
	poll->service_count = poll->task_count = poll->node_count = 0;
}

static struct swarm_lists lists_of(const struct swarm_poll *poll)
{
	return (struct swarm_lists){
	        .services = poll->services,
	        .service_count = poll->service_count,
	        .tasks = poll->tasks,
	        .task_count = poll->task_count,
	        .nodes = poll->nodes,
	        .node_count = poll->node_count,
	        .self = poll->self,
	        .now_s = clock_wall_ms() / MS_PER_S,
	        .now_us = clock_us(),
	};
}

/* --- a round --------------------------------------------------------------------------------------------------- */

static void rest(struct swarm_poll *poll)
{
	const struct swarm_poll_settings *settings = &poll->settings;
	int64_t wait_us = settings->often_ms * US_PER_MS;

	poll->step = POLL_IDLE;
	clear_round(poll);
	if (!poll->begun)
		return;
	if (!backoff_due(&poll->retry))
		timer_set_at(poll->timer, poll->retry.next_us);
	else if (poll->hurry)
		timer_set(poll->timer, 0);
	else
		timer_set(poll->timer, settings->is_moving(settings->arg) ? wait_us : SELDOM * wait_us);
}

static void fail(struct swarm_poll *poll, const char *message)
{
	backoff_fail_at(&poll->retry, pace, RETRY_LIST);
	rest(poll);
	poll->settings.on_failed(message, poll->settings.arg);
}

static void done(struct swarm_poll *poll)
{
	struct swarm_lists lists = lists_of(poll);

	backoff_reset(&poll->retry);
	poll->settings.on_lists(&lists, poll->settings.arg);
	rest(poll);
}

static void on_reply(const struct docker_answer *answer, void *arg);

static void get(struct swarm_poll *poll, enum poll_step step, const char *path)
{
	const struct docker_ask ask = {.method = "GET", .path = path, .timeout_ms = CALL_MS};
	struct look *look = mem_zero(sizeof(*look));

	*look = (struct look){.poll = poll, .round = poll->round};
	poll->step = step;
	docker_call(poll->settings.calls, &ask, on_reply, free, look);
}

static bool read_reply(struct swarm_poll *poll, const struct docker_answer *answer, struct err *err)
{
	switch (poll->step) {
	case POLL_SERVICES:
		return swarm_json_services(answer->body, answer->len, &poll->services, &poll->service_count, err);
	case POLL_TASKS:
		return swarm_json_tasks(answer->body, answer->len, &poll->tasks, &poll->task_count, err);
	case POLL_SELF:
		return swarm_json_self(answer->body, answer->len, poll->self, err);
	case POLL_NODES:
		return swarm_json_nodes(answer->body, answer->len, &poll->nodes, &poll->node_count, err);
	case POLL_IDLE:
		break;
	}
	assert(false);
	return false;
}

static void go_on(struct swarm_poll *poll)
{
	if (poll->step == POLL_SERVICES)
		get(poll, POLL_TASKS, poll->tasks_path);
	else if (poll->step == POLL_TASKS)
		get(poll, POLL_SELF, "/info");
	else if (poll->step == POLL_SELF)
		get(poll, POLL_NODES, "/nodes");
	else
		done(poll);
}

static void on_reply(const struct docker_answer *answer, void *arg)
{
	struct look look = *(struct look *)arg;
	struct swarm_poll *poll = look.poll;
	struct err err = {.message = ""};

	free(arg);
	if (!poll->begun || look.round != poll->round)
		return;
	if (answer->fault != ENGINE_OK) {
		fail(poll, engine_in_doubt(answer->fault) ? SILENT : answer->message);
		return;
	}
	if (!read_reply(poll, answer, &err)) {
		fail(poll, err.message);
		return;
	}
	go_on(poll);
}

static void on_timer(void *arg)
{
	struct swarm_poll *poll = arg;

	poll->round++;
	poll->hurry = false;
	get(poll, POLL_SERVICES, poll->services_path);
}

/* --- from outside ---------------------------------------------------------------------------------------------- */

void swarm_poll_begin(struct swarm_poll *poll)
{
	poll->begun = true;
	backoff_reset(&poll->retry);
	poll->hurry = true;
	rest(poll);
}

void swarm_poll_end(struct swarm_poll *poll)
{
	poll->begun = false;
	poll->step = POLL_IDLE;
	poll->round++;
	timer_clear(poll->timer);
	clear_round(poll);
}

void swarm_poll_hurry(struct swarm_poll *poll)
{
	poll->hurry = true;
	if (poll->begun && poll->step == POLL_IDLE)
		rest(poll);
}

unsigned swarm_poll_next(const struct swarm_poll *poll)
{
	return poll->round + 1;
}

unsigned swarm_poll_round(const struct swarm_poll *poll)
{
	return poll->round;
}

struct swarm_poll *swarm_poll_new(const struct swarm_poll_settings *settings)
{
	struct swarm_poll *poll = mem_zero(sizeof(*poll));

	poll->settings = *settings;
	poll->settings.name = NULL; /* in the paths */
	poll->services_path = docker_list_path("/services", settings->name);
	poll->tasks_path = docker_list_path("/tasks", settings->name);
	poll->timer = timer_new(settings->base, on_timer, poll);
	return poll;
}

void swarm_poll_free(struct swarm_poll *poll)
{
	timer_free(poll->timer);
	clear_round(poll);
	free(poll->services_path);
	free(poll->tasks_path);
	free(poll);
}
