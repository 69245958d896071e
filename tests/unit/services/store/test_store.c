/* store: the promises of every driver but those of work on it (test_store_work.c): urls, schema, large values, stamps, check,
 * backup.
 */
#include "services/store/store_backup.h"
#include "services/store/store_blob.h"
#include "services/store/store_stamp.h"
#include "tests/unit/services/store/candidates.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- urls ------------------------------------------------------------------------------------------------------ */

START_TEST(a_url_of_no_known_kind)
{
	static const char *const bad[] = {"mysql://user:secret@host/db", "", "/path", "sqlite", "sqlite:", "SQLITE:/x"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert_msg(!store_url_check(bad[i], &err), "%s", bad[i]);
		ck_assert_ptr_nonnull(strstr(err.message, "sqlite:/path/to/file"));
		ck_assert_ptr_null(strstr(err.message, "secret"));
	}
	ck_assert(store_url_check("sqlite:/a:b", &err));
	char *name = store_url_name("sqlite:/a:b");
	ck_assert_str_eq(name, "/a:b");
	free(name);
}
END_TEST

/* A url may hold a password: what is said of it does not, nor does what is said of one that is wrong. */
START_TEST(urls_of_servers)
{
	static const char *const shown[][2] = {
	        {"postgresql://ann:secret@a:1,b:2/acts?target_session_attrs=any&password=secret",
	         "postgresql://a:1,b:2/acts"},
	        {"postgresql://ann:sec?ret@host/acts", "postgresql://host/acts"},
	        {"postgresql://ann:sec?ret@host", "postgresql://host"},
	        {"postgresql://ann:sec#ret?s=1@host:1/acts?password=sec@ret", "postgresql://host:1/acts"},
	        {"postgresql://ann:sec%40%2f%3f%23ret@host/acts", "postgresql://host/acts"},
	        {"postgresql://host/a%40b?password=sec@ret/sec@ret", "postgresql://host/a%40b"},
	        {"postgresql://host/acts?user=ann@sec", "postgresql://host/acts"},
	        {"postgresql:///acts?password=secret", "postgresql:///acts"},
	        {"postgresql://", "postgresql://"},
	};
	static const char *const bad[] = {"postgresql:",
	                                  "postgresql:acts",
	                                  "postgresql://ann:secret@[::1/acts",
	                                  "postgresql://ann:secret@host/acts?nonsense=1",
	                                  "postgresql://ann:sec%zzret@host/",
	                                  "postgresql://ann:se@cret@host/acts",
	                                  "postgresql://ann:se/cret@host/acts",
	                                  "postgresql://ann:12/secret@host/acts?password=secret",
	                                  "postgresql://ann:s@e?cret@host/acts"};

	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
		char *name = store_url_name(shown[i][0]);
		ck_assert_str_eq(name, shown[i][1]);
		free(name);
		ck_assert_msg(store_url_check(shown[i][0], &err), "%s: %s", shown[i][0], err.message);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert_msg(!store_url_check(bad[i], &err), "%s", bad[i]);
		ck_assert_ptr_nonnull(strstr(err.message, "postgresql://"));
		ck_assert_ptr_null(strstr(err.message, "sec"));
		char *name = store_url_name(bad[i]);
		ck_assert_msg(strchr(name, ':') == NULL, "%s", name);
		free(name);
	}
	ck_assert(!store_url_is_file("postgresql://host/acts") && store_url_is_file("sqlite:/x"));
}
END_TEST

START_TEST(a_dialect_that_the_service_does_not_speak)
{
	const struct store_texts *const none[] = {NULL};
	const struct store_options options = {.url = "sqlite:/nonexistent/x", .texts = none};
	struct store *store;

	ck_assert(!store_open(&options, &store, &err));
	ck_assert_ptr_null(store);
	ck_assert_ptr_nonnull(strstr(err.message, "no tables for sqlite"));
}
END_TEST

/* --- schema ---------------------------------------------------------------------------------------------------- */

START_TEST(migrates_once)
{
	struct store *store;

	if (!candidate_set_up(_i))
		return;
	ck_assert_msg(try_to_open(candidate->one, false, 5000, &store), "%s", err.message);
	store_close(store);
	for (int i = 0; i < 3; i++) {
		store = open_one(false);
		ck_assert_int_eq(rows(store), 1);
		struct store_statement *get = prepared(store, GET);
		store_bind_int(get, 1, 1);
		ck_assert_int_eq(store_step(get, &err), STORE_ROW);
		ck_assert_int_eq(store_column_int(get, 2), 7);
		store_close(store);
	}
	store_close(NULL);
	candidate_tear_down();
}
END_TEST

