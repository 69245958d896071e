/* berth: names and ports of each kind, what each kind makes of a refusal, and whose back-offs end when. */
#include "tests/unit/orchestrator/fleet/service_bench.h"
#include "tests/unit/unit.h"

#include "common/clock.h"

#include <stdio.h>
#include <string.h>

static struct service_bench bench;
static struct berth berths[BERTH_KINDS];

static void make(void)
{
	service_bench_open(&bench);
	for (int kind = 0; kind < BERTH_KINDS; kind++) {
		berths[kind] = (struct berth){0};
		berth_init(&berths[kind], &bench.berths, (enum berth_kind)kind, kind == BERTH_ROLL ? -1 : 1,
		           &bench.containers);
	}
}

static void clear(void)
{
	service_bench_close(&bench);
}

static struct container *put(enum berth_kind kind)
{
	bool slot = kind == BERTH_SLOT || kind == BERTH_AHEAD;
	struct container *container =
	        service_bench_container(&bench, slot ? 1 : SLOT_NONE, kind == BERTH_SPARE ? 1 : SPARE_NONE);

	berth_put(&berths[kind], container);
	return container;
}

START_TEST(names_and_ports)
{
	static const struct {
		const char *name;
		int port;
	} places[BERTH_KINDS] = {{"acts_1", 8001}, {"acts_1.next", 8001}, {"acts_spare_1", 8005}, {"acts_roll", 8010}};
	char name[ENGINE_NAME_SIZE];

	for (int kind = 0; kind < BERTH_KINDS; kind++) {
		berth_name(&berths[kind], bench.revisions.newest, name);
		ck_assert_str_eq(name, places[kind].name);
		ck_assert_int_eq(berth_port(&berths[kind], bench.revisions.newest), places[kind].port);
	}
}
END_TEST

/* What becomes of the container, and whether the berth backs off. */
static const struct {
	enum berth_kind kind;
	enum container_verb verb;
	enum engine_fault fault;
	bool stays, backs_off;
} refusals[] = {
        {BERTH_SLOT, CONTAINER_START, ENGINE_REFUSED, false, true},
        {BERTH_SLOT, CONTAINER_START, ENGINE_PORT_TAKEN, true, true},
        {BERTH_SLOT, CONTAINER_START, ENGINE_TIMEOUT, true, true},
        {BERTH_SLOT, CONTAINER_LOCATE, ENGINE_TIMEOUT, true, true},
        {BERTH_SLOT, CONTAINER_LOCATE, ENGINE_OK, false, true},
        {BERTH_SPARE, CONTAINER_START, ENGINE_PORT_TAKEN, false, true},
        {BERTH_SPARE, CONTAINER_START, ENGINE_TIMEOUT, false, true},
        {BERTH_SPARE, CONTAINER_LOCATE, ENGINE_TIMEOUT, true, true},
        {BERTH_SPARE, CONTAINER_LOCATE, ENGINE_REFUSED, false, true},
        {BERTH_ROLL, CONTAINER_START, ENGINE_TIMEOUT, false, false},
        {BERTH_ROLL, CONTAINER_LOCATE, ENGINE_TIMEOUT, false, false},
        {BERTH_ROLL, CONTAINER_START, ENGINE_PORT_LOST, false, false},
};

START_TEST(refused)
{
	struct berth *berth = &berths[refusals[_i].kind];
	struct container *container = put(refusals[_i].kind);
	struct failure failure;

	container_fail(container, refusals[_i].verb,
	               &(struct engine_result){.fault = refusals[_i].fault, .message = "no"}, REASON_START_FAILED);
	ck_assert(berth_look(berth, &failure));
	ck_assert(berth_refused(berth, &failure));
	ck_assert(container->leaving != refusals[_i].stays);
	ck_assert((berth_container(berth) == container) == refusals[_i].stays);
	ck_assert(backoff_due(&berth->retry) != refusals[_i].backs_off);
	ck_assert_str_eq(berth->message, "no");
	ck_assert(!berth_look(berth, &failure)); /* once */
}
END_TEST

