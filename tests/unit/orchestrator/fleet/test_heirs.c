/* Which service of a new configuration goes on as which one of the old. */
#include "orchestrator/fleet/heirs.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define MOST 3

/* Four words each: name, image, first port, route. */
struct row {
	const char *name, *image;
	int port;
	const char *route;
};

static struct config_service now[MOST], next[MOST];
static char *routes[2 * MOST];

static size_t fill(struct config_service *services, const struct row *rows, char **route)
{
	size_t count = 0;

	for (; count < MOST && rows[count].name != NULL; count++) {
		route[count] = (char *)(uintptr_t)rows[count].route;
		services[count] = (struct config_service){.name = (char *)(uintptr_t)rows[count].name,
		                                          .image = (char *)(uintptr_t)rows[count].image,
		                                          .first_port = rows[count].port,
		                                          .routes = {&route[count], 1}};
	}
	return count;
}

#define NEW HEIRS_NONE

static const struct {
	const char *what;
	struct row now[MOST], next[MOST];
	size_t heirs[MOST];
} cases[] = {
        {"nothing changed",
         {{"a", "x", 1, "/a"}, {"b", "y", 2, "/b"}},
         {{"b", "y", 2, "/b"}, {"a", "x", 1, "/a"}},
         {1, 0}},
        {"renamed", {{"a", "x", 1, "/a"}}, {{"b", "x", 1, "/a"}}, {0}},
        {"renamed, a slash more", {{"a", "x", 1, "/a"}}, {{"b", "x", 1, "/a/"}}, {0}},
        {"renamed, and all but the route", {{"a", "x", 1, "/a"}}, {{"b", "y", 2, "/a"}}, {0}},
        {"renamed, and the route", {{"a", "x", 1, "/a"}}, {{"b", "x", 1, "/b"}}, {0}},
        {"its route moved", {{"a", "x", 1, "/a"}}, {{"a", "x", 1, "/b"}}, {0}},
        {"another one", {{"a", "x", 1, "/a"}}, {{"b", "y", 1, "/b"}}, {NEW}},
        {"one more", {{"a", "x", 1, "/a"}}, {{"b", "x", 2, "/b"}, {"a", "x", 1, "/a"}}, {NEW, 0}},
        {"names changed",
         {{"a", "x", 1, "/a"}, {"b", "y", 2, "/b"}},
         {{"b", "x", 1, "/a"}, {"a", "y", 2, "/b"}},
         {0, 1}},
        {"routes changed",
         {{"a", "x", 1, "/a"}, {"b", "y", 2, "/b"}},
         {{"a", "x", 1, "/b"}, {"b", "y", 2, "/a"}},
         {0, 1}},
        {"ports changed",
         {{"a", "x", 1, "/a"}, {"b", "x", 2, "/b"}},
         {{"a", "x", 2, "/a"}, {"b", "x", 1, "/b"}},
         {0, 1}},
        {"renamed, and its old name is another's",
         {{"a", "x", 1, "/"}},
         {{"a", "y", 9, "/new"}, {"b", "x", 1, "/"}},
         {NEW, 0}},
        {"three names moved on",
         {{"a", "x", 1, "/a"}, {"b", "y", 2, "/b"}, {"c", "z", 3, "/c"}},
         {{"b", "x", 1, "/a"}, {"c", "y", 2, "/b"}, {"a", "z", 3, "/c"}},
         {0, 1, 2}},
};

START_TEST(who_goes_on_as_whom)
{
	const struct config_service *pointers[MOST] = {&now[0], &now[1], &now[2]};
	size_t count = fill(now, cases[_i].now, routes), next_count = fill(next, cases[_i].next, routes + MOST);
	struct config config = {.services = {.items = next, .count = next_count}};
	size_t heirs[MOST];

	heirs_find(pointers, count, &config, heirs);
	for (size_t i = 0; i < next_count; i++)
		ck_assert_msg(heirs[i] == cases[_i].heirs[i], "%s: %zu of %zu is %zu", cases[_i].what, i, next_count,
		              heirs[i]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("heirs");
	TCase *tcase = tcase_create("all");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tcase, who_goes_on_as_whom, 0, (int)(sizeof(cases) / sizeof(cases[0])));
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
