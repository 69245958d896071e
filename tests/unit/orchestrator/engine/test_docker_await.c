/* docker_await: the file is made where it is missing; what failed is tried again after a while, and well again when it worked. */
#include "orchestrator/engine/docker/docker_await.h"

#include "common/clock.h"
#include "common/log.h"
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIRST_WAIT_US 500000

static char folder[] = "/tmp/selfless-await-XXXXXX";
static char state_dir[sizeof(folder) + 16], file[sizeof(state_dir) + 16];
static struct docker_await *await;

static void set_up(void)
{
	log_set_level(LOG_ERROR);
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(state_dir, sizeof(state_dir), "%s/state", folder);
	snprintf(file, sizeof(file), "%s/selfless-await", state_dir);
	await = docker_await_new(state_dir);
}

static void tear_down(void)
{
	docker_await_free(await);
	clock_fake(-1);
	unlink(file);
	rmdir(state_dir);
	ck_assert_int_eq(rmdir(folder), 0);
}

/* Something is in the way of its folder. */
static void block(void)
{
	int fd = open(state_dir, O_CREAT | O_WRONLY, 0600);

	ck_assert_int_ne(fd, -1);
	close(fd);
}

START_TEST(it_is_made_and_made_again)
{
	struct stat status;

	for (int i = 0; i < 2; i++) {
		ck_assert_str_eq(docker_await_file(await), file);
		ck_assert_int_eq(stat(file, &status), 0);
		ck_assert_int_eq(status.st_mode & 0777, 0755);
		ck_assert_int_eq(unlink(file), 0);
	}
}
END_TEST

START_TEST(what_failed_is_tried_again)
{
	block();
	ck_assert_ptr_null(docker_await_file(await));
	ck_assert_int_eq(unlink(state_dir), 0);
	ck_assert_ptr_null(docker_await_file(await)); /* not at once */
	clock_fake(clock_us() + FIRST_WAIT_US);
	ck_assert_str_eq(docker_await_file(await), file);
}
END_TEST

START_TEST(a_file_that_docker_cannot_mount_is_left_alone_for_a_while)
{
	char message[200];

	ck_assert(!docker_await_refused(await, "no such image")); /* it was not even made */
	ck_assert_ptr_nonnull(docker_await_file(await));
	ck_assert(!docker_await_refused(await, "no such image"));
	snprintf(message, sizeof(message), "invalid mount config: bind source path does not exist: %s", file);
	ck_assert(docker_await_refused(await, message));
	ck_assert_ptr_null(docker_await_file(await));
	docker_await_worked(await); /* another container was started with it */
	ck_assert_ptr_nonnull(docker_await_file(await));
}
END_TEST

UNIT_MAIN_WITH("docker_await", set_up, tear_down, it_is_made_and_made_again, what_failed_is_tried_again,
               a_file_that_docker_cannot_mount_is_left_alone_for_a_while)
