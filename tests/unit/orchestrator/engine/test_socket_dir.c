/* socket_dir: a directory is made fresh and open to its container, found again by its address, and taken away. */
#include "orchestrator/engine/socket_dir.h"

#include "tests/unit/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/selfless-sockets-XXXXXX";
static char root[sizeof(folder) + 8];

static void set_up(void)
{
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(root, sizeof(root), "%s/a/b", folder);
}

static void tear_down(void)
{
	char middle[sizeof(folder) + 8];

	snprintf(middle, sizeof(middle), "%s/a", folder);
	rmdir(root);
	rmdir(middle);
	ck_assert_int_eq(rmdir(folder), 0);
}

static void make(char dir[SOCKET_DIR_SIZE])
{
	struct err err;

	ck_assert_msg(socket_dir_make(root, "acts", 0, dir, &err), "%s", err.message);
}

static mode_t mode_of(const char *path)
{
	struct stat status;

	ck_assert_int_eq(stat(path, &status), 0);
	return status.st_mode & 0777;
}

static void leave_file(const char *dir, const char *name)
{
	char path[SOCKET_DIR_SIZE + 16];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_CREAT | O_WRONLY, 0600);
	ck_assert_int_ne(fd, -1);
	close(fd);
}

START_TEST(fresh_and_open_under_a_root_of_ours)
{
	char dir[SOCKET_DIR_SIZE], other[SOCKET_DIR_SIZE];

	umask(077);
	make(dir);
	make(other);
	ck_assert_str_ne(dir, other);
	ck_assert_int_eq(mode_of(dir), 0777);
	ck_assert_int_eq(mode_of(root), 0700);
	ck_assert(socket_dir_usable(dir));
	leave_file(dir, "http");
	socket_dir_remove(dir);
	socket_dir_remove(other);
	ck_assert(!socket_dir_usable(dir));
	socket_dir_remove(dir); /* harmless */
}
END_TEST

START_TEST(cannot_be_made)
{
	char dir[SOCKET_DIR_SIZE], deep[200];
	struct err err;

	snprintf(deep, sizeof(deep), "%s/%090d", folder, 0);
	ck_assert(!socket_dir_make(deep, "acts", 0, dir, &err));
	ck_assert_ptr_nonnull(strstr(err.message, "choose a shorter socket_dir"));
	ck_assert_str_eq(dir, "");
	ck_assert_int_eq(rmdir(deep), 0);
	ck_assert(!socket_dir_make("/dev/null/x", "acts", 0, dir, &err));
	ck_assert_ptr_nonnull(strstr(err.message, "/dev/null"));
	ck_assert_str_eq(dir, "");
}
END_TEST

START_TEST(by_its_address_and_back)
{
	struct address address;
	char text[ADDRESS_TEXT_SIZE], dir[SOCKET_DIR_SIZE];

	ck_assert(socket_dir_address("/run/x/acts_0.01234567", &address));
	address_format(&address, text);
	ck_assert_str_eq(text, "unix:/run/x/acts_0.01234567/http");
	ck_assert(socket_dir_of(&address, dir));
	ck_assert_str_eq(dir, "/run/x/acts_0.01234567");
	ck_assert(address_of_path("/run/x/other", &address) && !socket_dir_of(&address, dir));
	ck_assert(address_of_host("127.0.0.1", 1, &address) && !socket_dir_of(&address, dir));
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	ck_assert(!socket_dir_address(text, &address));
	ck_assert_uint_eq(address.len, 0);
}
END_TEST

static bool is_the_one(const char *dir, const void *arg)
{
	return strcmp(dir, arg) == 0;
}

START_TEST(what_nobody_uses_is_swept)
{
	char used[SOCKET_DIR_SIZE], left[SOCKET_DIR_SIZE], foreign[SOCKET_DIR_SIZE];

	make(used);
	make(left);
	leave_file(left, "http");
	snprintf(foreign, sizeof(foreign), "%s/somebody-elses", root);
	ck_assert_int_eq(mkdir(foreign, 0700), 0);
	socket_dirs_sweep(root, is_the_one, used);
	ck_assert(socket_dir_usable(used));
	ck_assert(!socket_dir_usable(left));
	ck_assert(socket_dir_usable(foreign));
	socket_dir_remove(foreign); /* none that was made here: it stays */
	ck_assert_int_eq(rmdir(foreign), 0);
	socket_dir_remove(used);
	socket_dirs_sweep("/nowhere", is_the_one, used);
}
END_TEST

UNIT_MAIN_WITH("socket_dir", set_up, tear_down, fresh_and_open_under_a_root_of_ours, cannot_be_made,
               by_its_address_and_back, what_nobody_uses_is_swept)
