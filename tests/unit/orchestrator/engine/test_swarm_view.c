/* Tasks into containers and events: what a list says of one, and what has become of it since the list before. */
#include "orchestrator/engine/swarm/swarm_view.h"

#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#define SERVICE                                                                                          \
	"{\"ID\":\"s1\",\"Spec\":{\"Labels\":{\"selfless.container\":\"web_0\",\"selfless.slot\":\"0\"," \
	"\"selfless.generation\":\"4\",\"selfless.service\":\"web\",\"selfless.image\":\"web:1\"}}}"
#define TASK_BY(id, node, created, state, desired, rest)                                                            \
	"{\"ID\":\"" id "\",\"ServiceID\":\"s1\",\"NodeID\":\"" node "\",\"CreatedAt\":\"2026-01-02T03:04:" created \
	"\",\"DesiredState\":\"" desired "\",\"Status\":{\"State\":\"" state                                        \
	"\",\"Timestamp\":\"2026-01-02T03:04:05.123456789Z\"" rest "}}"
#define TASK_OF(node, created, state, desired, rest) TASK_BY("t1", node, created, state, desired, rest)
#define TASK(created, state, desired, rest) TASK_OF("n1", created, state, desired, rest)
#define NEXT(node, created, state, desired, rest) TASK_BY("t2", node, created, state, desired, rest)
#define PORT ",\"PortStatus\":{\"Ports\":[{\"PublishedPort\":32768},{\"PublishedPort\":32768}]}"
#define EXIT(code) ",\"ContainerStatus\":{\"ExitCode\":" code "}"
#define NODE(id, address, state, rest) \
	"{\"ID\":\"" id "\",\"Status\":{\"Addr\":\"" address "\",\"State\":\"" state "\"}" rest "}"
#define OTHER_NODE NODE("n2", "0.0.0.0", "ready", ",\"ManagerStatus\":{\"Addr\":\"10.0.0.2:2377\"}")
#define NODES "[" NODE("n1", "10.0.0.1", "ready", "") "," OTHER_NODE "]"
#define ONE_DOWN "[" NODE("n1", "10.0.0.1", "down", "") "," OTHER_NODE "]"
#define ONE_GONE "[" OTHER_NODE "]"
#define SINCE_S 1767323045 /* 2026-01-02T03:04:05Z */

static struct swarm_view *view;
static int64_t at_us;
static char told[200]; /* "start s1, die s1 3" */

static void tell(const struct engine_event *event, void *arg)
{
	static const char *const words[] = {[ENGINE_EVENT_START] = "start",
	                                    [ENGINE_EVENT_DIE] = "die",
	                                    [ENGINE_EVENT_EVICT] = "evict",
	                                    [ENGINE_EVENT_DESTROY] = "destroy"};
	size_t len = strlen(told);

	(void)arg;
	snprintf(told + len, sizeof(told) - len, "%s%s %s %d", len > 0 ? ", " : "", words[event->type], event->id,
	         event->exit_code);
}

static void take_with(const char *services, const char *tasks, const char *nodes)
{
	struct swarm_lists lists = {.now_s = SINCE_S + 7, .now_us = at_us};
	struct swarm_service *service_items;
	struct swarm_task *task_items;
	struct swarm_node *node_items;
	struct err err;

	told[0] = '\0';
	ck_assert_msg(swarm_json_services(services, strlen(services), &service_items, &lists.service_count, &err), "%s",
	              err.message);
	ck_assert_msg(swarm_json_tasks(tasks, strlen(tasks), &task_items, &lists.task_count, &err), "%s", err.message);
	ck_assert_msg(swarm_json_nodes(nodes, strlen(nodes), &node_items, &lists.node_count, &err), "%s", err.message);
	lists.services = service_items;
	lists.tasks = task_items;
	lists.nodes = node_items;
	swarm_view_take(view, &lists, tell, NULL);
	free(service_items);
	free(task_items);
	free(node_items);
}

static void take(const char *services, const char *tasks)
{
	take_with(services, tasks, NODES);
}

static void make(void)
{
	view = swarm_view_new();
}

static void clear(void)
{
	swarm_view_free(view);
}

/* --- one list -------------------------------------------------------------------------------------------------- */

