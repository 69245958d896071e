/* What the loss of a node would cost, by who is where. */
#include "orchestrator/fleet/node_loss.h"

#include "tests/unit/unit.h"

#include <string.h>

#define MANAGER .state = "ready", .ready = true, .manager = true, .reachable = true

static const struct engine_node three[] = {
        {.host = "one", .address = "10.0.0.1", MANAGER, .leader = true, .self = true},
        {.host = "two", .address = "10.0.0.2", MANAGER},
        {.host = "two", .address = "10.0.0.3", MANAGER}};
static struct nodes nodes;
static struct node_loss loss;

static void take(const struct engine_node *told, size_t count)
{
	nodes_take(&nodes, told, count);
	node_loss_begin(&loss);
	node_loss_managers(&loss, &nodes, true);
}

static const struct node *find(const char *address)
{
	struct address at;

	ck_assert(address_parse(address, &at));
	return nodes_find(&nodes, &at);
}

/* A service that has one on each of these. */
static void stand(const char *service, const char *const *addresses)
{
	struct node_loss_stand on = {.count = 0};

	for (; *addresses != NULL; addresses++)
		node_loss_stand_on(&on, find(*addresses));
	node_loss_service(&loss, service, &on);
}

#define ON(...) ((const char *const[]){__VA_ARGS__ __VA_OPT__(, ) NULL})

static void check(const char *text)
{
	node_loss_end(&loss);
	ck_assert_str_eq(loss.text, text);
	ck_assert(loss.covered == (strncmp(text, "the loss of any", 15) == 0));
}

START_TEST(nodes_are_found_by_the_addresses_of_their_containers)
{
	take(three, 3);
	ck_assert_str_eq(find("10.0.0.2:32768")->name, "two (10.0.0.2)");
	ck_assert_str_eq(find("10.0.0.3:1")->name, "two (10.0.0.3)");
	ck_assert_ptr_null(find("10.0.0.4:32768"));
	ck_assert_ptr_null(nodes_find(&nodes, &(struct address){.len = 0}));
	ck_assert_uint_eq(nodes.changes, 1);
}
END_TEST

START_TEST(each_service_on_two_of_three_is_covered)
{
	take(three, 3);
	stand("acts", ON("10.0.0.1:80", "10.0.0.2:80"));
	stand("users", ON("10.0.0.3:80", "10.0.0.3:81", "10.0.0.2:80"));
	check("the loss of any node is covered");
}
END_TEST

START_TEST(what_is_on_one_node_alone_is_not)
{
	take(three, 3);
	stand("acts", ON("10.0.0.2:80", "10.0.0.2:81"));
	stand("users", ON("10.0.0.3:80"));
	stand("web", ON("10.0.0.1:80", "10.0.0.3:80"));
	stand("none", ON());
	check("the loss of a node is not covered: acts has all its 2 ready containers on two (10.0.0.2); users has its only "
	      "ready container on two (10.0.0.3): `scale.min` 2, or a spare, covers it; none has no ready container");
}
END_TEST

/* Where it is is not known: it counts for nothing. */
START_TEST(what_is_nowhere_covers_nothing)
{
	take(three, 3);
	stand("acts", ON("10.0.0.2:80", "192.0.2.1:80"));
	check("the loss of a node is not covered: acts has its only ready container on two (10.0.0.2): `scale.min` 2, or a spare, "
	      "covers it");
}
END_TEST

START_TEST(fewer_than_three_managers_cover_none)
{
	static const struct engine_node worker = {.host = "w", .address = "10.0.0.9", .state = "ready", .ready = true};
	struct engine_node told[] = {three[0], worker, three[1]};

	take(told, 2);
	check("the loss of a node is not covered: with 1 manager nothing is replaced without it: `docker node promote` makes three");
	take(told, 3);
	check("the loss of a node is not covered: with 2 managers nothing is replaced without either of them: `docker node promote` makes "
	      "three");
}
END_TEST

START_TEST(managers_that_are_away_count)
{
	struct engine_node told[] = {three[0], three[1], three[2], three[0], three[1]};

	told[2].reachable = false;
	take(told, 3);
	check("the loss of a node is not covered: 2 of 3 managers are there, and without one more nothing is replaced");
	take(told, 5);
	check("the loss of any node is covered");
	told[4].reachable = false;
	take(told, 5);
	check("the loss of a node is not covered: 3 of 5 managers are there, and without one more nothing is replaced");
}
END_TEST

START_TEST(without_an_engine_nothing_is_replaced)
{
	nodes_take(&nodes, three, 3);
	node_loss_begin(&loss);
	node_loss_managers(&loss, &nodes, false);
	check("the loss of a node is not covered: nothing is replaced while the engine does not answer");
}
END_TEST

START_TEST(very_many_services_have_room)
{
	take(three, 3);
	for (int i = 0; i < 40; i++)
		stand("a_service_with_a_long_name", ON("10.0.0.2:80"));
	node_loss_end(&loss);
	ck_assert_msg(strstr(loss.text, "; and 3") != NULL, "%s", loss.text);
	ck_assert_str_eq(loss.text + strlen(loss.text) - strlen(" services more"), " services more");
	ck_assert(!loss.covered);
}
END_TEST

UNIT_MAIN("node_loss", nodes_are_found_by_the_addresses_of_their_containers, each_service_on_two_of_three_is_covered,
          what_is_on_one_node_alone_is_not, what_is_nowhere_covers_nothing, fewer_than_three_managers_cover_none,
          managers_that_are_away_count, without_an_engine_nothing_is_replaced, very_many_services_have_room)