START_TEST(a_broken_migration_leaves_what_was_before)
{
	struct store *store;

	if (!candidate_set_up(_i))
		return;
	ck_assert(!try_to_open(candidate->broken, false, 5000, &store));
	ck_assert_ptr_null(store);
	ck_assert_ptr_nonnull(strstr(err.message, "migration 2: "));
	ck_assert(!try_to_open(candidate->broken, false, 5000, &store)); /* "half" would be there already */
	ck_assert_ptr_null(strstr(err.message, "half"));
	store = open_one(false);
	ck_assert_int_eq(rows(store), 1);
	store_close(store);
	candidate_tear_down();
}
END_TEST

START_TEST(a_newer_schema_is_refused)
{
	struct store *store;

	if (!candidate_set_up(_i))
		return;
	store_close(open_one(false));
	ck_assert(!try_to_open(candidate->one, false, 5000, &store));
	ck_assert_ptr_nonnull(strstr(err.message, "newer program"));
	candidate_tear_down();
}
END_TEST

/* Twenty rounds of eight processes that all want to make the same database. */
START_TEST(many_processes_open_a_fresh_one)
{
	for (int round = 0; round < 20; round++) {
		pid_t pids[8];
		int go[2], status;
		char byte;
		if (!candidate_set_up(_i))
			return;
		ck_assert_int_eq(pipe(go), 0);
		for (int i = 0; i < 8; i++) {
			pids[i] = fork();
			if (pids[i] != 0)
				continue;
			close(go[1]);
			if (read(go[0], &byte, 1) != 0)
				_exit(2);
			struct store *store = open_one(false);
			_exit(rows(store) == 1 ? 0 : 3);
		}
		close(go[0]);
		close(go[1]);
		for (int i = 0; i < 8; i++) {
			ck_assert_int_eq(waitpid(pids[i], &status, 0), pids[i]);
			ck_assert_int_eq(status, 0);
		}
		candidate_tear_down();
	}
}
END_TEST

START_TEST(only_for_reading)
{
	enum store_change change;
	struct store *store;

	if (!candidate_set_up(_i))
		return;
	ck_assert(!try_to_open(candidate->two, true, 5000, &store)); /* nothing is made */
	ck_assert(try_to_open(candidate->one, false, 5000, &store));
	store_close(store);
	ck_assert(!try_to_open(candidate->two, true, 5000, &store)); /* nor migrated */
	store_close(open_one(false));
	store = open_one(true);
	struct store_statement *delete = prepared(store, DELETE);
	store_bind_int(delete, 1, 1);
	ck_assert(!store_change(delete, &change, &err) || !store_settle(store, &err));
	ck_assert_int_eq(store_failure(store, &err), STORE_BROKEN);
	ck_assert_int_eq(rows(store), 1);
	store_close(store);
	candidate_tear_down();
}
END_TEST

/* --- blobs, stamps, check, backup ------------------------------------------------------------------------------ */

START_TEST(a_large_value_in_pieces)
{
	enum { BYTES = 300007 };
	static char picture[BYTES], piece[BYTES];
	struct store_blob *blob;

	if (!candidate_set_up(_i))
		return;
	struct store *store = open_one(false);
	struct store_statement *insert = prepared(store, ADD);
	for (size_t i = 0; i < BYTES; i++)
		picture[i] = (char)('A' + (i * i / 7) % 26);
	begin(store);
	store_bind_int(insert, 1, 2);
	store_bind_text(insert, 2, "two", 3);
	store_bind_text(insert, 3, picture, BYTES);
	ck_assert_int_eq(settled(insert, store), STORE_CHANGED);
	commit(store);
	ck_assert_int_eq(store_blob_open(store, PICTURE, 99, &blob, &err), STORE_DONE);
	ck_assert_int_eq(store_blob_open(store, PICTURE, 2, &blob, &err), STORE_ROW);
	ck_assert_uint_eq(store_blob_size(blob), BYTES);
	for (size_t at = 0; at < BYTES; at += 70001) {
		size_t len = BYTES - at < 70001 ? BYTES - at : 70001;
		ck_assert(store_blob_read(blob, at, piece + at, len, &err));
	}
	ck_assert_mem_eq(piece, picture, BYTES);
	store_blob_close(blob);
	store_blob_close(NULL);
	store_close(store);
	candidate_tear_down();
}
END_TEST