static const struct {
	const char *why, *tasks;
	enum engine_state state;
	const char *address;
	int exit_code;
	bool rejected;
} rows[] = {
        {"no task yet", "[]", ENGINE_CREATED, "", -1, false},
        {"on its way", "[" TASK("05Z", "preparing", "running", "") "]", ENGINE_CREATED, "", -1, false},
        {"runs", "[" TASK("05Z", "running", "running", PORT) "]", ENGINE_RUNNING, "10.0.0.1:32768", -1, false},
        {"runs on a node that says where it is only as a manager",
         "[" TASK_OF("n2", "05Z", "running", "running", PORT) "]", ENGINE_RUNNING, "10.0.0.2:32768", -1, false},
        {"runs on a node that is in no list", "[" TASK_OF("n3", "05Z", "running", "running", PORT) "]", ENGINE_RUNNING,
         "", -1, false},
        {"runs, and its port is yet to come", "[" TASK("05Z", "running", "running", "") "]", ENGINE_RUNNING, "", -1,
         false},
        {"is told to go", "[" TASK("05Z", "running", "shutdown", PORT) "]", ENGINE_EVICTED, "", -1, false},
        {"nobody knows", "[" TASK("05Z", "orphaned", "shutdown", PORT) "]", ENGINE_EVICTED, "", -1, false},
        {"runs where it should not be", "[" TASK("05Z", "rejected", "shutdown", PORT) "]", ENGINE_EVICTED, "", -1,
         false},
        {"ended", "[" TASK("05Z", "failed", "shutdown", PORT EXIT("3")) "]", ENGINE_EXITED, "", 3, false},
        {"ended, nobody knows how", "[" TASK("05Z", "failed", "shutdown", PORT) "]", ENGINE_EXITED, "", -1, false},
        {"ended by itself, well", "[" TASK("05Z", "complete", "shutdown", PORT) "]", ENGINE_EXITED, "", 0, false},
        {"never ran", "[" TASK("05Z", "rejected", "shutdown", ",\"Err\":\"No such image: x\"") "]", ENGINE_EXITED, "",
         -1, true},
        {"ended, and Swarm will start the next one later",
         "[" TASK("05.1Z", "failed", "shutdown", PORT EXIT("3")) "," NEXT("n1", "05.12Z", "ready", "ready", "") "]",
         ENGINE_EXITED, "", 3, false},
        {"Swarm has started the next one",
         "[" NEXT("n1", "05.12Z", "running", "running", PORT) "," TASK("05.1Z", "failed", "shutdown",
                                                                       PORT EXIT("3")) "]",
         ENGINE_RUNNING, "10.0.0.1:32768", -1, false},
        {"of two that ended the last",
         "[" NEXT("n1", "05.12Z", "failed", "shutdown", PORT EXIT("4")) "," TASK("05.1Z", "failed", "shutdown",
                                                                                 PORT EXIT("3")) "]",
         ENGINE_EXITED, "", 4, false},
};

START_TEST(says_what_a_container_is)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char address[ADDRESS_TEXT_SIZE] = "";
		const struct swarm_item *item;

		take("[]", "[]");
		take("[" SERVICE "]", rows[i].tasks);
		item = swarm_view_find(view, "s1");
		ck_assert_msg(item != NULL && item->container.state == rows[i].state, "%s", rows[i].why);
		if (item->container.address.len > 0)
			address_format(&item->container.address, address);
		ck_assert_msg(strcmp(address, rows[i].address) == 0, "%s: %s", rows[i].why, address);
		ck_assert_msg(item->exit_code == rows[i].exit_code && item->rejected == rows[i].rejected, "%s",
		              rows[i].why);
	}
}
END_TEST

START_TEST(says_who_it_is)
{
	const struct swarm_item *item;
	size_t count;

	take("[" SERVICE ",{\"ID\":\"no id\"}]", "[" TASK("05Z", "running", "running", PORT) "]");
	ck_assert_ptr_nonnull(swarm_view_containers(view, &count));
	ck_assert_uint_eq(count, 1);
	item = swarm_view_find(view, "s1");
	ck_assert_str_eq(item->container.name, "web_0");
	ck_assert_str_eq(item->container.service, "web");
	ck_assert_str_eq(item->container.image, "web:1");
	ck_assert_str_eq(item->container.identity, "t1");
	ck_assert_int_eq(item->container.slot, 0);
	ck_assert_int_eq((int)item->container.running_ms, 7000);
	ck_assert_int_eq(swarm_view_next_generation(view, "web_0"), 5);
	ck_assert_int_eq(swarm_view_next_generation(view, "web_1"), 1);
	ck_assert_ptr_null(swarm_view_find(view, "s2"));
}
END_TEST

