/* log: one line an event, whatever is put into it. */
#include "common/log.h"
#include "tests/unit/unit.h"

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char text[8192];

/* Runs `say` with stderr going into text; as_journal: with JOURNAL_STREAM naming it. */
static void capture(void (*say)(void), bool as_journal)
{
	FILE *file = tmpfile();
	int old = dup(STDERR_FILENO);
	char named[64];
	struct stat st;

	ck_assert_ptr_nonnull(file);
	dup2(fileno(file), STDERR_FILENO);
	fstat(STDERR_FILENO, &st);
	snprintf(named, sizeof(named), "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino + (as_journal ? 0 : 1));
	setenv("JOURNAL_STREAM", named, 1);
	log_open();
	say();
	dup2(old, STDERR_FILENO);
	close(old);
	rewind(file);
	size_t len = fread(text, 1, sizeof(text) - 1, file);
	text[len] = '\0';
	fclose(file);
}

static void say_warning(void)
{
	log_warn("event=%s n=%d", "test", 5);
}

static void say_all(void)
{
	log_error("e");
	log_warn("w");
	log_info("i");
	log_debug("d");
}

static void say_forged(void)
{
	log_info("reason=%s", "x\nevent=forged\x1b[31m");
}

static void say_much(void)
{
	log_info("%s%s", "start=", text);
}

START_TEST(test_time_level_and_text)
{
	int y, mo, d, h, mi, s, ms;
	char rest[100];

	capture(say_warning, false);
	ck_assert_int_eq(sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d.%3dZ %99[^\n]", &y, &mo, &d, &h, &mi, &s, &ms, rest), 8);
	ck_assert_str_eq(rest, "warn  event=test n=5");
	ck_assert_int_eq(text[strlen(text) - 1], '\n');
}
END_TEST

START_TEST(test_journal_wants_a_priority_and_no_time)
{
	capture(say_all, true);
	ck_assert_str_eq(text, "<3>e\n<4>w\n<6>i\n");
}
END_TEST

START_TEST(test_level_decides_what_is_shown)
{
	enum log_level level = LOG_INFO;

	ck_assert(log_level_parse("debug", &level));
	ck_assert_int_eq(level, LOG_DEBUG);
	ck_assert(!log_level_parse("verbose", &level));
	log_set_level(level);
	capture(say_all, true);
	ck_assert_str_eq(text, "<3>e\n<4>w\n<6>i\n<7>d\n");
	log_set_level(LOG_ERROR);
	capture(say_all, true);
	ck_assert_str_eq(text, "<3>e\n");
}
END_TEST

START_TEST(test_a_value_cannot_start_a_line)
{
	capture(say_forged, true);
	ck_assert_str_eq(text, "<6>reason=x?event=forged?[31m\n");
}
END_TEST

START_TEST(test_long_lines_are_cut_and_still_end)
{
	memset(text, 'z', 5000);
	text[5000] = '\0';
	capture(say_much, true);
	ck_assert_uint_eq(strlen(text), 3071);
	ck_assert_int_eq(text[3070], '\n');
	ck_assert_int_eq(text[3069], 'z');
}
END_TEST

START_TEST(test_quote)
{
	char longer[1000];

	ck_assert_str_eq(log_quote("a \"b\" \\ c\n\r\t\x01"), "\"a \\\"b\\\" \\\\ c\\n\\r\\t\\x01\"");
	ck_assert_str_eq(log_quote(NULL), "\"\"");
	memset(longer, '\x02', sizeof(longer));
	longer[sizeof(longer) - 1] = '\0';
	ck_assert_uint_lt(strlen(log_quote(longer)), 1536);
	ck_assert_ptr_nonnull(strstr(log_quote(longer), "...\""));
	const char *first = log_quote("1");
	for (int i = 0; i < 7; i++)
		log_quote("2");
	ck_assert_str_eq(first, "\"1\"");
}
END_TEST

static void *quote_much(void *arg)
{
	(void)arg;
	for (int i = 0; i < 20; i++)
		log_quote("of another thread");
	return NULL;
}

START_TEST(each_thread_quotes_by_itself)
{
	pthread_t thread;

	const char *ours = log_quote("ours");
	ck_assert_int_eq(pthread_create(&thread, NULL, quote_much, NULL), 0);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	ck_assert_str_eq(ours, "\"ours\"");
}
END_TEST

/* A reader of stderr that stopped stops nobody; later it is told what it missed. */
START_TEST(test_full_pipe)
{
	int ends[2], old = dup(STDERR_FILENO);

	ck_assert_int_eq(pipe(ends), 0);
	dup2(ends[1], STDERR_FILENO);
	close(ends[1]);
	alarm(10);
	for (int i = 0; i < 4000; i++)
		log_info("event=filling line=%04d text=%0100d", i, 0);
	alarm(0);
	size_t got = 0;
	char bytes[65536];
	ssize_t len = read(ends[0], bytes, sizeof(bytes));
	ck_assert_int_gt(len, 4096);
	got += (size_t)len;
	log_info("event=after");
	while (got < 300000 && (len = read(ends[0], text, sizeof(text) - 1)) > 0) {
		text[len] = '\0';
		got += (size_t)len;
		if (strstr(text, "event=log-lines-lost count=") != NULL)
			break;
	}
	dup2(old, STDERR_FILENO);
	close(old);
	close(ends[0]);
	ck_assert_ptr_nonnull(strstr(text, "event=after"));
	ck_assert_ptr_nonnull(strstr(text, "event=log-lines-lost count="));
}
END_TEST

static char heard[200];

static void on_line(enum log_level level, const char *line, size_t len, void *arg)
{
	size_t had = strlen(heard);

	ck_assert_ptr_eq(arg, heard);
	snprintf(heard + had, sizeof(heard) - had, "%d:%.*s;", (int)level, (int)len, line);
}

START_TEST(test_a_listener_hears_what_is_not_shown)
{
	log_listen(on_line, heard);
	log_set_level(LOG_ERROR);
	capture(say_all, true);
	ck_assert_str_eq(text, "<3>e\n");
	ck_assert_str_eq(heard, "0:e;1:w;2:i;");
	capture(say_forged, false);
	ck_assert_ptr_nonnull(strstr(heard, "reason=x?event=forged?[31m;"));
	log_listen(NULL, NULL);
	heard[0] = '\0';
	capture(say_all, true);
	ck_assert_str_eq(heard, "");
	log_set_level(LOG_INFO);
}
END_TEST

UNIT_MAIN("log", test_time_level_and_text, test_journal_wants_a_priority_and_no_time, test_level_decides_what_is_shown,
          test_a_value_cannot_start_a_line, test_long_lines_are_cut_and_still_end, test_quote,
          each_thread_quotes_by_itself, test_full_pipe, test_a_listener_hears_what_is_not_shown)