START_TEST(stamps_are_exact_or_unknown)
{
	struct store_stamp before, same, after, none;

	if (!candidate_set_up(_i))
		return;
	struct store *store = open_one(false), *other = open_one(true);
	struct store_statement *insert = prepared(store, ADD);
	const struct store_stamps *stamps = store_stamps(other);
	ck_assert(!store_stamp_read(NULL, &none));
	ck_assert(!store_stamp_known(&none) && !store_stamp_same(&none, &none));
	begin(store);
	ck_assert_int_eq(add(store, insert, 2, "two"), STORE_CHANGED);
	commit(store);
	bool known = store_stamp_read(stamps, &before);
	ck_assert_int_eq(known, candidate->knows_stamps);
	ck_assert_int_eq(store_stamp_known(&before), known);
	ck_assert_int_eq(rows(other), 2);
	ck_assert(store_stamp_read(stamps, &same) == known && store_stamp_same(&before, &same) == known);
	begin(store);
	ck_assert_int_eq(add(store, insert, 3, "three"), STORE_CHANGED);
	commit(store);
	store_stamp_read(stamps, &after);
	ck_assert(!store_stamp_same(&before, &after));
	store_close(other);
	store_close(store);
	candidate_tear_down();
}
END_TEST

static bool on_progress(void *owner, const char *doing, int percent)
{
	(void)owner;
	(void)doing;
	(void)percent;
	return true;
}

static void on_problem(void *owner, const char *problem)
{
	snprintf(owner, 100, "%s", problem);
}

START_TEST(a_check_finds_what_a_rule_says)
{
	const struct store_texts *const all[] = {&texts, NULL};
	char problem[100] = "";
	const struct store_watch watch = {on_progress, on_problem, problem};
	size_t problems = 7;

	if (!candidate_set_up(_i))
		return;
	struct store *store = open_one(false);
	const struct store_check check = {url, all};
	ck_assert_msg(store_check(&check, &watch, &problems, &err), "%s", err.message);
	ck_assert_uint_eq(problems, 0);
	begin(store);
	ck_assert_int_eq(add(store, prepared(store, ADD), 5, ""), STORE_CHANGED);
	commit(store);
	ck_assert_msg(store_check(&check, &watch, &problems, &err), "%s", err.message);
	ck_assert_uint_eq(problems, 1);
	ck_assert_str_eq(problem, "row 5 has no name");
	texts.migrations = candidate->one;
	ck_assert(!store_check(&check, &watch, &problems, &err)); /* of another schema */
	store_close(store);
	candidate_tear_down();
}
END_TEST

START_TEST(a_backup_or_the_reason_why_not)
{
	const struct store_texts *const all[] = {&texts, NULL};
	char problem[100] = "", into[] = "/tmp/selfless-backup-XXXXXX", to[sizeof(into) + 8];
	const struct store_watch watch = {on_progress, on_problem, problem};
	int64_t bytes = 0;

	if (!candidate_set_up(_i))
		return;
	struct store *store = open_one(false);
	ck_assert_ptr_nonnull(mkdtemp(into));
	snprintf(to, sizeof(to), "%s/copy", into);
	const struct store_backup backup = {.from = {url, all}, .to = to};
	bool made = store_backup(&backup, &watch, &bytes, &err);
	ck_assert_int_eq(made, candidate->makes_backups);
	ck_assert(made ? bytes > 0 : err.message[0] != '\0');
	ck_assert_int_eq(access(to, F_OK) == 0, made);
	unlink(to);
	ck_assert_int_eq(rmdir(into), 0);
	store_close(store);
	candidate_tear_down();
}
END_TEST

int main(void)
{
	const TTest *const alone[] = {a_url_of_no_known_kind, urls_of_servers,
	                              a_dialect_that_the_service_does_not_speak};
	const TTest *const of_each[] = {
	        migrates_once,
	        a_broken_migration_leaves_what_was_before,
	        a_newer_schema_is_refused,
	        many_processes_open_a_fresh_one,
	        only_for_reading,
	        a_large_value_in_pieces,
	        stamps_are_exact_or_unknown,
	        a_check_finds_what_a_rule_says,
	        a_backup_or_the_reason_why_not,
	};

	return candidates_run("store", of_each, sizeof(of_each) / sizeof(of_each[0]), alone,
	                      sizeof(alone) / sizeof(alone[0]));
}
