/* On which node a container is to come: by what is on each, what is about to be, and which of them answer. */
#include "orchestrator/engine/swarm/swarm_spread.h"

#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#define NODES_MAX 4
#define ITEMS_MAX 8
#define SECOND INT64_C(1000000)

static struct swarm_view *view;
static struct swarm_sites nodes;
static struct swarm_plans plans;
static struct swarm_node node_items[NODES_MAX];
static struct swarm_service services[ITEMS_MAX];
static struct swarm_task tasks[ITEMS_MAX];
static struct swarm_lists lists;
static char avoided[100]; /* "n1 n2" */
static char chosen[ENGINE_ID_SIZE];

static void ignore(const struct engine_event *event, void *arg)
{
	(void)event;
	(void)arg;
}

static void look(void)
{
	swarm_sites_take(&nodes, &lists, NULL, NULL);
	swarm_view_take(view, &lists, ignore, NULL);
}

static void add_node(const char *id)
{
	struct swarm_node *node = &node_items[lists.node_count++];

	*node = (struct swarm_node){.ready = true, .active = true};
	snprintf(node->id, sizeof(node->id), "%s", id);
}

/* node: "" it has none yet. */
static void add(const char *service, const char *name, int slot, const char *node)
{
	struct swarm_service *made = &services[lists.service_count];
	struct swarm_task *task = &tasks[lists.task_count++];

	*made = (struct swarm_service){.container = {.slot = slot}};
	snprintf(made->container.id, sizeof(made->container.id), "s%zu", lists.service_count++);
	snprintf(made->container.name, sizeof(made->container.name), "%s", name);
	snprintf(made->container.service, sizeof(made->container.service), "%s", service);
	*task = (struct swarm_task){
	        .phase = node[0] != '\0' ? SWARM_RUNNING : SWARM_WAITING, .wanted = true, .port = 1};
	snprintf(task->id, sizeof(task->id), "t%zu", lists.task_count);
	snprintf(task->service, sizeof(task->service), "%s", made->container.id);
	snprintf(task->node, sizeof(task->node), "%s", node);
}

static void set_up(void)
{
	view = swarm_view_new();
	lists = (struct swarm_lists){
	        .services = services, .tasks = tasks, .nodes = node_items, .self = "n1", .now_us = SECOND};
	add_node("n1");
	add_node("n2");
	add_node("n3");
	look();
}

static void tear_down(void)
{
	swarm_view_free(view);
	swarm_sites_clear(&nodes);
	swarm_plans_clear(&plans);
}

static struct swarm_plan plan_of(const char *service, const char *name, int slot)
{
	struct swarm_plan plan = {.slot = slot};

	snprintf(plan.service, sizeof(plan.service), "%s", service);
	snprintf(plan.container, sizeof(plan.container), "%s", name);
	return plan;
}

static void place_apart(const char *service, const char *name, int slot, bool apart)
{
	struct swarm_plan plan = plan_of(service, name, slot);
	struct swarm_choice choice;
	size_t len = 0;

	avoided[0] = '\0';
	swarm_spread(&nodes, view, &plans, &plan, apart, &choice);
	for (size_t i = 0; i < choice.avoid.count; i++)
		len += (size_t)snprintf(avoided + len, sizeof(avoided) - len, "%s%s", i > 0 ? " " : "",
		                        choice.avoid.items[i]);
	memcpy(chosen, choice.node, sizeof(chosen));
	strings_clear(&choice.avoid);
}

static void place(const char *service, const char *name, int slot)
{
	place_apart(service, name, slot, true);
}

START_TEST(a_slot_keeps_away_from_the_others)
{
	add("web", "web_0", 0, "n1");
	add("web", "web_1", 1, "n3");
	look();
	place("web", "web_2", 2);
	ck_assert_str_eq(chosen, "n2");
	ck_assert_str_eq(avoided, "n1 n3");
}
END_TEST

/* Its predecessor is about to go. */
START_TEST(a_slots_own_is_in_nobodys_way)
{
	add("web", "web_0", 0, "n1");
	add("web", "web_1", 1, "n2");
	add("web", "web_2", 2, "n3");
	look();
	place("web", "web_1.next", 1);
	ck_assert_str_eq(chosen, "n2");
}
END_TEST

