/* store: the promises of every driver about statements and transactions. */
#include "common/clock.h"
#include "tests/unit/services/store/candidates.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- statements ------------------------------------------------------------------------------------------------ */

START_TEST(what_goes_in_comes_out)
{
	static const char name[] = "\xf0\x9f\x8c\xb3 '\"%s\\";
	static const int64_t ids[] = {INT64_MAX, 2, 0, INT64_MIN};
	size_t len;

	if (!candidate_set_up(_i))
		return;
	struct store *store = open_one(false);
	struct store_statement *insert = prepared(store, ADD), *get = prepared(store, GET);
	begin(store);
	for (size_t i = 0; i < 4; i++) {
		char numbered[40];
		snprintf(numbered, sizeof(numbered), "%s%zu", name, i);
		ck_assert_int_eq(add(store, insert, ids[i], numbered), STORE_CHANGED);
		memset(numbered, 'x', sizeof(numbered)); /* it was borrowed no longer */
	}
	commit(store);
	for (size_t i = 0; i < 4; i++) {
		store_bind_int(get, 1, ids[i]);
		ck_assert_int_eq(store_step(get, &err), STORE_ROW);
		const char *text = store_column_text(get, 0, &len);
		ck_assert_uint_eq(len, sizeof(name));
		ck_assert_mem_eq(text, name, sizeof(name) - 1);
		ck_assert_int_eq(text[len - 1], (int)('0' + i));
		ck_assert_int_eq(text[len], '\0');
		store_column_text(get, 1, &len);
		ck_assert_uint_eq(len, 0);
		ck_assert_int_eq(store_step(get, &err), STORE_DONE);
		store_reset(get);
	}
	ck_assert_int_eq(store_step(get, &err), STORE_DONE); /* parameters are forgotten */
	store_reset(get);
	store_close(store);
	candidate_tear_down();
}
END_TEST

START_TEST(rows_in_order_and_given_up)
{
	if (!candidate_set_up(_i))
		return;
	struct store *store = open_one(false);
	struct store_statement *insert = prepared(store, ADD), *from = prepared(store, FROM);
	begin(store);
	for (int i = 2; i <= 50; i++)
		ck_assert_int_eq(add(store, insert, i, (char[]){(char)('0' + i), '\0'}), STORE_CHANGED);
	commit(store);
	for (int rounds = 0; rounds < 2; rounds++) {
		store_bind_int(from, 1, 11);
		for (int i = 50; i >= (rounds == 0 ? 30 : 11); i--) {
			ck_assert_int_eq(store_step(from, &err), STORE_ROW);
			ck_assert_int_eq(store_column_int(from, 0), i);
		}
		if (rounds == 1)
			ck_assert_int_eq(store_step(from, &err), STORE_DONE);
		store_reset(from); /* the first time in the middle */
	}
	store_close(store);
	candidate_tear_down();
}
END_TEST

/* Also one that fails at its last row, and one that changes nothing. */
START_TEST(a_refused_change_is_undone_whole_and_alone)
{
	if (!candidate_set_up(_i))
		return;
	struct store *store = open_one(false);
	struct store_statement *insert = prepared(store, ADD), *three = prepared(store, ADD_THREE),
	                       *rename = prepared(store, RENAME), *delete = prepared(store, DELETE);
	begin(store);
	ck_assert_int_eq(add(store, insert, 2, "two"), STORE_CHANGED);
	ck_assert_int_eq(add(store, insert, 2, "again"), STORE_TAKEN);
	ck_assert_int_eq(add(store, insert, 3, "one"), STORE_TAKEN);
	ck_assert_int_eq(add(store, insert, 12, "twelve"), STORE_CHANGED);
	store_bind_int(three, 1, 10); /* 10 and 11 may be, 12 not */
	ck_assert_int_eq(settled(three, store), STORE_TAKEN);
	store_bind_text(rename, 1, "one", 3);
	ck_assert_int_eq(settled(rename, store), STORE_TAKEN);
	store_bind_int(delete, 1, 99);
	ck_assert_int_eq(settled(delete, store), STORE_UNCHANGED);
	store_bind_int(delete, 1, 1);
	ck_assert_int_eq(settled(delete, store), STORE_CHANGED);
	ck_assert_int_eq(rows(store), 2);
	commit(store);
	ck_assert_int_eq(rows(store), 2);
	store_close(store);
	candidate_tear_down();
}
END_TEST

/* Many are sent before the first is heard of. */
START_TEST(outcomes_are_known_when_it_has_settled)
{
	enum store_change changes[40];

	if (!candidate_set_up(_i))
		return;
	struct store *store = open_one(false);
	struct store_statement *insert = prepared(store, ADD);
	begin(store);
	for (int i = 0; i < 40; i++) {
		char name[8];
		snprintf(name, sizeof(name), "n%d", i % 30);
		changes[i] = STORE_PENDING;
		store_bind_int(insert, 1, i + 10);
		store_bind_text(insert, 2, name, strlen(name));
		store_bind_text(insert, 3, "", 0);
		ck_assert_msg(store_change(insert, &changes[i], &err), "%s", err.message);
	}
	ck_assert_msg(store_settle(store, &err), "%s", err.message);
	for (int i = 0; i < 40; i++)
		ck_assert_int_eq(changes[i], i < 30 ? STORE_CHANGED : STORE_TAKEN);
	commit(store);
	ck_assert_int_eq(rows(store), 31);
	store_close(store);
	candidate_tear_down();
}
END_TEST

