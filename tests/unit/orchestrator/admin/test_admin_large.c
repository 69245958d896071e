/* admin: what it costs to show a service grows as its containers do, and no faster.
 *
 * Counted, not timed: the compiler has the sources that are listed beside this test call us for each branch that they take.
 */
#include "orchestrator/admin/digest.h"
#include "orchestrator/admin/view.h"
#include "tests/unit/orchestrator/fleet/supervisor_bench.h"

#include "common/buf.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define FEW 30
#define MANY (2 * FEW)

/* Twice the containers take twice the branches; a pair of nested loops would take four times. */
#define MOST 2.5

static uint64_t branches;
static struct backend *held[MANY];

void __sanitizer_cov_trace_pc(void); /* the compiler's name for it */

void __sanitizer_cov_trace_pc(void)
{
	branches++;
}

static const struct stats *stats_of(size_t index, void *arg)
{
	static const struct stats none;

	(void)index;
	(void)arg;
	return &none;
}

static int64_t no_lag(void *arg)
{
	(void)arg;
	return 0;
}

static unsigned no_connections(void *arg)
{
	(void)arg;
	return 0;
}

static uint64_t cost_of_view(unsigned containers)
{
	struct desk desk = {.settings = {.config = &bench.config,
	                                 .supervisors = supervisors,
	                                 .stats = stats_of,
	                                 .loop_lag_us = no_lag,
	                                 .connections = no_connections,
	                                 .lately = lately}};
	struct json_writer w;
	struct buf text;

	buf_init(&text, 4 << 20);
	json_writer_init(&w, &text);
	branches = 0;
	view_fleet(&w, &desk);
	ck_assert(json_writer_ok(&w));
	ck_assert_uint_gt(text.len, 100 * (size_t)containers);
	buf_clear(&text);
	ck_assert_uint_gt(branches, 100 * containers);
	return branches;
}

static uint64_t cost_of_digest(unsigned containers)
{
	branches = 0;
	(void)digest_service(supervisor);
	ck_assert_uint_gt(branches, 10 * containers);
	return branches;
}

static bool all_ready(void *arg)
{
	return ready_now() == *(unsigned *)arg;
}

static bool all_wait(void *arg)
{
	struct supervisor_slot view;
	unsigned waiting = 0;

	for (size_t i = 0; i < supervisor_slot_count(supervisor); i++) {
		supervisor_slot_at(supervisor, i, &view);
		waiting += view.waits_for[0] != '\0' && view.backend == NULL;
	}
	return waiting == *(unsigned *)arg;
}

static void begin_large(unsigned containers)
{
	bench.config.drain_ms = 60000;
	bench.service.scale.min = bench.service.scale.max = containers;
	bench.service.publish.count = 0;
	strings_add(&bench.service.publish, "127.0.0.1");
	bench.service.first_port = bench_free_ports((int)containers);
	bench_rehash(&bench);
	begin();
	ck_assert(bench_until(&bench, all_ready, &containers, 20000));
}

/* In each slot a container that drains, and one that waits for its end. */
static void begin_draining(unsigned containers)
{
	unsigned waiting = containers - 1;

	begin_large(containers);
	for (unsigned i = 0; i < containers; i++)
		held[i] = fleet_acquire(supervisor_fleet(supervisor), NULL);
	bench.service.scale.min = 1;
	supervisor_reload(supervisor, &bench.config, &bench.service);
	scale_to(1);
	ck_assert(bench_until(&bench, all_ready, &(unsigned){1}, 5000));
	scale_to((int)containers);
	ck_assert(bench_until(&bench, all_wait, &waiting, 5000));
}

static void let_go(unsigned containers)
{
	for (unsigned i = 0; i < containers; i++)
		fleet_release(held[i], FLEET_SERVED);
}

/* Each slot's port is looked up, for the roll that is due once there is the image. */
static void begin_roll(unsigned containers)
{
	begin_large(containers);
	bench.engine->delay_us[FAKE_PREPARE] = 60000000;
	bench.service.env = (struct strings){0};
	strings_add(&bench.service.env, "NEW=1");
	bench_rehash(&bench);
	supervisor_reload(supervisor, &bench.config, &bench.service);
}

static void check_linear(void (*begin_with)(unsigned containers), void (*end_with)(unsigned containers))
{
	static const unsigned sizes[] = {FEW, MANY};
	uint64_t view[2], digest[2];

	for (int i = 0; i < 2; i++) {
		setup();
		begin_with(sizes[i]);
		view[i] = cost_of_view(sizes[i]);
		digest[i] = cost_of_digest(sizes[i]);
		if (end_with != NULL)
			end_with(sizes[i]);
		teardown();
	}
	ck_assert_msg((double)view[1] < MOST * (double)view[0], "a view takes %llu, of twice as many %llu",
	              (unsigned long long)view[0], (unsigned long long)view[1]);
	ck_assert_msg((double)digest[1] < MOST * (double)digest[0], "a digest takes %llu, of twice as many %llu",
	              (unsigned long long)digest[0], (unsigned long long)digest[1]);
}

START_TEST(while_all_serve)
{
	check_linear(begin_large, NULL);
}
END_TEST

START_TEST(while_all_wait_for_the_one_before)
{
	check_linear(begin_draining, let_go);
}
END_TEST

START_TEST(while_a_roll_is_due)
{
	check_linear(begin_roll, NULL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("admin_large");
	TCase *tcase = tcase_create("cost");

	tcase_set_timeout(tcase, 100);
	tcase_add_test(tcase, while_all_serve);
	tcase_add_test(tcase, while_all_wait_for_the_one_before);
	tcase_add_test(tcase, while_a_roll_is_due);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