/* It has no such image, say: the others do, and are taken although they have more; in a minute it may have it. */
START_TEST(one_that_refused_comes_last)
{
	add("web", "web_0", 0, "n1");
	add("web", "web_1", 1, "n2");
	look();
	swarm_sites_refuse(&nodes, "n3", "web", lists.now_us);
	place("web", "web_2", 2);
	ck_assert_str_eq(chosen, "n1");
	place("api", "api_0", 0);
	ck_assert_str_eq(chosen, "n3");
	swarm_sites_refuse(&nodes, "n1", "web", lists.now_us);
	swarm_sites_refuse(&nodes, "n2", "web", lists.now_us);
	place("web", "web_2", 2);
	ck_assert_str_eq(chosen, "n3");
	lists.now_us += 59 * SECOND;
	swarm_sites_refuse(&nodes, "n3", "web", lists.now_us);
	lists.now_us += SECOND;
	look();
	place("web", "web_2", 2);
	ck_assert_str_eq(chosen, "n1");
	lists.now_us += 59 * SECOND;
	look();
	place("web", "web_2", 2);
	ck_assert_str_eq(chosen, "n3");
}
END_TEST

START_TEST(what_is_about_to_be_counts)
{
	struct swarm_plan plan = plan_of("web", "web_0", 0);

	place("web", "web_0", 0);
	ck_assert_str_eq(chosen, "n1");
	memcpy(plan.node, chosen, sizeof(plan.node));
	swarm_plans_add(&plans, &plan);
	place("web", "web_1", 1);
	ck_assert_str_eq(chosen, "n2");
	swarm_plans_made(&plans, "web_0", NULL, 0); /* it came to nothing */
	place("web", "web_1", 1);
	ck_assert_str_eq(chosen, "n1");
}
END_TEST

/* A plan holds until its container is seen on a node, wherever that is. */
START_TEST(what_is_seen_is_planned_no_more)
{
	struct swarm_plan plan = plan_of("web", "web_0", 0);

	snprintf(plan.node, sizeof(plan.node), "n1");
	swarm_plans_add(&plans, &plan);
	swarm_plans_made(&plans, "web_0", "s0", 5);
	swarm_plans_looked(&plans, view, 4);
	ck_assert_uint_eq(plans.count, 1);
	add("web", "web_0", 0, "");
	look();
	swarm_plans_looked(&plans, view, 5);
	ck_assert_uint_eq(plans.count, 1);
	place("web", "web_1", 1);
	ck_assert_str_eq(chosen, "n2"); /* not counted twice, nor not at all */
	snprintf(tasks[0].node, sizeof(tasks[0].node), "n2");
	look();
	swarm_plans_looked(&plans, view, 6);
	ck_assert_uint_eq(plans.count, 0);
	place("web", "web_1", 1);
	ck_assert_str_eq(chosen, "n1");
}
END_TEST

START_TEST(a_plan_that_no_look_shows_is_dropped)
{
	struct swarm_plan plan = plan_of("web", "web_0", 0);

	snprintf(plan.node, sizeof(plan.node), "n1");
	swarm_plans_add(&plans, &plan);
	swarm_plans_made(&plans, "web_0", "s0", 5);
	swarm_plans_looked(&plans, view, 5);
	ck_assert_uint_eq(plans.count, 0);
}
END_TEST

START_TEST(a_spare_goes_where_fewest_slots_are)
{
	add("web", "web_0", 0, "n1");
	add("web", "web_1", 1, "n2");
	add("other", "other_0", 0, "n3");
	add("other", "other_1", 1, "n3");
	look();
	place("web", "web_spare_0", -1);
	ck_assert_str_eq(chosen, "n3");
}
END_TEST

START_TEST(spares_keep_away_from_each_other)
{
	add("web", "web_0", 0, "n1");
	add("web", "web_spare_0", -1, "n2");
	look();
	place("web", "web_spare_1", -1);
	ck_assert_str_eq(chosen, "n3");
	place("web", "web_1", 1); /* a slot goes to a spare's node only if all others have slots */
	ck_assert_str_eq(chosen, "n3");
}
END_TEST

START_TEST(services_share_the_nodes_evenly)
{
	add("one", "one_0", 0, "n1");
	add("two", "two_0", 0, "n3");
	look();
	place("web", "web_0", 0);
	ck_assert_str_eq(chosen, "n2");
}
END_TEST