/* --- transactions ---------------------------------------------------------------------------------------------- */

START_TEST(undone_or_committed)
{
	if (!candidate_set_up(_i))
		return;
	struct store *store = open_one(false), *other = open_one(true);
	struct store_statement *insert = prepared(store, ADD);
	begin(store);
	ck_assert_int_eq(add(store, insert, 2, "two"), STORE_CHANGED);
	ck_assert_int_eq(rows(store), 2);
	ck_assert_int_eq(rows(other), 1);
	store_undo(store);
	store_undo(store); /* there is none */
	ck_assert_int_eq(rows(store), 1);
	begin(store);
	ck_assert_int_eq(add(store, insert, 2, "two"), STORE_CHANGED);
	commit(store);
	ck_assert_int_eq(rows(other), 2);
	begin(store);
	ck_assert_int_eq(add(store, insert, 3, "three"), STORE_CHANGED);
	store_close(store); /* which undoes */
	ck_assert_int_eq(rows(other), 2);
	store_close(other);
	candidate_tear_down();
}
END_TEST

START_TEST(reading_of_one_moment)
{
	if (!candidate_set_up(_i))
		return;
	struct store *store = open_one(false), *other = open_one(true);
	struct store_statement *insert = prepared(store, ADD);
	ck_assert(store_begin_reading(other, &err));
	ck_assert_int_eq(rows(other), 1);
	begin(store);
	ck_assert_int_eq(add(store, insert, 2, "two"), STORE_CHANGED);
	commit(store); /* readers hold up nobody */
	ck_assert_int_eq(rows(other), 1);
	store_end_reading(other);
	ck_assert_int_eq(rows(other), 2);
	store_close(other);
	store_close(store);
	candidate_tear_down();
}
END_TEST

START_TEST(one_writes_and_others_wait_as_long_as_they_said)
{
	struct store *impatient;

	if (!candidate_set_up(_i))
		return;
	struct store *store = open_one(false);
	struct store_statement *insert = prepared(store, ADD);
	ck_assert(try_to_open(candidate->two, false, 200, &impatient));
	begin(store);
	ck_assert_int_eq(add(store, insert, 2, "two"), STORE_CHANGED); /* who writes needs not wait before it writes */
	int64_t began_us = clock_us();
	struct store_statement *same = prepared(impatient, ADD);
	enum store_change change = STORE_PENDING;
	bool good = store_begin(impatient, &err);
	if (good) {
		store_bind_int(same, 1, 2);
		store_bind_text(same, 2, "two", 3);
		store_bind_text(same, 3, "", 0);
		good = store_change(same, &change, &err) && store_settle(impatient, &err);
	}
	ck_assert(!good);
	ck_assert_int_eq(store_failure(impatient, &err), STORE_BUSY);
	ck_assert_int_ge(clock_us() - began_us, 190000);
	ck_assert_int_lt(clock_us() - began_us, 3000000);
	store_undo(impatient);
	commit(store);
	begin(impatient);
	ck_assert_int_eq(add(impatient, same, 3, "three"), STORE_CHANGED);
	commit(impatient);
	store_close(impatient);
	store_close(store);
	candidate_tear_down();
}
END_TEST

START_TEST(the_killed_leave_nothing)
{
	int told[2], status;
	char byte;

	if (!candidate_set_up(_i))
		return;
	store_close(open_one(false));
	ck_assert_int_eq(pipe(told), 0);
	pid_t pid = fork();
	if (pid == 0) {
		struct store *store = open_one(false);
		begin(store);
		add(store, prepared(store, ADD), 2, "two");
		if (write(told[1], "", 1) != 1)
			_exit(1);
		pause();
	}
	ck_assert_int_eq(read(told[0], &byte, 1), 1);
	kill(pid, SIGKILL);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	struct store *store = open_one(false);
	begin(store);
	ck_assert_int_eq(add(store, prepared(store, ADD), 2, "two"), STORE_CHANGED);
	commit(store);
	ck_assert_int_eq(rows(store), 2);
	store_close(store);
	close(told[0]);
	close(told[1]);
	candidate_tear_down();
}
END_TEST

int main(void)
{
	const TTest *const of_each[] = {
	        what_goes_in_comes_out,
	        rows_in_order_and_given_up,
	        a_refused_change_is_undone_whole_and_alone,
	        outcomes_are_known_when_it_has_settled,
	        undone_or_committed,
	        reading_of_one_moment,
	        one_writes_and_others_wait_as_long_as_they_said,
	        the_killed_leave_nothing,
	};

	return candidates_run("store_work", of_each, sizeof(of_each) / sizeof(of_each[0]), NULL, 0);
}
