/* The supervisors on a fake engine: from which addresses our containers call, as long as they run and no longer. */
#include "tests/unit/orchestrator/fleet/supervisor_bench.h"

#include "orchestrator/base/address_set.h"

#include <string.h>

static bool is_known(const char *name)
{
	const struct fake_container *container = fake_by_name(bench.engine, name);

	ck_assert_ptr_nonnull(container);
	ck_assert_uint_eq(container->sources.count, 1);
	return address_set_has(supervisors_sources(supervisors), &container->sources.items[0]);
}

static size_t known(void)
{
	return address_set_count(supervisors_sources(supervisors));
}

/* The container made ahead does not run, and has none. */
START_TEST(of_those_that_run)
{
	begin();
	ck_assert_uint_eq(known(), 0);
	wait_settled();
	ck_assert(is_known("acts_0"));
	ck_assert_uint_eq(known(), fake_count(bench.engine, ENGINE_RUNNING));
	scale_to(3);
	wait_settled();
	ck_assert(is_known("acts_0") && is_known("acts_1") && is_known("acts_2"));
	ck_assert_uint_eq(known(), 3);
	scale_to(1);
	wait_settled();
	ck_assert_uint_eq(known(), 1);
}
END_TEST

/* Its address may be another's a moment later. */
START_TEST(not_of_the_dead)
{
	begin();
	wait_settled();
	struct in6_addr before = fake_by_name(bench.engine, "acts_0")->sources.items[0];
	fake_kill(bench.engine, fake_by_name(bench.engine, "acts_0"), 137);
	ck_assert(!address_set_has(supervisors_sources(supervisors), &before));
	ck_assert_uint_eq(known(), 0);
	wait_settled();
	ck_assert(is_known("acts_0"));
	ck_assert_uint_eq(known(), 1);
}
END_TEST

/* The next one has the dead one's address, and that one's end is told when it is in use. */
START_TEST(inherited)
{
	begin();
	wait_settled();
	bench.engine->source--;
	scale_to(2);
	wait_settled();
	ck_assert_uint_eq(known(), 1);
	fake_kill(bench.engine, fake_by_name(bench.engine, "acts_0"), 137);
	ck_assert(is_known("acts_1"));
	wait_settled();
	ck_assert_uint_eq(known(), 2);
}
END_TEST

/* From the list: a container that ran before we did. */
START_TEST(adopted)
{
	char dir[128];

	add_running("acts_0", 0, bench.hash, dir);
	begin();
	wait_ready(1);
	ck_assert(is_known("acts_0"));
	wait_settled();
	ck_assert_uint_eq(known(), 1);
}
END_TEST

START_TEST(old_news)
{
	static const struct engine_sources late = {.items = {{{{1}}}}, .count = 1};
	struct engine_event event = {.type = ENGINE_EVENT_SOURCES, .sources = &late};
	char id[ENGINE_ID_SIZE];

	begin();
	wait_settled();
	id_of("acts_0", id);
	event.id = id;
	fake_kill(bench.engine, fake_by_name(bench.engine, "acts_0"), 137);
	bench.engine->observer.on_event(&event, bench.engine->observer.arg);
	ck_assert(!address_set_has(supervisors_sources(supervisors), &late.items[0]));
	wait_settled();
	ck_assert_uint_eq(known(), 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("supervisor_sources");
	TCase *tcase = tcase_of(suite, "sources", 30);

	tcase_add_test(tcase, of_those_that_run);
	tcase_add_test(tcase, not_of_the_dead);
	tcase_add_test(tcase, inherited);
	tcase_add_test(tcase, adopted);
	tcase_add_test(tcase, old_news);
	return run_suite(suite);
}