/* Another one is made at once: nothing failed. */
START_TEST(one_that_is_remade_leaves_without_a_word)
{
	struct container *container = put(BERTH_SPARE);
	struct failure failure;

	container_set_port(container, 8005);
	container_fail(container, CONTAINER_START,
	               &(struct engine_result){.fault = ENGINE_PORT_LOST, .message = "no", .remake = true},
	               REASON_START_FAILED);
	ck_assert(berth_look(&berths[BERTH_SPARE], &failure));
	ck_assert(!berth_refused(&berths[BERTH_SPARE], &failure));
	ck_assert(container->leaving);
	ck_assert_int_eq(service_bench_forgone, 8005);
	ck_assert(backoff_due(&berths[BERTH_SPARE].retry));
	ck_assert_str_eq(berths[BERTH_SPARE].message, "");
}
END_TEST

START_TEST(one_that_leaves_is_in_no_berth)
{
	struct container *container = put(BERTH_SLOT);
	struct failure failure;

	container_fail(container, CONTAINER_START, &(struct engine_result){.fault = ENGINE_REFUSED, .message = ""},
	               REASON_START_FAILED);
	container_leave(container, REASON_OPERATOR, LEAVE_AT_ONCE);
	ck_assert_ptr_null(berth_container(&berths[BERTH_SLOT]));
	ck_assert(!berth_look(&berths[BERTH_SLOT], &failure)); /* what failed before is nobody's concern */
	ck_assert_ptr_null(berths[BERTH_SLOT].container);
	ck_assert(berth_had(&berths[BERTH_SLOT], container));
	ck_assert(berth_had(&berths[BERTH_AHEAD], container));
	ck_assert(!berth_had(&berths[BERTH_SPARE], container));
	ck_assert(!berth_had(&berths[BERTH_ROLL], container));
}
END_TEST

/* Removed by somebody while nothing of it ran: it leaves, and that is no fault. */
START_TEST(one_that_is_gone_before_it_ran_leaves)
{
	struct container *container = put(BERTH_SLOT);
	struct failure failure;

	container->gone = true;
	ck_assert(!berth_look(&berths[BERTH_SLOT], &failure));
	ck_assert(container->leaving);
	ck_assert_int_eq(container->reason, REASON_VANISHED);
	ck_assert_int_eq(berths[BERTH_SLOT].reason, REASON_NONE);
}
END_TEST

START_TEST(lost_and_why)
{
	struct container *container = put(BERTH_SLOT);

	ck_assert(!berth_lost(&berths[BERTH_SLOT]));
	container_died(container, REASON_EXITED);
	container->exit_code = 3;
	ck_assert(berth_lost(&berths[BERTH_SLOT]));
	ck_assert_int_eq(berth_fault(&berths[BERTH_SLOT]), REASON_EXITED);
	ck_assert_str_eq(berths[BERTH_SLOT].message, "it exited with code 3");
	container->oom = true;
	ck_assert_int_eq(berth_fault(&berths[BERTH_SLOT]), REASON_OOM_KILLED);
	container->gone = true;
	ck_assert_int_eq(berth_fault(&berths[BERTH_SLOT]), REASON_VANISHED);
}
END_TEST

static void serve_at(struct container *container, struct fleet *fleet, const char *text)
{
	struct address address;

	ck_assert(address_parse(text, &address));
	container->backend = backend_new(fleet_group(fleet), container->slot, container->id, &address);
}

static void drop_backend(struct container *container)
{
	backend_unref(container->backend);
	container->backend = NULL;
}

/* At 1 s the trouble begins, and a container of this address was found well at well_us. */
static const char *host_told(bool silent, const char *other, int64_t well_us)
{
	struct fleet *fleet = fleet_new("acts", NULL);
	struct container *container = put(BERTH_SLOT), *beside = service_bench_container(&bench, 2, SPARE_NONE);
	static char lost[ENGINE_ID_SIZE];

	serve_at(container, fleet, "127.0.0.1:1");
	serve_at(beside, fleet, other);
	clock_fake(1000000);
	backend_open_incident(container->backend);
	clock_fake(well_us);
	backend_note_probe(beside->backend, 1, true);
	clock_fake(3000000);
	backend_set_unreachable(container->backend, silent);
	backend_set_state(container->backend, BACKEND_DOWN, REASON_PROBE_TIMEOUT);
	service_bench_lost[0] = '\0';
	ck_assert_int_eq(berth_fault(&berths[BERTH_SLOT]), REASON_PROBE_TIMEOUT);
	snprintf(lost, sizeof(lost), "%s",
	         strcmp(service_bench_lost, container->id) == 0 ? "lost" : service_bench_lost);
	drop_backend(container);
	drop_backend(beside);
	(void)berth_take(&berths[BERTH_SLOT]);
	fleet_free(fleet);
	return lost;
}

