/* local: bound under another name, made as it is to be, and then put in place.
 *
 *   folder -> does anybody answer at the name? -> bind at NAME.new, owner and mode, listen -> rename over the name
 *
 * Invariant: at no moment can more people connect than are meant to, and a name that answers is never taken away.
 */
#include "orchestrator/admin/local.h"

#include "common/dir.h"
#include "common/mem.h"
#include "orchestrator/base/address.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define GROUPS_MAX 1024
#define FOLDER_MODE 0710

struct local {
	int fd;
	char *path;
	struct stat as_made;
};

/* --- the folder ------------------------------------------------------------------------------------------------ */

static bool make_folder(const char *folder, struct err *err)
{
	struct stat st;

	if (stat(folder, &st) != -1)
		return true;
	if (!dir_make(folder, "socket_dir", err))
		return false;
	return chmod(folder, FOLDER_MODE) != -1 || err_set_errno(err, errno, "cannot change the mode of %s", folder);
}

/* --- what is there already ------------------------------------------------------------------------------------- */

static bool answers(const struct address *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool connected = fd != -1 && connect(fd, (const struct sockaddr *)&address->addr, address->len) != -1;
	bool nobody = fd != -1 && !connected && (errno == ECONNREFUSED || errno == ENOENT);

	if (fd != -1)
		close(fd);
	return !nobody; /* not even where we may not ask, or have no descriptor for it */
}

static bool is_free(const char *path, const struct address *address, struct err *err)
{
	struct stat st;

	if (lstat(path, &st) == -1)
		return errno == ENOENT || err_set_errno(err, errno, "%s cannot be looked at", path);
	if (!S_ISSOCK(st.st_mode))
		return err_set(err, "%s is there and is no socket", path);
	return !answers(address) || err_set(err, "another program answers at %s", path);
}

/* --- making ---------------------------------------------------------------------------------------------------- */

/* A folder may hand its own group on. Else nothing is to be changed, and chown is not called: a service's sandbox may
 * forbid it even then. */
static bool give_to_group(const char *path)
{
	struct stat st;

	return lstat(path, &st) != -1 && (st.st_gid == getegid() || chown(path, (uid_t)-1, getegid()) != -1);
}

static bool bind_at(int fd, const char *path, int backlog, struct err *err)
{
	struct address address;

	if (!address_of_path(path, &address))
		return err_set(err, "%s is too long for a socket's path: choose a shorter socket_dir", path);
	unlink(path);
	if (fchmod(fd, 0) == -1 || bind(fd, (const struct sockaddr *)&address.addr, address.len) == -1 ||
	    !give_to_group(path) || chmod(path, LOCAL_MODE) == -1 || listen(fd, backlog) == -1)
		return err_set_errno(err, errno, "cannot listen at %s", path);
	return true;
}

static bool put_in_place(struct local *local, int backlog, struct err *err)
{
	char *new = mem_format("%s.new", local->path);
	bool ok = bind_at(local->fd, new, backlog, err);

	if (ok && (rename(new, local->path) == -1 || lstat(local->path, &local->as_made) == -1))
		ok = err_set_errno(err, errno, "cannot listen at %s", local->path);
	if (!ok)
		unlink(new);
	free(new);
	return ok;
}

static bool open_at(struct local *local, int backlog, struct err *err)
{
	struct address address;

	if (!address_of_path(local->path, &address))
		return err_set(err, "%s is too long for a socket's path: choose a shorter socket_dir", local->path);
	if (!is_free(local->path, &address, err))
		return false;
	local->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (local->fd == -1)
		return err_set_errno(err, errno, "cannot make a socket");
	if (put_in_place(local, backlog, err))
		return true;
	close(local->fd);
	return false;
}

bool local_listen(const char *folder, int backlog, struct local **result, struct err *err)
{
	struct local *local = mem_zero(sizeof(*local));

	local->path = mem_format("%s/" LOCAL_NAME, folder);
	if (!make_folder(folder, err) || !open_at(local, backlog, err)) {
		free(local->path);
		free(local);
		return false;
	}
	*result = local;
	return true;
}

int local_fd(const struct local *local)
{
	return local->fd;
}

const char *local_path(const struct local *local)
{
	return local->path;
}

void local_free(struct local *local)
{
	struct stat now;

	if (local == NULL)
		return;
	if (lstat(local->path, &now) != -1 && now.st_ino == local->as_made.st_ino &&
	    now.st_dev == local->as_made.st_dev)
		unlink(local->path);
	free(local->path);
	free(local);
}

/* --- who may --------------------------------------------------------------------------------------------------- */

bool local_may(uid_t uid, const gid_t *groups, size_t count, uid_t our_uid, gid_t our_gid)
{
	if (uid == 0 || uid == our_uid)
		return true;
	for (size_t i = 0; i < count; i++)
		if (groups[i] == our_gid)
			return true;
	return false;
}

/* The peer's own group first, then its others. */
bool local_peer_may(int fd)
{
	struct ucred peer;
	gid_t groups[GROUPS_MAX];
	socklen_t len = sizeof(peer), others = sizeof(groups) - sizeof(*groups);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == -1 || peer.uid == (uid_t)-1)
		return false;
	groups[0] = peer.gid;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, &groups[1], &others) == -1)
		others = 0;
	return local_may(peer.uid, groups, 1 + others / sizeof(*groups), geteuid(), getegid());
}
