/* local: the socket that is made, what it replaces and what it leaves, and who may speak there. */
#include "orchestrator/admin/local.h"

#include "common/mem.h"
#include "orchestrator/base/address.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[64], *folder, *path;
static struct local *local;
static struct err err;

static void make(void)
{
	snprintf(root, sizeof(root), "/tmp/local-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(root));
	folder = mem_format("%s/run", root);
	path = mem_format("%s/" LOCAL_NAME, folder);
	umask(077); /* as the unit has it */
}

static void clear(void)
{
	unlink(path);
	rmdir(folder);
	ck_assert_msg(rmdir(root) == 0, "something is left: %s", strerror(errno));
	free(folder);
	free(path);
}

static void open_local(void)
{
	ck_assert_msg(local_listen(folder, 8, &local, &err), "%s", err.message);
	ck_assert_str_eq(local_path(local), path);
}

static void close_local(void)
{
	close(local_fd(local));
	local_free(local);
}

static mode_t mode_of(const char *name)
{
	struct stat st;

	ck_assert(lstat(name, &st) == 0);
	return st.st_mode;
}

/* -1: nobody answers. */
static int connect_to_it(void)
{
	struct address address;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	ck_assert(address_of_path(path, &address));
	if (connect(fd, (struct sockaddr *)&address.addr, address.len) == 0)
		return fd;
	close(fd);
	return -1;
}

START_TEST(for_the_user_and_the_group)
{
	struct stat st;

	open_local();
	ck_assert_uint_eq(mode_of(path), S_IFSOCK | 0660);
	ck_assert_uint_eq(mode_of(folder), S_IFDIR | 0710);
	ck_assert(stat(path, &st) == 0 && st.st_gid == getegid());
	ck_assert_int_eq(fcntl(local_fd(local), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	int client = connect_to_it(), server = accept(local_fd(local), NULL, NULL);
	ck_assert(client != -1 && server != -1);
	ck_assert(local_peer_may(server));
	close(client);
	close(server);
	close_local();
	ck_assert(access(path, F_OK) == -1);
	local_free(NULL);
}
END_TEST

START_TEST(a_folder_that_is_there_stays_as_it_is)
{
	ck_assert(mkdir(folder, 0755) == 0 && chmod(folder, 0755) == 0);
	open_local();
	ck_assert_uint_eq(mode_of(folder), S_IFDIR | 0755);
	close_local();
}
END_TEST

START_TEST(a_stale_one_is_replaced)
{
	open_local();
	close(local_fd(local)); /* killed: the name stays */
	struct local *dead = local;
	open_local();
	int client = connect_to_it();
	ck_assert_int_ne(client, -1);
	local_free(dead); /* takes away its own name alone */
	ck_assert(access(path, F_OK) == 0);
	close(client);
	close_local();
}
END_TEST

START_TEST(one_that_answers_stays)
{
	struct local *second;

	open_local();
	ck_assert(!local_listen(folder, 8, &second, &err));
	ck_assert_msg(strstr(err.message, "another program answers at ") != NULL, "%s", err.message);
	int client = connect_to_it();
	ck_assert_int_ne(client, -1);
	close(client);
	close_local();
}
END_TEST

/* Its backlog is full: it does not accept, but it is there. */
START_TEST(one_that_is_busy_stays)
{
	struct local *second;
	int clients[3];

	ck_assert(local_listen(folder, 0, &local, &err));
	for (int i = 0; i < 3; i++)
		clients[i] = connect_to_it();
	ck_assert_int_eq(clients[2], -1);
	ck_assert(!local_listen(folder, 8, &second, &err));
	for (int i = 0; i < 3; i++)
		if (clients[i] != -1)
			close(clients[i]);
	close_local();
}
END_TEST

START_TEST(what_is_no_socket_stays)
{
	ck_assert(mkdir(folder, 0700) == 0);
	close(open(path, O_CREAT | O_WRONLY, 0600));
	ck_assert(!local_listen(folder, 8, &local, &err));
	ck_assert_msg(strstr(err.message, "is there and is no socket") != NULL, "%s", err.message);
	ck_assert(S_ISREG(mode_of(path)));
}
END_TEST

START_TEST(where_it_cannot_be)
{
	char long_name[200];

	memset(long_name, 'x', sizeof(long_name));
	memcpy(long_name, "/tmp/", 5);
	long_name[sizeof(long_name) - 1] = '\0';
	ck_assert(!local_listen("/proc/nothing/here", 8, &local, &err));
	ck_assert_msg(strstr(err.message, "cannot make directory") != NULL, "%s", err.message);
	ck_assert(!local_listen(long_name, 8, &local, &err));
	ck_assert_msg(strstr(err.message, "too long") != NULL, "%s", err.message);
	rmdir(long_name);
}
END_TEST

START_TEST(who_may)
{
	static const gid_t groups[] = {100, 7};

	ck_assert(local_may(0, NULL, 0, 1000, 50));
	ck_assert(local_may(1000, NULL, 0, 1000, 50));
	ck_assert(!local_may(1001, groups, 2, 1000, 50));
	ck_assert(local_may(1001, groups, 2, 1000, 7));
	ck_assert(!local_may(1001, groups, 1, 1000, 7));
}
END_TEST

UNIT_MAIN_WITH("local", make, clear, for_the_user_and_the_group, a_folder_that_is_there_stays_as_it_is,
               a_stale_one_is_replaced, one_that_answers_stays, one_that_is_busy_stays, what_is_no_socket_stays,
               where_it_cannot_be, who_may)
