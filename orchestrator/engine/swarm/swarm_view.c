/* swarm_view: lists in, items and events out.
 *
 *   take:  services -> items (by what their labels say); those before whose service is gone stay while their task is listed
 *          tasks    -> the item's state: its own, else the one that says most becomes its own
 *          nodes    -> its address, and whether to believe that a task has ended
 *          compare with the items before, by id -> events
 *
 * Items are sorted by id, so that each is found by halving.
 */
#include "orchestrator/engine/swarm/swarm_view.h"

#include "common/mem.h"
#include "orchestrator/engine/swarm/swarm_task.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MS_PER_S 1000
#define UNTAKEN_US 2000000 /* a node takes what it is given within 0.2 s */

_Static_assert(ENGINE_IDENTITY_SIZE == ENGINE_ID_SIZE, "a task's id is a container's identity");

struct swarm_view {
	struct swarm_item *items;            /* by id */
	struct engine_container *containers; /* theirs, for whoever wants a list */
	size_t count, listed;
	bool taken; /* lists, once */
};

struct swarm_view *swarm_view_new(void)
{
	return mem_zero(sizeof(struct swarm_view));
}

void swarm_view_free(struct swarm_view *view)
{
	free(view->items);
	free(view->containers);
	free(view);
}

static int by_id(const void *a, const void *b)
{
	const struct swarm_item *one = a, *other = b;

	return strcmp(one->container.id, other->container.id);
}

static struct swarm_item *find(struct swarm_item *items, size_t count, const char *id)
{
	struct swarm_item key = {0};

	snprintf(key.container.id, sizeof(key.container.id), "%s", id);
	return count == 0 ? NULL : bsearch(&key, items, count, sizeof(*items), by_id);
}

/* --- an item's state ------------------------------------------------------------------------------------------- */

/* A task of its own: by its id the container knows itself. */
static bool has_task(const struct swarm_item *item)
{
	return item->container.identity[0] != '\0';
}

static const struct swarm_node *find_node(const struct swarm_lists *lists, const char *id)
{
	for (size_t i = 0; i < lists->node_count; i++)
		if (strcmp(lists->nodes[i].id, id) == 0)
			return &lists->nodes[i];
	return NULL;
}

/* A leader that is new may know of no port; it is where it was. */
static void locate(struct swarm_item *item, const struct swarm_task *task, const struct swarm_node *node)
{
	if (task->port == 0 && node != NULL && item->container.address.len > 0)
		return;
	if (node == NULL || task->port == 0 || !address_of_host(node->address, task->port, &item->container.address))
		item->container.address.len = 0;
}

static void explain(struct swarm_item *item, const struct swarm_task *task)
{
	const char *remedy = task->impeded ? swarm_remedy_for(task->words) : "";

	snprintf(item->words, sizeof(item->words), "%s%s%s", task->words, remedy[0] != '\0' ? ": " : "", remedy);
}

/* On another node than this one; "": on any. */
static bool has_room(const struct swarm_lists *lists, const char *but)
{
	for (size_t i = 0; i < lists->node_count; i++)
		if (lists->nodes[i].ready && lists->nodes[i].active && strcmp(lists->nodes[i].id, but) != 0)
			return true;
	return false;
}

static void take_waiting(struct swarm_item *item, const struct swarm_task *task, const struct swarm_lists *lists)
{
	if (!task->untaken || item->untaken_us == 0 || strcmp(item->node, task->node) != 0)
		item->untaken_us = task->untaken ? lists->now_us : 0;
	memcpy(item->node, task->node, sizeof(item->node));
	item->untaken =
	        item->untaken_us != 0 && lists->now_us - item->untaken_us >= UNTAKEN_US && has_room(lists, task->node);
	item->misplaced = task->impeded && strcasestr(task->words, SWARM_NO_NODE) != NULL && has_room(lists, "");
}

static void take_task(struct swarm_item *item, const struct swarm_task *task, const struct swarm_lists *lists)
{
	struct engine_container *container = &item->container;
	const struct swarm_node *node = find_node(lists, task->node);

	explain(item, task);
	item->impeded = task->impeded && task->phase == SWARM_WAITING;
	if (task->phase == SWARM_WAITING && container->state == ENGINE_CREATED)
		take_waiting(item, task, lists);
	if (task->phase == SWARM_WAITING || container->state == ENGINE_EXITED)
		return;
	memcpy(container->identity, task->id, sizeof(container->identity));
	memcpy(item->node, task->node, sizeof(item->node));
	item->away = node == NULL || !node->ready;
	if (task->phase == SWARM_ENDED && !item->revived) {
		container->state = ENGINE_EXITED;
		item->exit_code = task->exit_code;
		item->rejected = task->port == 0 && task->exit_code <= 0;
	} else if (task->phase == SWARM_RUNNING && task->wanted && !item->removed) {
		container->state = ENGINE_RUNNING;
		if (task->since_s > 0 && task->since_s < lists->now_s)
			container->running_ms = (lists->now_s - task->since_s) * MS_PER_S;
		locate(item, task, node);
	} else {
		container->state = ENGINE_EVICTED;
	}
}