START_TEST(where_there_are_not_enough_they_share)
{
	add("web", "web_0", 0, "n1");
	add("web", "web_1", 1, "n2");
	add("web", "web_2", 2, "n3");
	look();
	place("web", "web_3", 3);
	ck_assert_str_ne(chosen, "");
	node_items[1].ready = node_items[2].ready = false;
	look();
	place("web", "web_4", 4);
	ck_assert_str_eq(chosen, "");
	ck_assert_str_eq(avoided, "");
	node_items[0].active = false;
	look();
	place("web", "web_4", 4);
	ck_assert_str_eq(avoided, "");
}
END_TEST

START_TEST(a_drained_node_is_none_to_choose)
{
	node_items[0].active = false;
	look();
	place("web", "web_0", 0);
	ck_assert_str_eq(chosen, "n2");
	ck_assert_str_eq(avoided, "n3");
}
END_TEST

START_TEST(what_need_not_be_apart_avoids_nothing)
{
	add("web", "web_0", 0, "n1");
	look();
	place_apart("web", "web_1", 1, false);
	ck_assert_str_eq(chosen, "");
	ck_assert_str_eq(avoided, "");
}
END_TEST

/* --- nodes that do not answer ---------------------------------------------------------------------------------- */

static bool is_avoided(const char *id)
{
	place_apart("web", "web_0", 0, false);
	return strcmp(avoided, id) == 0;
}

START_TEST(one_that_does_not_answer_is_avoided)
{
	ck_assert_ptr_nonnull(swarm_sites_lose(&nodes, "n2", SECOND));
	ck_assert_ptr_null(swarm_sites_lose(&nodes, "n2", SECOND)); /* no news */
	ck_assert_ptr_null(swarm_sites_lose(&nodes, "n9", SECOND));
	ck_assert_ptr_null(swarm_sites_lose(&nodes, "n1", SECOND)); /* our own */
	look();
	ck_assert(is_avoided("n2"));
	place("web", "web_0", 0);
	ck_assert_str_eq(avoided, "n2 n3");
}
END_TEST

static int backs;

static void on_back(const struct swarm_node *node, void *arg)
{
	(void)arg;
	ck_assert_str_eq(node->id, "n2");
	backs++;
}

static void look_at(int64_t now_us, bool ready)
{
	lists.now_us = now_us;
	node_items[1].ready = ready;
	swarm_sites_take(&nodes, &lists, on_back, NULL);
}

START_TEST(it_is_back_once_swarm_has_called_it_down_and_ready)
{
	(void)swarm_sites_lose(&nodes, "n2", SECOND);
	look_at(2 * SECOND, true);
	ck_assert(is_avoided("n2"));
	look_at(3 * SECOND, false);
	ck_assert(is_avoided("n2"));
	ck_assert_int_eq(backs, 0);
	look_at(4 * SECOND, true);
	ck_assert_int_eq(backs, 1);
	ck_assert(is_avoided(""));
}
END_TEST

START_TEST(it_is_back_where_swarm_finds_nothing_wrong_for_long)
{
	(void)swarm_sites_lose(&nodes, "n2", SECOND);
	look_at(30 * SECOND, true);
	ck_assert(is_avoided("n2"));
	look_at(31 * SECOND, true);
	ck_assert_int_eq(backs, 1);
	ck_assert(is_avoided(""));
}
END_TEST

UNIT_MAIN_WITH("swarm_spread", set_up, tear_down, a_slot_keeps_away_from_the_others, a_slots_own_is_in_nobodys_way,
               one_that_refused_comes_last, what_is_about_to_be_counts, what_is_seen_is_planned_no_more,
               a_plan_that_no_look_shows_is_dropped, a_spare_goes_where_fewest_slots_are,
               spares_keep_away_from_each_other, services_share_the_nodes_evenly, where_there_are_not_enough_they_share,
               a_drained_node_is_none_to_choose, what_need_not_be_apart_avoids_nothing,
               one_that_does_not_answer_is_avoided, it_is_back_once_swarm_has_called_it_down_and_ready,
               it_is_back_where_swarm_finds_nothing_wrong_for_long)
