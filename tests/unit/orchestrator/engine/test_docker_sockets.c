/* docker_sockets: a socket directory lives as long as its container, however its end is learnt, and a create in doubt keeps it
 * until a list decides. */
#include "orchestrator/engine/docker/docker_sockets.h"
#include "orchestrator/engine/docker/lost_ports.h"

#include "common/clock.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[] = "/tmp/selfless-sockets-XXXXXX";
static struct docker_sockets *sockets;
static char dir[SOCKET_DIR_SIZE];
static struct engine_container listed[2];

static void make(char to[SOCKET_DIR_SIZE])
{
	struct err err;

	ck_assert_msg(docker_sockets_make(sockets, "acts", 0, to, &err), "%s", err.message);
}

static void set_up(void)
{
	ck_assert_ptr_nonnull(mkdtemp(root));
	sockets = docker_sockets_new(root);
	make(dir);
	memset(listed, 0, sizeof(listed));
	snprintf(listed[0].id, sizeof(listed[0].id), "c0ffee");
	ck_assert(socket_dir_address(dir, &listed[0].address));
	snprintf(listed[1].id, sizeof(listed[1].id), "7ea"); /* it has none */
}

static void tear_down(void)
{
	docker_sockets_free(sockets);
	socket_dir_remove(dir);
	ck_assert_int_eq(rmdir(root), 0);
}

/* A list that was asked for now. */
static void list(size_t count)
{
	docker_sockets_listed(sockets, listed, count, clock_us() + 1);
}

static bool is_there(void)
{
	return access(dir, F_OK) == 0;
}

START_TEST(until_it_is_gone)
{
	struct address address;

	ck_assert(!docker_sockets_address(sockets, "c0ffee", &address));
	docker_sockets_made(sockets, dir, "c0ffee");
	ck_assert(docker_sockets_address(sockets, "c0ffee", &address));
	ck_assert_int_eq(memcmp(&address, &listed[0].address, sizeof(address)), 0);
	docker_sockets_gone(sockets, "7ea");
	ck_assert(is_there());
	docker_sockets_gone(sockets, "c0ffee");
	ck_assert(!is_there());
	docker_sockets_gone(sockets, "c0ffee"); /* told twice */
}
END_TEST

START_TEST(until_a_list_has_it_not)
{
	int64_t before_us = clock_us() - 1;

	docker_sockets_made(sockets, dir, "c0ffee");
	docker_sockets_listed(sockets, NULL, 0, before_us); /* it was asked for before the container was made */
	ck_assert(is_there());
	list(1);
	ck_assert(is_there());
	list(0);
	ck_assert(!is_there());
}
END_TEST

START_TEST(not_while_it_is_being_made)
{
	list(0);
	ck_assert(is_there());
	docker_sockets_failed(sockets, dir, false);
	ck_assert(!is_there());
}
END_TEST

START_TEST(in_doubt_a_list_decides)
{
	int64_t before_us = clock_us() - 1;
	struct address address;

	docker_sockets_failed(sockets, dir, true);
	docker_sockets_listed(sockets, NULL, 0, before_us);
	ck_assert(is_there());
	list(_i == 0 ? 0 : 2);
	ck_assert_int_eq(is_there(), _i == 1);
	ck_assert_int_eq(docker_sockets_address(sockets, "c0ffee", &address), _i == 1);
}
END_TEST

START_TEST(what_earlier_engines_left_is_swept_once)
{
	char left[SOCKET_DIR_SIZE];
	struct err err;

	docker_sockets_made(sockets, dir, "c0ffee");
	ck_assert(socket_dir_make(root, "acts", 1, left, &err));
	docker_sockets_sweep(sockets); /* nobody knows yet whose it is */
	ck_assert(socket_dir_usable(left));
	list(1);
	docker_sockets_sweep(sockets);
	ck_assert(!socket_dir_usable(left));
	ck_assert(is_there());
	ck_assert(socket_dir_make(root, "acts", 1, left, &err));
	docker_sockets_sweep(sockets);
	ck_assert(socket_dir_usable(left));
	socket_dir_remove(left);
}
END_TEST

/* By another engine, before this one was made. */
START_TEST(found_in_a_list)
{
	docker_sockets_free(sockets);
	sockets = docker_sockets_new(root);
	list(2);
	docker_sockets_gone(sockets, "c0ffee");
	ck_assert(!is_there());
}
END_TEST

START_TEST(lost_ports_are_few)
{
	struct lost_ports lost = {.count = 0};

	ck_assert(!lost_ports_has(&lost, 8000));
	for (int i = 0; i < LOST_PORTS_MOST; i++)
		ck_assert(lost_ports_add(&lost, 8000 + i));
	ck_assert(lost_ports_add(&lost, 8000)); /* it is there */
	ck_assert(!lost_ports_add(&lost, 7999));
	ck_assert(lost_ports_has(&lost, 8000 + LOST_PORTS_MOST - 1));
	ck_assert(!lost_ports_has(&lost, 7999));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("docker_sockets");
	TCase *tcase = tcase_create("docker_sockets");
	SRunner *runner = srunner_create(suite);

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, until_it_is_gone);
	tcase_add_test(tcase, until_a_list_has_it_not);
	tcase_add_test(tcase, not_while_it_is_being_made);
	tcase_add_loop_test(tcase, in_doubt_a_list_decides, 0, 2);
	tcase_add_test(tcase, what_earlier_engines_left_is_swept_once);
	tcase_add_test(tcase, found_in_a_list);
	tcase_add_test(tcase, lost_ports_are_few);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