/* It is listed no more: Swarm has forgotten it, as it does some time after its end. */
static void lose_task(struct swarm_item *item, const struct swarm_lists *lists)
{
	const struct swarm_node *node = find_node(lists, item->node);

	item->away = node == NULL || !node->ready;
	if (item->container.state != ENGINE_EXITED)
		item->container.state = item->away ? ENGINE_EVICTED : ENGINE_EXITED;
}

/* tasks: those of its service. NULL: its own is not among them, or there is none. */
static const struct swarm_task *pick_task(const struct swarm_item *item, const struct swarm_task *const *tasks,
                                          size_t count)
{
	const struct swarm_task *most = NULL;

	for (size_t i = 0; i < count; i++) {
		if (has_task(item) && strcmp(tasks[i]->id, item->container.identity) != 0)
			continue;
		if (most == NULL || swarm_task_says_more(tasks[i], most))
			most = tasks[i];
	}
	return most;
}

static void take_tasks(struct swarm_item *item, const struct swarm_task *const *tasks, size_t count,
                       const struct swarm_lists *lists)
{
	const struct swarm_task *task = pick_task(item, tasks, count);

	if (task != NULL)
		take_task(item, task, lists);
	else if (has_task(item))
		lose_task(item, lists);
	item->gone = item->removed && (task == NULL || item->container.state == ENGINE_EXITED);
}

static int by_service(const void *a, const void *b)
{
	const struct swarm_task *const *one = a, *const *other = b;

	return strcmp((*one)->service, (*other)->service);
}

/* Tasks and items in the same order: each item's tasks are the next ones. */
static void take_all_tasks(struct swarm_view *view, const struct swarm_lists *lists)
{
	const struct swarm_task **tasks = mem_zero((lists->task_count + 1) * sizeof(*tasks));
	size_t from = 0, end;

	for (size_t i = 0; i < lists->task_count; i++)
		tasks[i] = &lists->tasks[i];
	qsort(tasks, lists->task_count, sizeof(*tasks), by_service);
	for (size_t i = 0; i < view->count; i++, from = end) {
		const char *id = view->items[i].container.id;

		while (from < lists->task_count && strcmp(tasks[from]->service, id) < 0)
			from++;
		for (end = from; end < lists->task_count && strcmp(tasks[end]->service, id) == 0;)
			end++;
		take_tasks(&view->items[i], tasks + from, end - from, lists);
	}
	free(tasks);
}

/* --- the items ------------------------------------------------------------------------------------------------- */

/* Its task stays its task. */
static void inherit(struct swarm_item *item, const struct swarm_item *before)
{
	struct engine_container container = item->container;
	int generation = item->generation;

	container.state = before->container.state;
	container.address = before->container.address;
	memcpy(container.identity, before->container.identity, sizeof(container.identity));
	*item = *before;
	item->container = container;
	item->generation = generation;
}

static void add_service(struct swarm_view *view, const struct swarm_service *service, const struct swarm_item *before)
{
	struct swarm_item *item = &view->items[view->count++];

	item->container = service->container;
	item->container.state = ENGINE_CREATED;
	item->generation = service->generation;
	item->exit_code = -1;
	if (before == NULL || before->gone)
		return;
	if (has_task(before))
		inherit(item, before);
	memcpy(item->node, before->node, sizeof(item->node));
	item->untaken_us = before->untaken_us;
}

static void sort(struct swarm_view *view)
{
	qsort(view->items, view->count, sizeof(*view->items), by_id);
}

static void make_items(struct swarm_view *view, struct swarm_item *before, size_t before_count,
                       const struct swarm_lists *lists)
{
	size_t services = lists->service_count;

	view->items = mem_zero((services + before_count + 1) * sizeof(*view->items));
	view->count = 0;
	for (size_t i = 0; i < services; i++)
		add_service(view, &lists->services[i], find(before, before_count, lists->services[i].container.id));
	sort(view);
	for (size_t i = 0; i < before_count; i++)
		if (!before[i].gone && has_task(&before[i]) &&
		    find(view->items, services, before[i].container.id) == NULL) {
			view->items[view->count] = before[i];
			view->items[view->count++].removed = true;
		}
	sort(view);
	take_all_tasks(view, lists);
}

