/* access_log: whoever reads it may stop; the loop does not, and neither does the end of the process. */
#include "orchestrator/proxy/access_log.h"

#include "common/clock.h"
#include "orchestrator/base/backoff.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define MOVES 20000
#define LINES_A_MOVE 3

static char path[64];

static const struct access_line line = {.request_id = "0123456789abcdef",
                                        .client = "127.0.0.1",
                                        .method = {"GET", 3},
                                        .target = {"/some/where", 11},
                                        .code = 200,
                                        .slot = -1,
                                        .container = ""};

static void make_fifo(void)
{
	snprintf(path, sizeof(path), "/tmp/selfless-fifo-%d", (int)getpid());
	ck_assert_int_eq(mkfifo(path, 0600), 0);
}

START_TEST(a_reader_that_stopped)
{
	struct access_log *log;
	struct err err;

	make_fifo();
	int reader = open(path, O_RDONLY | O_NONBLOCK);
	ck_assert(access_log_open(path, &log, &err));
	int64_t began = clock_us(), longest = 0;
	for (int i = 0; i < 100000; i++) {
		int64_t before = clock_us();
		access_log_write(log, &line);
		int64_t took = clock_us() - before;
		longest = took > longest ? took : longest;
	}
	ck_assert_uint_gt(access_log_dropped(log), 0);
	ck_assert_int_lt(longest, 1000000);
	access_log_close(log);
	ck_assert_int_lt(clock_us() - began, 10000000);
	unlink(path);
	/* what the stuck thread holds would be called a leak: let it end */
	char bytes[65536];
	int64_t until = clock_us() + 2000000;
	while (clock_us() < until && (read(reader, bytes, sizeof(bytes)) > 0 || errno == EAGAIN))
		poll(NULL, 0, 1);
	close(reader);
}
END_TEST

START_TEST(a_fifo_that_nobody_reads)
{
	struct access_log *log;
	struct err err;

	make_fifo();
	ck_assert(!access_log_open(path, &log, &err));
	ck_assert_ptr_nonnull(strstr(err.message, path));
	unlink(path);
}
END_TEST

static uint64_t wait_dropped(const struct access_log *log, uint64_t more_than)
{
	int64_t until = clock_us() + 5000000;

	while (access_log_dropped(log) <= more_than && clock_us() < until)
		poll(NULL, 0, 1);
	ck_assert_uint_gt(access_log_dropped(log), more_than);
	return access_log_dropped(log);
}

static void write_lines(struct access_log *log, int count)
{
	for (int i = 0; i < count; i++)
		access_log_write(log, &line);
}

START_TEST(a_full_disk)
{
	struct access_log *log;
	struct err err;

	ck_assert(access_log_open("/dev/full", &log, &err));
	write_lines(log, 7);
	ck_assert_uint_eq(wait_dropped(log, 6), 7);
	write_lines(log, 3);
	ck_assert_uint_eq(wait_dropped(log, 9), 10);
	access_log_close(log);
}
END_TEST

/* Whole lines, but for those that no room was left in; they end, too. */
static unsigned whole_lines(const char *file, unsigned *broken)
{
	static char text[65536];
	unsigned whole = 0;
	FILE *from = fopen(file, "re");

	*broken = 0;
	while (from != NULL && fgets(text, sizeof(text), from) != NULL) {
		size_t len = strlen(text);
		bool good = text[0] == '{' && len > 2 && strcmp(text + len - 2, "}\n") == 0;
		whole += good;
		*broken += !good;
	}
	if (from != NULL)
		fclose(from);
	return whole;
}

START_TEST(a_disk_that_is_full_for_a_while)
{
	struct access_log *log;
	struct err err;
	struct rlimit limit, small = {.rlim_cur = 1000};
	unsigned broken;

	snprintf(path, sizeof(path), "/tmp/selfless-access-%d", (int)getpid());
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
	small.rlim_max = limit.rlim_max;
	ck_assert(access_log_open(path, &log, &err));
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
	write_lines(log, 20);
	uint64_t dropped = wait_dropped(log, 0);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	write_lines(log, 5);
	access_log_close(log);
	ck_assert_uint_eq(whole_lines(path, &broken), 20 - dropped + 5);
	ck_assert_uint_le(broken, 1);
	unlink(path);
}
END_TEST

START_TEST(a_folder_that_goes_and_comes)
{
	char folder[48];
	struct access_log *log;
	struct err err;
	unsigned broken;

	snprintf(folder, sizeof(folder), "/tmp/selfless-folder-%d", (int)getpid());
	snprintf(path, sizeof(path), "%s/log", folder);
	ck_assert_int_eq(mkdir(folder, 0700), 0);
	ck_assert(access_log_open(path, &log, &err));
	unlink(path);
	rmdir(folder);
	write_lines(log, 4);
	ck_assert_uint_eq(wait_dropped(log, 3), 4);
	for (uint64_t dropped = 4; dropped < 12; dropped++) { /* in batches of their own */
		write_lines(log, 1);
		ck_assert_uint_eq(wait_dropped(log, dropped), dropped + 1);
	}
	uint64_t tried = backoff_retries(RETRY_LOG);
	ck_assert_uint_ge(tried, 2);
	ck_assert_uint_le(tried, 5);
	ck_assert_int_eq(mkdir(folder, 0700), 0);
	nanosleep(&(struct timespec){.tv_sec = 1}, NULL);
	write_lines(log, 2);
	access_log_close(log);
	ck_assert_uint_eq(whole_lines(path, &broken), 2);
	ck_assert_uint_eq(broken, 0);
	unlink(path);
	rmdir(folder);
}
END_TEST

/* A reload may come at any moment of the writer's. */
START_TEST(what_is_moved_is_written_once)
{
	struct access_log *log;
	struct err err;
	char paths[2][64];
	unsigned broken, there = 0;

	for (int i = 0; i < 2; i++)
		snprintf(paths[i], sizeof(paths[i]), "/tmp/selfless-moved-%d-%d", (int)getpid(), i);
	ck_assert(access_log_open(paths[0], &log, &err));
	for (int move = 1; move <= MOVES; move++) {
		ck_assert(access_log_move(log, paths[move % 2], &err));
		write_lines(log, LINES_A_MOVE);
	}
	uint64_t dropped = access_log_dropped(log);
	access_log_close(log);
	for (int i = 0; i < 2; i++) {
		there += whole_lines(paths[i], &broken);
		ck_assert_uint_eq(broken, 0);
		unlink(paths[i]);
	}
	ck_assert_uint_eq(there + dropped, MOVES * LINES_A_MOVE);
}
END_TEST

UNIT_MAIN("access_log", a_reader_that_stopped, a_fifo_that_nobody_reads, a_full_disk, a_disk_that_is_full_for_a_while,
          a_folder_that_goes_and_comes, what_is_moved_is_written_once)
