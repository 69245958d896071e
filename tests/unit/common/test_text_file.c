/* text_file: what is read, what is refused, and that nothing is waited for long. */
#include "common/text_file.h"

#include "common/clock.h"
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char path[64];

static void make(const char *data, size_t len)
{
	snprintf(path, sizeof(path), "/tmp/selfless-text-%d", (int)getpid());
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	ck_assert(write(fd, data, len) == (ssize_t)len);
	close(fd);
}

/* What read gives, or the error behind the path. */
static const char *result_of(size_t max)
{
	static char result[600];
	struct buf text;
	struct err err;

	buf_init(&text, max);
	bool ok = text_file_read(path, &text, &err);
	if (!ok)
		ck_assert(strncmp(err.message, path, strlen(path)) == 0);
	snprintf(result, sizeof(result), "%s", ok ? buf_text(&text) : err.message + strlen(path));
	buf_clear(&text);
	return result;
}

START_TEST(test_texts)
{
	make("abc\n", 4);
	ck_assert_str_eq(result_of(100), "abc\n");
	ck_assert_str_eq(result_of(3), ": larger than 3 bytes");
	make("\xef\xbb\xbf{}", 5);
	ck_assert_str_eq(result_of(100), "{}");
	make("\xef\xbb", 2);
	ck_assert_str_eq(result_of(100), "\xef\xbb");
	make("\xff\xfe{\0}\0", 6);
	ck_assert_str_eq(result_of(100), ": is UTF-16; save it as UTF-8");
	make("\xfe\xff\0{", 4);
	ck_assert_str_eq(result_of(100), ": is UTF-16; save it as UTF-8");
	make("", 0);
	ck_assert_str_eq(result_of(100), "");
	unlink(path);
	ck_assert_str_eq(result_of(100), ": cannot be opened: No such file or directory");
}
END_TEST

START_TEST(test_what_is_no_file)
{
	snprintf(path, sizeof(path), "/tmp");
	ck_assert_str_eq(result_of(100), " is a folder; name a file in it");
	snprintf(path, sizeof(path), "/dev/zero");
	ck_assert_str_eq(result_of(100), ": larger than 100 bytes");
	snprintf(path, sizeof(path), "/dev/null");
	ck_assert_str_eq(result_of(100), "");
	snprintf(path, sizeof(path), "/proc/self/mem");
	ck_assert_str_eq(result_of(100), ": cannot be read: Input/output error");
}
END_TEST

START_TEST(test_pipes)
{
	int64_t began = clock_us();

	snprintf(path, sizeof(path), "/tmp/selfless-text-fifo-%d", (int)getpid());
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert_str_eq(result_of(100), "");
	int silent = open(path, O_RDWR);
	ck_assert_str_eq(result_of(100), ": nothing more comes, and no end");
	close(silent);
	ck_assert_int_lt(clock_us() - began, 5000000);
	unlink(path);
}
END_TEST

UNIT_MAIN("text_file", test_texts, test_what_is_no_file, test_pipes)