static void make_containers(struct swarm_view *view)
{
	view->containers = mem_array(view->containers, view->count + 1, sizeof(*view->containers));
	view->listed = 0;
	for (size_t i = 0; i < view->count; i++)
		if (!view->items[i].gone && !(view->items[i].removed && view->items[i].away))
			view->containers[view->listed++] = view->items[i].container;
}

/* --- what has changed ------------------------------------------------------------------------------------------ */

typedef void teller(const struct engine_event *event, void *arg);

static void tell_of(teller *tell, void *arg, enum engine_event_type type, const struct swarm_item *item)
{
	const struct engine_event event = {.type = type, .id = item->container.id, .exit_code = item->exit_code};

	tell(&event, arg);
}

static void tell_state(teller *tell, void *arg, const struct swarm_item *now)
{
	static const struct {
		enum engine_state state;
		enum engine_event_type type;
	} rows[] = {{ENGINE_RUNNING, ENGINE_EVENT_START},
	            {ENGINE_EVICTED, ENGINE_EVENT_EVICT},
	            {ENGINE_EXITED, ENGINE_EVENT_DIE}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].state == now->container.state)
			tell_of(tell, arg, rows[i].type, now);
}

/* now: NULL where it is gone, and never had a task of its own. */
static void tell_change(teller *tell, void *arg, const struct swarm_item *before, const struct swarm_item *now)
{
	if (before->gone)
		return;
	if (now != NULL && now->container.state != before->container.state)
		tell_state(tell, arg, now);
	if (now == NULL || now->gone)
		tell_of(tell, arg, ENGINE_EVENT_DESTROY, before);
}

/* Its maker knows of it by the answer to its create; another orchestrator hears of it once it runs. */
static void tell_new(const struct swarm_view *view, struct swarm_item *before, size_t count, teller *tell, void *arg)
{
	for (size_t i = 0; i < view->count && view->taken; i++)
		if (view->items[i].container.state == ENGINE_RUNNING &&
		    find(before, count, view->items[i].container.id) == NULL)
			tell_of(tell, arg, ENGINE_EVENT_START, &view->items[i]);
}

void swarm_view_take(struct swarm_view *view, const struct swarm_lists *lists, teller *tell, void *arg)
{
	struct swarm_item *before = view->items;
	size_t before_count = view->count;

	make_items(view, before, before_count, lists);
	make_containers(view);
	for (size_t i = 0; i < before_count; i++)
		tell_change(tell, arg, &before[i], find(view->items, view->count, before[i].container.id));
	tell_new(view, before, before_count, tell, arg);
	view->taken = true;
	free(before);
}

/* --- questions ------------------------------------------------------------------------------------------------- */

const struct engine_container *swarm_view_containers(const struct swarm_view *view, size_t *count)
{
	*count = view->listed;
	return view->containers;
}

const struct swarm_item *swarm_view_items(const struct swarm_view *view, size_t *count)
{
	*count = view->count;
	return view->items;
}

const struct swarm_item *swarm_view_find(const struct swarm_view *view, const char *id)
{
	const struct swarm_item *item = find(view->items, view->count, id);

	return item != NULL && !item->gone ? item : NULL;
}

const struct swarm_item *swarm_view_find_task(const struct swarm_view *view, const char *task)
{
	for (size_t i = 0; i < view->count; i++) {
		const struct swarm_item *item = &view->items[i];

		if (item->container.state == ENGINE_RUNNING && !item->removed &&
		    strcmp(item->container.identity, task) == 0)
			return item;
	}
	return NULL;
}

const struct address *swarm_view_revive(struct swarm_view *view, const char *task, int port)
{
	struct swarm_item *item = (struct swarm_item *)swarm_view_find_task(view, task);

	if (item == NULL || item->container.address.len == 0)
		return NULL;
	item->revived = true;
	address_set_port(&item->container.address, port);
	return port != 0 ? &item->container.address : NULL;
}

int swarm_view_next_generation(const struct swarm_view *view, const char *container)
{
	int last = 0;

	for (size_t i = 0; i < view->count; i++)
		if (strcmp(view->items[i].container.name, container) == 0 && view->items[i].generation > last)
			last = view->items[i].generation;
	return last + 1;
}

bool swarm_view_is_moving(const struct swarm_view *view)
{
	for (size_t i = 0; i < view->count; i++) {
		const struct swarm_item *item = &view->items[i];

		if (!item->gone && item->container.state != ENGINE_RUNNING &&
		    !(item->container.state == ENGINE_EVICTED && item->away))
			return true;
	}
	return false;
}
