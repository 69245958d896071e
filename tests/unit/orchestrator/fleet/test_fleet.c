/* Backend states and the choice among backends. */
#include "common/log.h"
#include "orchestrator/fleet/fleet.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct fleet *fleet;
static struct backend *made[4];
static int emptied;
static char told[128]; /* what the observer heard since that was set to "" */
static bool inside;

/* The first change of slot 0 causes the next change: the observer hears of that one after it has returned, in order. */
static void on_changed(struct backend *backend, enum backend_state from, enum reason reason, void *arg)
{
	size_t len = strlen(told);

	ck_assert_ptr_eq(arg, &fleet);
	ck_assert(!inside);
	inside = true;
	snprintf(told + len, sizeof(told) - len, "%d:%s>%s ", backend_slot(backend), backend_state_text(from),
	         reason_text(reason));
	if (backend == made[0] && from == BACKEND_STARTING && backend_state(made[1]) == BACKEND_READY)
		backend_set_state(made[1], BACKEND_SUSPECT, REASON_EXCHANGE_FAILED);
	inside = false;
}

static void on_empty(struct backend *backend, void *arg)
{
	ck_assert_ptr_eq(arg, &fleet);
	ck_assert_ptr_eq(backend, made[0]);
	emptied++;
}

static void setup(void)
{
	const struct address address = {.len = 0};

	log_set_level(LOG_ERROR);
	emptied = 0;
	told[0] = '\0';
	fleet = fleet_new("acts", &(struct fleet_observer){.changed = on_changed, .empty = on_empty, .arg = &fleet});
	for (int i = 3; i >= 0; i--) {
		made[i] = backend_new(fleet_group(fleet), i, "0123456789abcdef", &address);
		fleet_add(fleet, made[i]);
	}
}

static void teardown(void)
{
	for (int i = 0; i < 4; i++)
		backend_unref(made[i]);
	fleet_free(fleet);
}

static void make_ready(int n)
{
	for (int i = 0; i < n; i++)
		backend_set_state(made[i], BACKEND_READY, REASON_PROBE_GOOD);
}

static int picked_slot(void)
{
	struct backend *backend = fleet_acquire(fleet, NULL);
	int slot = backend == NULL ? -1 : backend_slot(backend);

	if (backend != NULL)
		fleet_release(backend, FLEET_SERVED);
	return slot;
}

START_TEST(nothing_to_pick)
{
	ck_assert_int_eq(picked_slot(), -1);
}
END_TEST

START_TEST(members_stand_by_slot)
{
	for (size_t i = 0; i < 4; i++)
		ck_assert_int_eq(backend_slot(fleet_at(fleet, i)), (int)i);
}
END_TEST

START_TEST(round_robin)
{
	static const int want[] = {0, 1, 2, 0, 1, 2, 0};

	make_ready(3);
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++)
		ck_assert_int_eq(picked_slot(), want[i]);
}
END_TEST

START_TEST(least_in_flight_first)
{
	struct backend *held[5];

	make_ready(2);
	for (int i = 0; i < 4; i++)
		held[i] = fleet_acquire(fleet, NULL);
	fleet_release(held[1], FLEET_SERVED); /* slot 1 has one fewer now */
	held[1] = fleet_acquire(fleet, NULL);
	ck_assert_int_eq(backend_slot(held[1]), 1);
	ck_assert_uint_eq(backend_in_flight(made[0]), 2);
	for (int i = 0; i < 4; i++)
		fleet_release(held[i], FLEET_SERVED);
	ck_assert_uint_eq(backend_requests(made[1]), 3);
}
END_TEST

START_TEST(only_ready_ones)
{
	make_ready(4);
	backend_set_state(made[0], BACKEND_SUSPECT, REASON_PROBE_TIMEOUT);
	backend_set_state(made[1], BACKEND_DRAINING, REASON_SCALE_DOWN);
	backend_set_state(made[2], BACKEND_DOWN, REASON_EXITED);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(picked_slot(), 3);
	ck_assert_uint_eq(fleet_count_state(fleet, BACKEND_READY), 1);
}
END_TEST

