/* keeper: the newest text gets to the disk, also one that could not be written at first, and the caller never waits. */
#include "orchestrator/base/keeper.h"

#include "common/buf.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/text_file.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char top[64], dir[96];
static struct event_base *base;
static struct keeper *keeper;

static void setup(void)
{
	log_set_level(LOG_ERROR);
	snprintf(top, sizeof(top), "/tmp/selfless-keeper-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(top));
	snprintf(dir, sizeof(dir), "%s/state", top);
	ck_assert_int_eq(mkdir(dir, 0700), 0);
	base = event_base_new();
	keeper = keeper_new(base, dir, "news");
}

static void remove_file(const char *name)
{
	char path[200];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	unlink(path);
}

static void teardown(void)
{
	remove_file("news");
	remove_file("news.new");
	ck_assert_int_eq(rmdir(dir), 0);
	ck_assert_int_eq(rmdir(top), 0);
	event_base_free(base);
}

static bool holds(const char *wanted)
{
	char path[200];
	struct buf text;
	struct err err;

	snprintf(path, sizeof(path), "%s/news", dir);
	buf_init(&text, 100000);
	bool ok = text_file_read(path, &text, &err) && strcmp(buf_text(&text), wanted) == 0;
	buf_clear(&text);
	return ok;
}

static void turn(void)
{
	event_base_loop(base, EVLOOP_NONBLOCK);
	poll(NULL, 0, 2);
}

static void wait_holds(const char *wanted)
{
	for (int i = 0; i < 2500 && !holds(wanted); i++)
		turn();
	ck_assert(holds(wanted));
}

static void wait_problem(int problem)
{
	for (int i = 0; i < 2500 && keeper_problem(keeper) != problem; i++)
		turn();
	ck_assert_int_eq(keeper_problem(keeper), problem);
}

START_TEST(the_newest_is_kept)
{
	char text[16];
	struct stat status;

	ck_assert_int_eq(keeper_problem(keeper), 0);
	keeper_put(keeper, "one\n");
	wait_holds("one\n");
	for (int i = 0; i <= 100; i++) {
		snprintf(text, sizeof(text), "%d\n", i);
		keeper_put(keeper, text);
		event_base_loop(base, EVLOOP_NONBLOCK);
	}
	wait_holds("100\n");
	ck_assert_int_eq(stat(keeper_path(keeper), &status), 0);
	ck_assert_uint_eq(status.st_mode & 0777, 0600);
	keeper_free(keeper);
}
END_TEST

START_TEST(the_last_one_is_written_at_the_end)
{
	keeper_put(keeper, "last\n");
	keeper_free(keeper);
	ck_assert(holds("last\n"));
	keeper_free(keeper_new(base, dir, "news")); /* nothing to write: no thread */
	keeper_free(NULL);
}
END_TEST

START_TEST(the_last_one_is_written_behind_the_one_under_way)
{
	keeper_put(keeper, "first\n");
	event_base_loop(base, EVLOOP_NONBLOCK);
	keeper_put(keeper, "last\n");
	keeper_free(keeper);
	ck_assert(holds("last\n"));
}
END_TEST

/* The directory is not there for a while: root, too, cannot write. */
static void take_away(char away[120])
{
	snprintf(away, 120, "%s/away", top);
	ck_assert_int_eq(rename(dir, away), 0);
}

START_TEST(what_could_not_be_written_is_tried_again)
{
	char away[120];

	take_away(away);
	keeper_put(keeper, "first\n"); /* and no other comes */
	wait_problem(ENOENT);
	ck_assert_int_eq(rename(away, dir), 0);
	wait_holds("first\n");
	wait_problem(0);
	take_away(away);
	keeper_put(keeper, "second\n");
	wait_problem(ENOENT);
	ck_assert_int_eq(rename(away, dir), 0);
	clock_fake(clock_us() + 600000); /* the wait is over */
	keeper_put(keeper, "third\n");
	wait_holds("third\n");
	keeper_free(keeper);
}
END_TEST

START_TEST(it_ends_while_it_cannot_write)
{
	char away[120];

	take_away(away);
	keeper_put(keeper, "lost\n");
	wait_problem(ENOENT);
	keeper_free(keeper);
	ck_assert_int_eq(rename(away, dir), 0);
	ck_assert(!holds("lost\n"));
}
END_TEST

/* A FIFO stands where the text is written first: its opening waits for a reader. */
START_TEST(it_ends_while_the_disk_does_not_answer)
{
	char path[120];

	snprintf(path, sizeof(path), "%s/news.new", dir);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	keeper_put(keeper, "under way\n");
	event_base_loop(base, EVLOOP_NONBLOCK);
	keeper_put(keeper, "waits\n");
	int64_t before_us = clock_us();
	keeper_free(keeper);
	ck_assert_int_lt(clock_us() - before_us, 10000000);
	int reader = open(path, O_RDONLY | O_NONBLOCK);
	ck_assert_int_ne(reader, -1);
	for (int i = 0; i < 2500 && !holds("waits\n"); i++) /* what its thread touches is still there */
		poll(NULL, 0, 2);
	ck_assert(holds("waits\n"));
	close(reader);
}
END_TEST

UNIT_MAIN_WITH("keeper", setup, teardown, the_newest_is_kept, the_last_one_is_written_at_the_end,
               the_last_one_is_written_behind_the_one_under_way, what_could_not_be_written_is_tried_again,
               it_ends_while_it_cannot_write, it_ends_while_the_disk_does_not_answer)
