/* What an orchestrator keeps of itself: its lock, its owner and its key, in a directory that may be damaged. */
#include "common/log.h"
#include "common/mem.h"
#include "orchestrator/config/identity.h"
#include "orchestrator/base/state_lock.h"

#include <check.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[64];
static struct identity identity;
static struct err err;

static void setup(void)
{
	log_set_level(LOG_ERROR);
	snprintf(dir, sizeof(dir), "/tmp/selfless-identity-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	memset(&identity, 0, sizeof(identity));
	err = (struct err){.message = ""};
}

static int on_file(const char *path, const struct stat *status, int type, struct FTW *ftw)
{
	(void)status;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void teardown(void)
{
	identity_clear(&identity);
	ck_assert_int_eq(nftw(dir, on_file, 8, FTW_DEPTH | FTW_PHYS), 0);
}

static void load(void)
{
	identity_clear(&identity);
	ck_assert_msg(identity_load(dir, &identity, &err), "%s", err.message);
}

static void put(const char *name, const char *text)
{
	char *path = mem_format("%s/%s", dir, name);
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
	free(path);
}

static unsigned mode_of(const char *name)
{
	char *path = mem_format("%s/%s", dir, name);
	struct stat st;

	ck_assert_int_ne(stat(path, &st), -1);
	free(path);
	return st.st_mode & 07777;
}

START_TEST(is_made_once)
{
	struct identity first;

	load();
	ck_assert_uint_eq(strlen(identity.owner), ENGINE_OWNER_SIZE - 1);
	ck_assert_uint_eq(mode_of("owner"), 0600);
	ck_assert_uint_eq(mode_of("spec.key"), 0600);
	memcpy(&first, &identity, sizeof(first));
	identity.dir = NULL;
	load();
	ck_assert_str_eq(identity.owner, first.owner);
	ck_assert_mem_eq(identity.key, first.key, sizeof(first.key));
	free(first.dir);
}
END_TEST

START_TEST(two_differ)
{
	char owner[ENGINE_OWNER_SIZE];
	unsigned char key[CONFIG_KEY_SIZE];

	load();
	memcpy(owner, identity.owner, sizeof(owner));
	memcpy(key, identity.key, sizeof(key));
	teardown();
	setup();
	load();
	ck_assert_str_ne(identity.owner, owner);
	ck_assert_mem_ne(identity.key, key, sizeof(key));
}
END_TEST

static const char *const damaged[] = {"",
                                      "0",
                                      "zz\n",
                                      "0123456789abcdef0123456789abcdeX\n",
                                      "0123456789abcdef\n",
                                      "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"};

START_TEST(a_damaged_key_is_made_anew)
{
	char owner[ENGINE_OWNER_SIZE];
	unsigned char key[CONFIG_KEY_SIZE];

	load();
	memcpy(owner, identity.owner, sizeof(owner));
	memcpy(key, identity.key, sizeof(key));
	put("spec.key", damaged[_i]);
	load();
	ck_assert_mem_ne(identity.key, key, sizeof(key));
	ck_assert_str_eq(identity.owner, owner);
	memcpy(key, identity.key, sizeof(key));
	load();
	ck_assert_mem_eq(identity.key, key, sizeof(key));
}
END_TEST

START_TEST(a_damaged_owner_is_made_anew)
{
	char owner[ENGINE_OWNER_SIZE];

	load();
	memcpy(owner, identity.owner, sizeof(owner));
	put("owner", damaged[_i % 5]);
	load();
	ck_assert_str_ne(identity.owner, owner);
	ck_assert(!identity_owns(&identity, owner));
}
END_TEST

START_TEST(an_owner_that_cannot_be_kept_is_an_error)
{
	identity_clear(&identity);
	ck_assert(!identity_load("/proc/nowhere", &identity, &err));
	ck_assert_ptr_nonnull(strstr(err.message, "state_dir"));
	ck_assert_ptr_nonnull(strstr(err.message, "/proc/nowhere/owner"));
}
END_TEST

#define OTHER "0123456789abcdef0123456789abcdef"
#define THIRD "fedcba9876543210fedcba9876543210"

START_TEST(who_is_taken_over_stays_so)
{
	load();
	ck_assert(identity_owns(&identity, ""));
	ck_assert(identity_owns(&identity, identity.owner));
	ck_assert(!identity_owns(&identity, OTHER));
	ck_assert(identity_take_over(&identity, OTHER, &err));
	ck_assert(identity_take_over(&identity, THIRD, &err));
	ck_assert(identity_take_over(&identity, OTHER, &err));
	ck_assert_uint_eq(identity.taken.count, 2);
	load();
	ck_assert(identity_owns(&identity, OTHER));
	ck_assert(identity_owns(&identity, THIRD));
	ck_assert_uint_eq(identity.taken.count, 2);
}
END_TEST

/* --- the lock -------------------------------------------------------------------------------------------------- */

START_TEST(what_is_shared_stays_so)
{
	static const struct engine_shared shared = {OTHER, OTHER OTHER};
	char own[ENGINE_OWNER_SIZE];

	load();
	snprintf(own, sizeof(own), "%s", identity.owner);
	identity_share(&identity, &shared);
	identity_share(&identity, &shared);
	for (int i = 0; i < 2; i++) {
		ck_assert_str_eq(identity.owner, OTHER);
		ck_assert(identity_owns(&identity, own));
		ck_assert_uint_eq(identity.taken.count, 1);
		ck_assert_str_eq(identity_own(&identity).key, OTHER OTHER);
		load();
	}
}
END_TEST

START_TEST(one_has_it_until_it_is_killed)
{
	int fd, ready[2];
	char pid[32], byte;

	ck_assert_int_ne(pipe(ready), -1);
	pid_t child = fork();
	if (child == 0) {
		bool ok = state_lock_take(dir, &fd, &err);
		ok = write(ready[1], ok ? "y" : "n", 1) == 1 && ok;
		pause();
		_exit(ok ? 0 : 1);
	}
	ck_assert_int_eq(read(ready[0], &byte, 1), 1);
	ck_assert_int_eq(byte, 'y');
	ck_assert(!state_lock_take(dir, &fd, &err));
	snprintf(pid, sizeof(pid), "process %d", (int)child);
	ck_assert_msg(strstr(err.message, pid) != NULL, "%s", err.message);
	ck_assert_ptr_nonnull(strstr(err.message, "/lock"));
	ck_assert_ptr_nonnull(strstr(err.message, "`name` and `state_dir`"));
	ck_assert_int_eq(kill(child, SIGKILL), 0);
	waitpid(child, NULL, 0);
	ck_assert_msg(state_lock_take(dir, &fd, &err), "%s", err.message);
	close(fd);
}
END_TEST

START_TEST(a_program_that_is_started_does_not_inherit_it)
{
	int fd, other;

	ck_assert(state_lock_take(dir, &fd, &err));
	pid_t child = fork();
	if (child == 0) {
		execl("/bin/sleep", "sleep", "20", NULL);
		_exit(127);
	}
	close(fd);
	ck_assert_msg(state_lock_take(dir, &other, &err), "%s", err.message); /* once it is its own program */
	close(other);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}
END_TEST

START_TEST(its_directory_is_made)
{
	char *inner = mem_format("%s/a/b", dir);
	int fd;

	ck_assert_msg(state_lock_take(inner, &fd, &err), "%s", err.message);
	close(fd);
	free(inner);
	ck_assert(!state_lock_take("/proc/nowhere", &fd, &err));
	ck_assert_ptr_nonnull(strstr(err.message, "state_dir"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("identity");
	TCase *tcase = tcase_create("all");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, is_made_once);
	tcase_add_test(tcase, two_differ);
	tcase_add_loop_test(tcase, a_damaged_key_is_made_anew, 0, (int)(sizeof(damaged) / sizeof(damaged[0])));
	tcase_add_loop_test(tcase, a_damaged_owner_is_made_anew, 0, 5);
	tcase_add_test(tcase, an_owner_that_cannot_be_kept_is_an_error);
	tcase_add_test(tcase, who_is_taken_over_stays_so);
	tcase_add_test(tcase, what_is_shared_stays_so);
	tcase_add_test(tcase, one_has_it_until_it_is_killed);
	tcase_add_test(tcase, a_program_that_is_started_does_not_inherit_it);
	tcase_add_test(tcase, its_directory_is_made);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
