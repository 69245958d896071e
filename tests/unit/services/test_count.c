/* The counter that processes share. */
#include "services/count.h"

#include "tests/unit/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char path[64];

static struct count *open_count(void)
{
	struct count *count = NULL;
	struct err err;

	snprintf(path, sizeof(path), "/tmp/test_count.%ld", (long)getppid());
	ck_assert_msg(count_open(path, &count, &err), "%s", err.message);
	return count;
}

START_TEST(counts_and_keeps)
{
	struct count *count = open_count();

	count_reset(count);
	count_add(count);
	count_add(count);
	ck_assert_uint_eq(count_read(count), 2);
	count_close(count);
	count = open_count();
	ck_assert_uint_eq(count_read(count), 2);
	count_reset(count);
	ck_assert_uint_eq(count_read(count), 0);
	count_close(count);
	unlink(path);
}
END_TEST

START_TEST(is_exact_over_processes)
{
	struct count *count = open_count();

	count_reset(count);
	for (int i = 0; i < 4; i++) {
		if (fork() == 0) {
			struct count *own = NULL;
			struct err err;
			if (!count_open(path, &own, &err))
				_exit(1);
			for (int n = 0; n < 100000; n++)
				count_add(own);
			_exit(0);
		}
	}
	for (int i = 0, status = 1; i < 4; i++) {
		wait(&status);
		ck_assert_int_eq(status, 0);
	}
	ck_assert_uint_eq(count_read(count), 400000);
	count_close(count);
	unlink(path);
}
END_TEST

START_TEST(what_cannot_be)
{
	struct count *count = NULL;
	struct err err = {.code = 0};

	ck_assert(!count_open("/nonexistent/x", &count, &err));
	ck_assert_ptr_nonnull(strstr(err.message, "/nonexistent/x"));
	ck_assert(!count_open("/tmp", &count, &err));
	count_close(NULL);
}
END_TEST

UNIT_MAIN("count", counts_and_keeps, is_exact_over_processes, what_cannot_be)