START_TEST(tried_ones_are_passed_over)
{
	struct fleet_tried tried = {.serials = {backend_serial(made[0]), backend_serial(made[2])}, .count = 2};
	struct backend *backend;

	make_ready(3);
	for (int i = 0; i < 3; i++) {
		backend = fleet_acquire(fleet, &tried);
		ck_assert_ptr_eq(backend, made[1]);
		fleet_release(backend, FLEET_FAILED);
	}
	tried.serials[tried.count++] = backend_serial(made[1]);
	ck_assert_ptr_null(fleet_acquire(fleet, &tried));
	ck_assert_uint_eq(fleet_outcomes(fleet, FLEET_FAILED), 3);
}
END_TEST

START_TEST(empty_is_told_when_it_leaves)
{
	struct backend *a, *b;

	make_ready(1);
	a = fleet_acquire(fleet, NULL);
	fleet_release(a, FLEET_SERVED);
	ck_assert_int_eq(emptied, 0);
	a = fleet_acquire(fleet, NULL);
	b = fleet_acquire(fleet, NULL);
	backend_set_state(made[0], BACKEND_DRAINING, REASON_SCALE_DOWN);
	fleet_release(a, FLEET_SERVED);
	ck_assert_int_eq(emptied, 0);
	fleet_release(b, FLEET_SERVED);
	ck_assert_int_eq(emptied, 1);
}
END_TEST

START_TEST(outlives_membership)
{
	struct backend *backend;

	make_ready(1);
	backend = fleet_acquire(fleet, NULL);
	fleet_remove(fleet, made[0]);
	ck_assert_int_eq(picked_slot(), -1);
	fleet_release(backend, FLEET_CANCELLED);
	fleet_add(fleet, made[0]);
}
END_TEST

START_TEST(down_is_final)
{
	backend_set_state(made[0], BACKEND_DOWN, REASON_EXITED);
	backend_set_state(made[0], BACKEND_READY, REASON_PROBE_GOOD);
}
END_TEST

START_TEST(observer_may_cause_changes)
{
	make_ready(2);
	backend_set_state(made[0], BACKEND_DOWN, REASON_EXITED);
	backend_unref(made[0]);
	fleet_remove(fleet, made[0]);
	made[0] = backend_new(fleet_group(fleet), 0, "fedc", &(struct address){.len = 0});
	fleet_add(fleet, made[0]);
	told[0] = '\0';
	backend_set_state(made[0], BACKEND_READY, REASON_PROBE_GOOD);
	ck_assert_int_eq(backend_state(made[1]), BACKEND_SUSPECT);
	ck_assert_str_eq(told, "0:starting>probe-good 1:ready>exchange-failed ");
}
END_TEST

START_TEST(incident_lasts_until_ready)
{
	make_ready(1);
	backend_open_incident(made[0]);
	ck_assert(incident_open(backend_incident(made[0])));
	backend_set_state(made[0], BACKEND_SUSPECT, REASON_EXCHANGE_FAILED);
	ck_assert(incident_open(backend_incident(made[0])));
	backend_set_state(made[0], BACKEND_READY, REASON_PROBE_GOOD);
	ck_assert(!incident_open(backend_incident(made[0])));
}
END_TEST

START_TEST(what_became_of_one)
{
	uint64_t killed = backend_serial(made[0]), ended = backend_serial(made[1]), well = backend_serial(made[2]);

	make_ready(4);
	ck_assert_int_eq(fleet_fate(fleet, killed), FLEET_FATE_WELL);
	backend_set_state(made[0], BACKEND_SUSPECT, REASON_EXCHANGE_FAILED);
	ck_assert_int_eq(fleet_fate(fleet, killed), FLEET_FATE_UNKNOWN);
	fleet_note_end(fleet, killed, true);
	fleet_note_end(fleet, killed, false); /* the first word counts */
	fleet_note_end(fleet, ended, false);
	ck_assert_int_eq(fleet_fate(fleet, killed), FLEET_FATE_KILLED);
	ck_assert_int_eq(fleet_fate(fleet, ended), FLEET_FATE_ENDED);
	ck_assert_int_eq(fleet_fate(fleet, well), FLEET_FATE_WELL);
	for (uint64_t serial = 1000; serial < 1064; serial++)
		fleet_note_end(fleet, serial, true);
	ck_assert_int_eq(fleet_fate(fleet, killed), FLEET_FATE_UNKNOWN); /* too long ago */
	ck_assert_int_eq(fleet_fate(fleet, 1063), FLEET_FATE_KILLED);
}
END_TEST

