/* The set of backends that a request was tried on, and the ring of how backends ended. */
#include "orchestrator/fleet/fleet_ends.h"
#include "orchestrator/fleet/fleet_tried.h"

#include "tests/unit/unit.h"

START_TEST(a_serial_is_there_once)
{
	struct fleet_tried tried = {0};

	ck_assert(!fleet_tried_has(&tried, 7));
	fleet_tried_add(&tried, 7);
	fleet_tried_add(&tried, 7);
	ck_assert(fleet_tried_has(&tried, 7));
	ck_assert_uint_eq(tried.count, 1);
	fleet_tried_add(&tried, 8);
	fleet_tried_remove(&tried, 7);
	fleet_tried_remove(&tried, 9);
	ck_assert(!fleet_tried_has(&tried, 7));
	ck_assert(fleet_tried_has(&tried, 8));
	ck_assert_uint_eq(tried.count, 1);
}
END_TEST

START_TEST(a_full_set_takes_no_more)
{
	struct fleet_tried tried = {0};

	for (uint64_t serial = 1; serial <= FLEET_TRIES + 1; serial++)
		fleet_tried_add(&tried, serial);
	ck_assert_uint_eq(tried.count, FLEET_TRIES);
	ck_assert(!fleet_tried_has(&tried, FLEET_TRIES + 1));
}
END_TEST

START_TEST(the_first_word_about_an_end_counts)
{
	struct fleet_ends ends = {0};

	ck_assert_ptr_null(fleet_ends_find(&ends, 5));
	fleet_ends_note(&ends, 5, true);
	fleet_ends_note(&ends, 5, false);
	ck_assert(fleet_ends_find(&ends, 5)->killed);
}
END_TEST

START_TEST(the_oldest_end_is_forgotten)
{
	struct fleet_ends ends = {0};

	for (uint64_t serial = 1; serial <= FLEET_ENDS; serial++)
		fleet_ends_note(&ends, serial, serial % 2 == 0);
	ck_assert_ptr_nonnull(fleet_ends_find(&ends, 1));
	fleet_ends_note(&ends, FLEET_ENDS + 1, false);
	ck_assert_ptr_null(fleet_ends_find(&ends, 1));
	ck_assert(fleet_ends_find(&ends, 2)->killed);
}
END_TEST

UNIT_MAIN("fleet_tried", a_serial_is_there_once, a_full_set_takes_no_more, the_first_word_about_an_end_counts,
          the_oldest_end_is_forgotten)
