/* sqlite_turn: everybody gets its turn, soon; nobody waits for the dead, nor longer than it said. */
#include "common/clock.h"
#include "services/store/sqlite_turn.h"
#include "tests/unit/unit.h"

#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PROCESSES 5

/* Shared by the processes; only who has the turn writes. */
struct records {
	int turns[PROCESSES], all, again, last;
	int64_t longest_us;
};

static char path[64];
static struct err err;

static void set_up(void)
{
	snprintf(path, sizeof(path), "/tmp/test_turn.XXXXXX");
	close(mkstemp(path));
}

static struct sqlite_turn *open_turn(void)
{
	struct sqlite_turn *turn;

	ck_assert_msg(sqlite_turn_open(path, &turn, &err), "%s", err.message);
	return turn;
}

static bool take(struct sqlite_turn *turn, int ms)
{
	return sqlite_turn_take(turn, clock_us() + ms * 1000LL, &err);
}

static void pause_us(long us)
{
	struct timespec time = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};

	nanosleep(&time, NULL);
}

/* Wants the turn again the moment it has released it, as a process with a full queue does. */
static void greedy(struct records *records, int self, int64_t until_us)
{
	struct sqlite_turn *turn = open_turn();

	while (clock_us() < until_us) {
		int64_t began_us = clock_us();
		if (!take(turn, 10000))
			_exit(1);
		int64_t waited_us = clock_us() - began_us;
		records->longest_us = waited_us > records->longest_us ? waited_us : records->longest_us;
		records->turns[self]++;
		records->all++;
		records->again += records->last == self;
		records->last = self;
		pause_us(500);
		sqlite_turn_release(turn);
	}
	sqlite_turn_close(turn);
	_exit(0);
}

static int wait_for(pid_t pid)
{
	int status;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return status;
}

START_TEST(everybody_gets_its_turn)
{
	struct records *records = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int64_t until_us = clock_us() + 2000000;
	pid_t pids[PROCESSES];

	set_up();
	records->last = -1;
	for (int i = 0; i < PROCESSES; i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			greedy(records, i, until_us);
	}
	for (int i = 0; i < PROCESSES; i++)
		ck_assert_int_eq(wait_for(pids[i]), 0);
	for (int i = 0; i < PROCESSES; i++)
		ck_assert_msg(records->turns[i] * 10 > records->all, "%d turns of %d", records->turns[i], records->all);
	ck_assert_msg(records->again * 10 < records->all, "%d of %d turns twice in a row", records->again,
	              records->all);
	ck_assert_msg(records->longest_us < 500000, "waited %lld us", (long long)records->longest_us);
	munmap(records, 4096);
	unlink(path);
}
END_TEST

START_TEST(waiting_ends_when_it_was_to_end)
{
	set_up();
	struct sqlite_turn *holder = open_turn(), *other = open_turn();
	ck_assert(take(holder, 0));
	for (int i = 0; i < 2; i++) {
		int64_t began_us = clock_us();
		ck_assert(!take(other, 150));
		ck_assert_int_eq(err.code, SQLITE_BUSY);
		ck_assert_int_ge(clock_us() - began_us, 150000);
		ck_assert_int_lt(clock_us() - began_us, 1000000);
	}
	sqlite_turn_release(holder);
	ck_assert(take(other, 0)); /* it left the line whole */
	sqlite_turn_release(other);
	sqlite_turn_release(other);
	ck_assert(take(holder, 0));
	sqlite_turn_close(holder);
	ck_assert(take(other, 0));
	sqlite_turn_close(other);
	sqlite_turn_close(NULL);
	unlink(path);
}
END_TEST

/* In the turn itself, and first in line. */
START_TEST(the_killed_hold_up_nobody)
{
	set_up();
	struct sqlite_turn *ours = open_turn();
	for (int in_line = 0; in_line < 2; in_line++) {
		int told[2];
		char byte;
		ck_assert_int_eq(pipe(told), 0);
		if (in_line)
			ck_assert(take(ours, 0));
		pid_t pid = fork();
		if (pid == 0) {
			struct sqlite_turn *turn = open_turn();
			if (!in_line && !take(turn, 0))
				_exit(1);
			if (write(told[1], "", 1) != 1 || (in_line && take(turn, 60000)))
				_exit(1);
			pause();
		}
		ck_assert_int_eq(read(told[0], &byte, 1), 1);
		if (in_line)
			pause_us(50000);
		kill(pid, SIGKILL);
		ck_assert(WIFSIGNALED(wait_for(pid)));
		sqlite_turn_release(ours);
		ck_assert_msg(take(ours, 200), "%s", err.message);
		sqlite_turn_release(ours);
		close(told[0]);
		close(told[1]);
	}
	sqlite_turn_close(ours);
	unlink(path);
}
END_TEST

START_TEST(a_file_that_cannot_be)
{
	struct sqlite_turn *turn;

	ck_assert(!sqlite_turn_open("/nonexistent/x", &turn, &err));
	ck_assert_ptr_nonnull(strstr(err.message, "/nonexistent/x"));
}
END_TEST

UNIT_MAIN("sqlite_turn", everybody_gets_its_turn, waiting_ends_when_it_was_to_end, the_killed_hold_up_nobody,
          a_file_that_cannot_be)
