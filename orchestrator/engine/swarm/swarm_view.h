/* swarm_view: the containers of ours in the swarm, as the lists of its services, tasks and nodes say, and what has become of
 * them since the lists before: Swarm tells no events of tasks, so they are made here.
 *
 * A container is a Swarm service, and of its tasks the first that was seen to run or to have ended: where Swarm starts another one
 * in its stead, that is nobody's, and whoever hears of the end takes the whole service away. It runs while its task runs and is
 * meant to. It has ended once the task's node says so: a task is listed until then, even if its service is gone; so one that is
 * no longer listed has ended as well, if its node is there. Without the node nobody knows.
 */
#pragma once

#include "orchestrator/engine/engine.h"
#include "orchestrator/engine/swarm/swarm_json.h"

struct swarm_view;

struct swarm_item {
	struct engine_container container; /* identity: its task's id; "": none yet */
	int generation;
	char node[ENGINE_ID_SIZE]; /* the task's; "": none yet */
	int64_t untaken_us;        /* since when the node has been silent about it (clock_us); 0: it is not */
	bool untaken;              /* for too long, and there is another node */
	bool misplaced; /* ENGINE_CREATED, and no node is as it must be, though there are nodes: others than when it was made */
	bool revived; /* its container has ended once, and was started again without Swarm: what Swarm says of its end is no news */
	bool removed;                       /* the service is gone, */
	bool gone;                          /* and the task; nothing shows this but the events of one take */
	bool away;                          /* the task's node does not answer */
	int exit_code;                      /* ENGINE_EXITED; -1: not known */
	bool impeded;                       /* ENGINE_CREATED, and Swarm says what keeps it from running */
	bool rejected;                      /* ENGINE_EXITED, and it never ran */
	char words[SWARM_WORDS_SIZE + 160]; /* why it waits or ended: Swarm's own, and a remedy where we know one */
};

/* One look at the swarm; borrowed. */
struct swarm_lists {
	const struct swarm_service *services;
	size_t service_count;
	const struct swarm_task *tasks;
	size_t task_count;
	const struct swarm_node *nodes;
	size_t node_count;
	const char *self; /* id of the node that said so; "": not known */
	int64_t now_s;    /* Unix time */
	int64_t now_us;   /* clock_us */
};

struct swarm_view *swarm_view_new(void);
void swarm_view_free(struct swarm_view *view);

/* Replaces what was known, then tells what has changed: START of one that now runs, also of one that was not there when it last
 * looked, EVICT of one that Swarm does not mean to run any more, DIE of one that has ended, DESTROY of one that is gone, which alone
 * says nothing of its end. tell may call back. */
void swarm_view_take(struct swarm_view *view, const struct swarm_lists *lists,
                     void (*tell)(const struct engine_event *event, void *arg), void *arg);

/* All, with those that are gone. */
const struct swarm_item *swarm_view_items(const struct swarm_view *view, size_t *count);
/* Valid until the next take. NULL: there is none. */
const struct swarm_item *swarm_view_find(const struct swarm_view *view, const char *id);
/* The one whose task this is, and which is meant to run; NULL: there is none. */
const struct swarm_item *swarm_view_find_task(const struct swarm_view *view, const char *task);
/* Its container was started again, and is at this port of its node now; 0: at none. Where that is; NULL: it is not known. */
const struct address *swarm_view_revive(struct swarm_view *view, const char *task, int port);
/* Without those whose service is gone where nobody will hear of their task. */
const struct engine_container *swarm_view_containers(const struct swarm_view *view, size_t *count);

/* One more than that of any that goes by this name; 1 where none does. */
int swarm_view_next_generation(const struct swarm_view *view, const char *container);

/* Is one of them on its way from one state to another? */
bool swarm_view_is_moving(const struct swarm_view *view);
