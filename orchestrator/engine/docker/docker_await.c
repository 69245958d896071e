/* docker_await: the file is written beside its place and renamed, so that it is always whole. A container that was made
 * with the one before keeps that, as its mount holds the file and not the name. It is compared with what it should be once
 * in our life; later only that it is there is looked at. What fails may pass (a full disk): it is tried again with back-off.
 */
#include "orchestrator/engine/docker/docker_await.h"

#include "common/dir.h"
#include "common/err.h"
#include "common/log.h"
#include "common/mem.h"
#include "orchestrator/base/backoff.h"
#include "orchestrator/engine/docker/await_program.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define FILE_NAME "selfless-await"
#define MODE 0755

struct docker_await {
	char *state_dir;
	char *path;  /* NULL before the file was there once */
	bool is_off; /* it could not be used; that was said */
	struct backoff retry;
};

struct docker_await *docker_await_new(const char *state_dir)
{
	struct docker_await *await = mem_zero(sizeof(*await));

	await->state_dir = mem_dup(state_dir);
	return await;
}

void docker_await_free(struct docker_await *await)
{
	free(await->path);
	free(await->state_dir);
	free(await);
}

static const char *give_up(struct docker_await *await, const char *why)
{
	backoff_fail(&await->retry, RETRY_AWAIT);
	if (!await->is_off)
		log_warn("event=late-network-off error=%s", log_quote(why));
	await->is_off = true;
	return NULL;
}

/* --- the file -------------------------------------------------------------------------------------------------- */

static bool has_content(int fd)
{
	unsigned char part[16384];
	size_t at = 0;
	ssize_t n;

	while ((n = read(fd, part, sizeof(part))) > 0) {
		if ((size_t)n > await_program_size - at || memcmp(part, await_program + at, (size_t)n) != 0)
			return false;
		at += (size_t)n;
	}
	return n == 0 && at == await_program_size;
}

static bool is_ours(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct stat st;
	bool same;

	if (fd == -1)
		return false;
	same = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 0777) == MODE && has_content(fd);
	close(fd);
	return same;
}

static bool write_whole(int fd)
{
	size_t at = 0;
	ssize_t n;

	while (at < await_program_size) {
		n = write(fd, await_program + at, await_program_size - at);
		if (n == -1)
			return false;
		at += (size_t)n;
	}
	return true;
}

static bool write_file(const char *path, struct err *err)
{
	char *temporary = mem_format("%s.XXXXXX", path);
	int fd = mkostemp(temporary, O_CLOEXEC);
	bool ok = fd != -1 && write_whole(fd) && fchmod(fd, MODE) != -1 && rename(temporary, path) != -1;

	if (!ok)
		err_set_errno(err, errno, "cannot write %s", path);
	if (fd != -1) {
		close(fd);
		if (!ok)
			unlink(temporary);
	}
	free(temporary);
	return ok;
}

/* --- its folder ------------------------------------------------------------------------------------------------ */

/* As Docker needs it: absolute, and such that programs may be run from there. */
static bool find_folder(const char *state_dir, char folder[PATH_MAX], struct err *err)
{
	struct statvfs fs;

	if (!dir_make(state_dir, "state_dir", err))
		return false;
	if (realpath(state_dir, folder) == NULL || statvfs(folder, &fs) == -1)
		return err_set_errno(err, errno, "%s", state_dir);
	if ((fs.f_flag & ST_NOEXEC) != 0)
		return err_set(err, "no program can be run from %s, which is mounted noexec: choose another state_dir",
		               folder);
	return true;
}

static bool make_file(struct docker_await *await, struct err *err)
{
	char folder[PATH_MAX];
	char *path;

	if (!find_folder(await->state_dir, folder, err))
		return false;
	path = mem_format("%s/" FILE_NAME, folder);
	if (!is_ours(path) && !write_file(path, err)) {
		free(path);
		return false;
	}
	free(await->path);
	await->path = path;
	return true;
}

const char *docker_await_file(struct docker_await *await)
{
	struct err err;

	if (!backoff_due(&await->retry))
		return NULL;
	if ((await->path == NULL || access(await->path, X_OK) == -1) && !make_file(await, &err))
		return give_up(await, err.message);
	return await->path;
}

void docker_await_worked(struct docker_await *await)
{
	if (await->is_off)
		log_info("event=late-network-on");
	await->is_off = false;
	backoff_reset(&await->retry);
}

/* Docker names where the program is, here or in the container, and says nothing else of it. A file that is missing was
 * taken away: the next container gets a new one.
 */
bool docker_await_refused(struct docker_await *await, const char *message)
{
	if (await->path == NULL)
		return false;
	if (strstr(message, DOCKER_AWAIT_MOUNT) == NULL && strstr(message, await->path) == NULL)
		return false;
	if (access(await->path, X_OK) == 0)
		give_up(await, message);
	return true;
}
