/* mem: memory or death. */
#include "common/mem.h"
#include "tests/unit/unit.h"

#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

START_TEST(test_copies)
{
	char *text = mem_dup("abc"), *part = mem_dup_n("abcdef", 3), *made = mem_format("%s-%d", "x", 5);

	ck_assert_str_eq(text, "abc");
	ck_assert_str_eq(part, "abc");
	ck_assert_str_eq(made, "x-5");
	ck_assert_ptr_null(mem_dup(NULL));
	free(text);
	free(part);
	free(made);
}
END_TEST

START_TEST(test_zeroed_grown_and_never_null)
{
	char *bytes = mem_zero(100);

	for (int i = 0; i < 100; i++)
		ck_assert_int_eq(bytes[i], 0);
	bytes = mem_grow(bytes, 1000);
	ck_assert_int_eq(bytes[99], 0);
	bytes = mem_array(bytes, 10, 1000);
	ck_assert_int_eq(bytes[99], 0);
	free(bytes);
	void *nothing = mem_alloc(0);
	ck_assert_ptr_nonnull(nothing);
	free(nothing);
}
END_TEST

START_TEST(test_overflow_ends_the_process)
{
	int out[2];
	char text[100] = "";

	ck_assert_int_eq(pipe(out), 0);
	pid_t pid = fork();
	if (pid == 0) {
		dup2(out[1], STDERR_FILENO);
		signal(SIGABRT, SIG_DFL);
		free(mem_array(NULL, SIZE_MAX / 2, 4));
		_exit(0);
	}
	close(out[1]);
	int status;
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	ck_assert_int_gt(read(out[0], text, sizeof(text) - 1), 0);
	ck_assert_ptr_nonnull(strstr(text, "out of memory"));
	close(out[0]);
}
END_TEST

UNIT_MAIN("mem", test_copies, test_zeroed_grown_and_never_null, test_overflow_ends_the_process)