/* A backend of another fleet: its observer, its numbers, its service's name. */
START_TEST(fleets_have_nothing_in_common)
{
	struct fleet *other = fleet_new("users", NULL);
	struct backend *backend = backend_new(fleet_group(other), 0, "beef", &(struct address){.len = 0});

	fleet_add(other, backend);
	backend_set_state(backend, BACKEND_READY, REASON_PROBE_GOOD);
	ck_assert_str_eq(told, "");
	ck_assert_uint_eq(backend_serial(backend), 1);
	ck_assert_ptr_eq(backend_fleet(backend), other);
	ck_assert_str_eq(backend_service(backend), "users");
	fleet_rename(other, "people");
	ck_assert_str_eq(backend_service(backend), "people");
	fleet_release(fleet_acquire(other, NULL), FLEET_SERVED);
	ck_assert_uint_eq(fleet_outcomes(other, FLEET_SERVED), 1);
	ck_assert_uint_eq(fleet_outcomes(fleet, FLEET_SERVED), 0);
	backend_unref(backend);
	fleet_free(other);
}
END_TEST

START_TEST(incidents_of_a_service_have_names_of_their_own)
{
	char first[INCIDENT_ID_SIZE];

	make_ready(2);
	backend_open_incident(made[0]);
	backend_open_incident(made[1]);
	ck_assert_str_ne(incident_text(backend_incident(made[0])), incident_text(backend_incident(made[1])));
	snprintf(first, sizeof(first), "%s", incident_text(backend_incident(made[0])));
	backend_open_incident(made[0]); /* it goes on */
	ck_assert_str_eq(incident_text(backend_incident(made[0])), first);
	backend_join_incident(made[1], backend_incident(made[0]));
	ck_assert_str_eq(incident_text(backend_incident(made[1])), first);
}
END_TEST

/* Whatever we do ourselves is no trouble; and a probe's outcome is a probe's. */
START_TEST(reasons)
{
	for (int i = 0; i < REASON_COUNT; i++)
		ck_assert_str_ne(reason_text((enum reason)i), "");
	ck_assert_int_eq(reason_source(REASON_SCALE_DOWN), REASON_BY_US);
	ck_assert_int_eq(reason_source(REASON_UNCONFIGURED), REASON_BY_US);
	ck_assert_int_eq(reason_source(REASON_PROBE_RESET), REASON_BY_PROBE);
	ck_assert_int_eq(reason_source(REASON_EXITED), REASON_BY_OTHERS);
}
END_TEST

/* By hand, since one of the tests must end by an assertion. */
int main(void)
{
	const TTest *const tests[] = {nothing_to_pick,
	                              members_stand_by_slot,
	                              round_robin,
	                              least_in_flight_first,
	                              only_ready_ones,
	                              tried_ones_are_passed_over,
	                              empty_is_told_when_it_leaves,
	                              outlives_membership,
	                              observer_may_cause_changes,
	                              incident_lasts_until_ready,
	                              what_became_of_one,
	                              fleets_have_nothing_in_common,
	                              incidents_of_a_service_have_names_of_their_own,
	                              reasons};
	Suite *suite = suite_create("fleet");
	TCase *tcase = tcase_create("fleet");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tcase, setup, teardown);
	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		tcase_add_test(tcase, tests[i]);
	tcase_add_test_raise_signal(tcase, down_is_final, SIGABRT);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