START_TEST(says_what_to_do_about_a_missing_image)
{
	take("[" SERVICE "]", "[" TASK("05Z", "rejected", "shutdown", ",\"Err\":\"No such image: sha256:12\"") "]");
	ck_assert_ptr_nonnull(
	        strstr(swarm_view_find(view, "s1")->words, "No such image: sha256:12: a node has not got it"));
}
END_TEST

/* --- from one to the next -------------------------------------------------------------------------------------- */

#define ONE "[" SERVICE "]"
static const char waits[] = "[" TASK("05Z", "starting", "running", "") "]";
static const char runs[] = "[" TASK("05Z", "running", "running", PORT) "]";
static const char goes[] = "[" TASK("05Z", "running", "remove", PORT) "]";
static const char ended[] = "[" TASK("05Z", "failed", "shutdown", PORT EXIT("3")) "]";

/* One list after the other. */
static const struct {
	const char *services, *tasks, *nodes, *told; /* services NULL: begins another story */
} steps[] = {
        {ONE, waits, NODES, ""},
        {ONE, waits, NODES, ""},
        {ONE, runs, NODES, "start s1 -1"},
        {ONE, ended, NODES, "die s1 3"},
        {ONE, runs, NODES, ""}, /* what has ended has ended */
        {NULL, NULL, NULL, NULL},
        {ONE, waits, NODES, ""},
        {ONE, ended, NODES, "die s1 3"},
        {"[]", "[]", NODES, "destroy s1 3"},
        {"[]", "[]", NODES, ""},
        {NULL, NULL, NULL, NULL}, /* its service was removed: it is there until its node says that it has ended */
        {ONE, runs, NODES, ""},
        {"[]", runs, NODES, "evict s1 -1"},
        {"[]", goes, NODES, ""},
        {"[]", "[" TASK("05Z", "shutdown", "remove", PORT EXIT("143")) "]", NODES, "die s1 143, destroy s1 -1"},
        {"[]", "[]", NODES, ""},
        {NULL, NULL, NULL, NULL}, /* the same, and Swarm has forgotten the task before we looked */
        {ONE, runs, NODES, ""},
        {"[]", goes, NODES, "evict s1 -1"},
        {"[]", "[]", NODES, "die s1 -1, destroy s1 -1"},
        {NULL, NULL, NULL, NULL}, /* or its node is down, or was taken out of the swarm by force: it may run */
        {ONE, runs, NODES, ""},
        {"[]", goes, ONE_DOWN, "evict s1 -1"},
        {"[]", "[]", ONE_GONE, "destroy s1 -1"},
        {NULL, NULL, NULL, NULL}, /* the node is lost, Swarm starts another task elsewhere, the node comes back */
        {ONE, runs, NODES, ""},
        {ONE, "[" TASK("05Z", "running", "shutdown", PORT) "," NEXT("n2", "06Z", "running", "running", PORT) "]",
         ONE_DOWN, "evict s1 -1"},
        {ONE,
         "[" TASK("05Z", "shutdown", "shutdown", PORT EXIT("137")) "," NEXT("n2", "06Z", "running", "running",
                                                                            PORT) "]",
         NODES, "die s1 137"},
        {ONE, "[" NEXT("n2", "06Z", "running", "running", PORT) "]", NODES, ""},
        {NULL, NULL, NULL, NULL}, /* swapped between two looks: what runs now is not what ran */
        {ONE, runs, NODES, ""},
        {ONE,
         "[" TASK("05Z", "failed", "shutdown", PORT EXIT("1")) "," NEXT("n2", "06Z", "running", "running", PORT) "]",
         NODES, "die s1 1"},
        {NULL, NULL, NULL, NULL}, /* the same, and Swarm remembers the new one alone */
        {ONE, runs, NODES, ""},
        {ONE, "[" NEXT("n1", "06Z", "ready", "ready", "") "]", NODES, "die s1 -1"},
        {NULL, NULL, NULL, NULL}, /* another orchestrator made it */
        {"[]", "[]", NODES, ""},
        {ONE, runs, NODES, "start s1 -1"},
};

START_TEST(tells_what_has_changed)
{
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		if (steps[i].services == NULL) {
			clear();
			make();
			continue;
		}
		take_with(steps[i].services, steps[i].tasks, steps[i].nodes);
		ck_assert_msg(strcmp(told, steps[i].told) == 0, "step %zu: %s", i, told);
	}
}
END_TEST