/* The engine is told where the host does not answer, and not where the container alone does not. */
START_TEST(a_host_that_is_silent_is_told)
{
	ck_assert_str_eq(host_told(true, "127.0.0.1:2", 500000), "lost");
	ck_assert_str_eq(host_told(false, "127.0.0.1:2", 500000), ""); /* it has accepted */
	ck_assert_str_eq(host_told(true, "127.0.0.1:2", 2000000), ""); /* another one answers there */
	ck_assert_str_eq(host_told(true, "127.0.0.9:2", 2000000), "lost");
}
END_TEST

static void fail_all(enum reason reason)
{
	for (int kind = 0; kind < BERTH_KINDS; kind++) {
		berth_say(&berths[kind], reason, "");
		(void)backoff_fail(&berths[kind].retry, RETRY_SLOT);
	}
}

static unsigned due(void)
{
	unsigned n = 0;

	for (int kind = 0; kind < BERTH_KINDS; kind++)
		n += backoff_due(&berths[kind].retry) ? 1U << kind : 0;
	return n;
}

START_TEST(what_failed_for_want_of_the_engine_is_tried_when_it_is_back)
{
	fail_all(REASON_START_FAILED);
	berths_engine_back(&bench.berths);
	ck_assert_uint_eq(due(), 1U << BERTH_AHEAD);
	fail_all(REASON_ENGINE_DOWN);
	berths_engine_back(&bench.berths);
	ck_assert_uint_eq(due(), ((1U << BERTH_KINDS) - 1) & ~(1U << BERTH_ROLL));
	ck_assert_uint_eq(berths[BERTH_SLOT].retry.level, 0);
}
END_TEST

START_TEST(a_free_port_is_tried_by_whom_it_was_refused)
{
	(void)put(BERTH_SLOT);
	(void)berth_take(&berths[BERTH_SLOT]);
	(void)put(BERTH_SPARE);
	berths[BERTH_SLOT].port = 8001;
	berths[BERTH_SPARE].port = 8005;
	fail_all(REASON_PORT_TAKEN);
	berths_port_free(&bench.berths, 8005);
	ck_assert_uint_eq(due(), 1U << BERTH_SPARE);
	ck_assert_uint_eq(berths[BERTH_SPARE].retry.level, 1); /* the next failure waits longer */
	fail_all(REASON_START_FAILED);
	berths_port_free(&bench.berths, 8001);
	ck_assert_uint_eq(due(), 0);
}
END_TEST

START_TEST(a_free_name_is_tried_by_whom_it_was_refused)
{
	struct container *unwanted = service_bench_container(&bench, 1, SPARE_NONE);

	fail_all(REASON_NAME_TAKEN);
	berths_names_free(&bench.berths);
	ck_assert_uint_eq(due(), 0);
	container_leave(unwanted, REASON_REPLACED, LEAVE_AT_ONCE);
	berths_names_free(&bench.berths);
	ck_assert_uint_eq(due(), 1U << BERTH_SLOT | 1U << BERTH_AHEAD);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("berth");
	TCase *tcase = tcase_create("all");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tcase, make, clear);
	tcase_add_test(tcase, names_and_ports);
	tcase_add_loop_test(tcase, refused, 0, (int)(sizeof(refusals) / sizeof(refusals[0])));
	tcase_add_test(tcase, one_that_is_remade_leaves_without_a_word);
	tcase_add_test(tcase, one_that_leaves_is_in_no_berth);
	tcase_add_test(tcase, one_that_is_gone_before_it_ran_leaves);
	tcase_add_test(tcase, lost_and_why);
	tcase_add_test(tcase, a_host_that_is_silent_is_told);
	tcase_add_test(tcase, what_failed_for_want_of_the_engine_is_tried_when_it_is_back);
	tcase_add_test(tcase, a_free_port_is_tried_by_whom_it_was_refused);
	tcase_add_test(tcase, a_free_name_is_tried_by_whom_it_was_refused);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
