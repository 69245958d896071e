/* revisions: which one slots are made from, what is stale, and what is gone back to. */
#include "tests/unit/orchestrator/fleet/service_bench.h"
#include "tests/unit/unit.h"

static struct service_bench bench;
static struct revisions *revisions = &bench.revisions;

static void make(void)
{
	service_bench_open(&bench);
}

static void clear(void)
{
	service_bench_close(&bench);
}

static const char *for_slots(void)
{
	return revisions_for_slots(revisions)->spec.image;
}

static void replace(const char *image, bool stuck)
{
	revisions_replace(revisions, service_bench_revision(&bench, image), stuck);
}

START_TEST(slots_keep_the_one_before_until_the_newest_is_proven)
{
	struct container *container = service_bench_container(&bench, 0, SPARE_NONE);

	ck_assert(!revisions_stale(revisions, container));
	replace("two", false);
	ck_assert_str_eq(for_slots(), "one");
	ck_assert(revisions_stale(revisions, container));
	ck_assert(revisions_fits_slot(revisions, container));
	revisions_prove(revisions);
	ck_assert_str_eq(for_slots(), "two");
	ck_assert(!revisions_fits_slot(revisions, container));
	revisions_trust(revisions);
	ck_assert_ptr_null(revisions->previous);
	ck_assert_str_eq(container->revision->spec.image, "one"); /* it holds its own */
}
END_TEST

START_TEST(going_back_makes_nothing_stale)
{
	struct container *container = service_bench_container(&bench, 0, SPARE_NONE);

	ck_assert(!revisions_go_back(revisions));
	replace("two", false);
	ck_assert(revisions_go_back(revisions));
	ck_assert_str_eq(for_slots(), "one");
	ck_assert(!revisions->unproven);
	ck_assert(!revisions_stale(revisions, container));
	ck_assert(!revisions_go_back(revisions));
}
END_TEST

/* However many follow it. */
START_TEST(the_last_that_worked_is_gone_back_to)
{
	replace("two", false);
	replace("three", false);
	ck_assert_str_eq(for_slots(), "one");
	ck_assert(revisions_go_back(revisions));
	ck_assert_str_eq(revisions->newest->spec.image, "one");
}
END_TEST

START_TEST(the_same_again_is_no_other)
{
	struct container *container = service_bench_container(&bench, 0, SPARE_NONE);

	replace("two", false);
	replace("one", false);
	ck_assert(!revisions->unproven);
	ck_assert_ptr_null(revisions->previous);
	ck_assert(!revisions_stale(revisions, container));
}
END_TEST

START_TEST(one_that_is_known_to_fail_is_not_gone_back_to)
{
	replace("two", true);
	ck_assert_ptr_null(revisions->previous);
	ck_assert_str_eq(for_slots(), "two");
	revisions_block(revisions);
	ck_assert(revisions_is_blocked(revisions));
	replace("three", false);
	ck_assert_ptr_null(revisions->previous);
	ck_assert(!revisions_is_blocked(revisions));
}
END_TEST

/* The same text may name another image now; what was made ahead of the one that works is kept. */
START_TEST(renewed_all_are_stale)
{
	struct container *container = service_bench_container(&bench, 0, SPARE_NONE);

	revisions_renew(revisions);
	ck_assert(revisions_stale(revisions, container));
	ck_assert(revisions_ahead_usable(revisions, container));
	ck_assert(!revisions_may_create_ahead(revisions));
	ck_assert_str_eq(for_slots(), "one");
	revisions_prove(revisions);
	ck_assert(!revisions_ahead_usable(revisions, container));
	ck_assert(revisions_may_create_ahead(revisions));
}
END_TEST

START_TEST(unwanted_or_unknown_it_is_stale)
{
	struct container *container = service_bench_container(&bench, 0, SPARE_NONE);

	container_set_unwanted(container);
	ck_assert(revisions_stale(revisions, container));
	container_keep(container);
	ck_assert(!revisions_stale(revisions, container));
	container->unknown = true;
	ck_assert(revisions_stale(revisions, container));
	ck_assert(!revisions_fits_slot(revisions, container));
}
END_TEST

UNIT_MAIN_WITH("revisions", make, clear, slots_keep_the_one_before_until_the_newest_is_proven,
               going_back_makes_nothing_stale, the_last_that_worked_is_gone_back_to, the_same_again_is_no_other,
               one_that_is_known_to_fail_is_not_gone_back_to, renewed_all_are_stale, unwanted_or_unknown_it_is_stale)