static size_t listed(void)
{
	size_t count;

	(void)swarm_view_containers(view, &count);
	return count;
}

START_TEST(lists_what_may_yet_be_heard_of)
{
	take(ONE, runs);
	take("[]", goes);
	ck_assert_uint_eq(listed(), 1);
	ck_assert(swarm_view_is_moving(view));
	take_with("[]", goes, ONE_DOWN);
	ck_assert_uint_eq(listed(), 0);
	ck_assert(!swarm_view_is_moving(view));
	ck_assert_ptr_nonnull(swarm_view_find(view, "s1"));
	take("[]", "[]");
	ck_assert_ptr_null(swarm_view_find(view, "s1"));
}
END_TEST

START_TEST(knows_whether_something_is_under_way)
{
	take(ONE, waits);
	ck_assert(swarm_view_is_moving(view));
	take(ONE, runs);
	ck_assert(!swarm_view_is_moving(view));
}
END_TEST

static const struct swarm_item *take_at(int64_t now_us, const char *tasks, const char *nodes)
{
	at_us = now_us;
	take_with(ONE, tasks, nodes);
	return swarm_view_find(view, "s1");
}

#define SECOND INT64_C(1000000)

START_TEST(knows_a_node_that_does_not_take_what_it_is_given)
{
	static const char assigned[] = "[" TASK("05Z", "assigned", "running", "") "]";
	static const char elsewhere[] = "[" TASK_OF("n2", "05Z", "assigned", "running", "") "]";

	ck_assert(!take_at(10 * SECOND, assigned, NODES)->untaken);
	ck_assert_str_eq(take_at(11 * SECOND, assigned, NODES)->node, "n1");
	ck_assert(!swarm_view_find(view, "s1")->untaken);
	ck_assert(take_at(12 * SECOND, assigned, NODES)->untaken);
	ck_assert(!take_at(14 * SECOND, elsewhere, NODES)->untaken);
	ck_assert(take_at(17 * SECOND, elsewhere, NODES)->untaken);
	ck_assert(!take_at(18 * SECOND, waits, NODES)->untaken);
	ck_assert(!take_at(30 * SECOND, waits, NODES)->untaken);
}
END_TEST

/* Where none is there, that passes by itself; where some are, it was told to come to none of these. */
START_TEST(knows_one_that_may_come_nowhere)
{
	static const char pends[] =
	        "[" TASK_OF("", "05Z", "pending", "running",
	                    ",\"Err\":\"no suitable node (scheduling constraints not satisfied on 2 nodes)\"") "]";

	ck_assert(take_at(SECOND, pends, NODES)->misplaced);
	ck_assert(!take_at(SECOND, pends, "[" NODE("n1", "10.0.0.1", "down", "") "]")->misplaced);
	ck_assert(!take_at(SECOND, pends,
	                   "[" NODE("n1", "10.0.0.1", "ready", ",\"Spec\":{\"Availability\":\"drain\"}") "]")
	                   ->misplaced);
	ck_assert(!take_at(SECOND, waits, NODES)->misplaced);
}
END_TEST

START_TEST(knows_where_it_is_though_its_port_is_forgotten)
{
	char address[ADDRESS_TEXT_SIZE];

	take(ONE, runs);
	take(ONE, "[" TASK("05Z", "running", "running", "") "]");
	ck_assert_uint_gt(swarm_view_find(view, "s1")->container.address.len, 0);
	address_format(&swarm_view_find(view, "s1")->container.address, address);
	ck_assert_str_eq(address, "10.0.0.1:32768");
}
END_TEST

START_TEST(refuses_what_is_no_list)
{
	struct swarm_task *tasks;
	size_t count;
	struct err err;

	ck_assert(!swarm_json_tasks("{}", 2, &tasks, &count, &err));
	ck_assert_str_eq(err.message, "list of Swarm's tasks: not an array");
	ck_assert(!swarm_json_tasks("[", 1, &tasks, &count, &err));
}
END_TEST

UNIT_MAIN_WITH("swarm_view", make, clear, says_what_a_container_is, says_who_it_is,
               says_what_to_do_about_a_missing_image, tells_what_has_changed, lists_what_may_yet_be_heard_of,
               knows_whether_something_is_under_way, knows_a_node_that_does_not_take_what_it_is_given,
               knows_one_that_may_come_nowhere, knows_where_it_is_though_its_port_is_forgotten, refuses_what_is_no_list)
