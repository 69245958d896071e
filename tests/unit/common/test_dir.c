/* dir: makes what is missing, leaves alone what is there, and names the key of what cannot be. */
#include "common/dir.h"

#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char top[64], path[128];
static struct err err;

static void set_up(void)
{
	snprintf(top, sizeof(top), "/tmp/selfless-dir-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(top));
}

static const char *in_top(const char *name)
{
	snprintf(path, sizeof(path), "%s/%s", top, name);
	return path;
}

static void tear_down(void)
{
	rmdir(in_top("a/b/c"));
	rmdir(in_top("a/b"));
	rmdir(in_top("a"));
	unlink(in_top("file"));
	ck_assert_int_eq(rmdir(top), 0);
}

static unsigned mode_of(const char *name)
{
	struct stat st;

	ck_assert_int_eq(stat(in_top(name), &st), 0);
	return st.st_mode & 0777;
}

START_TEST(all_parts_are_made)
{
	umask(022);
	ck_assert_msg(dir_make(in_top("a/b/c"), "key", &err), "%s", err.message);
	ck_assert_uint_eq(mode_of("a"), 0755);
	ck_assert_uint_eq(mode_of("a/b"), 0755);
	ck_assert_uint_eq(mode_of("a/b/c"), 0700);
	ck_assert(dir_make(in_top("a/b"), "key", &err));
	ck_assert_uint_eq(mode_of("a/b"), 0755);
}
END_TEST

START_TEST(what_cannot_be_names_its_key)
{
	fclose(fopen(in_top("file"), "w"));
	ck_assert(!dir_make(in_top("file/x"), "state_dir", &err));
	ck_assert_ptr_nonnull(strstr(err.message, "state_dir"));
	ck_assert_ptr_nonnull(strstr(err.message, top));
}
END_TEST

UNIT_MAIN_WITH("dir", set_up, tear_down, all_parts_are_made, what_cannot_be_names_its_key)
