/* access_log: whoever reads it may stop; the loop does not, and neither does the end of the process. */
#include "orchestrator/proxy/access_log.h"

#include "common/clock.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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
	snprintf(path, sizeof path, "/tmp/selfless-fifo-%d", (int)getpid());
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
	while (clock_us() < until && (read(reader, bytes, sizeof bytes) > 0 || errno == EAGAIN))
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

UNIT_MAIN("access_log", a_reader_that_stopped, a_fifo_that_nobody_reads)
