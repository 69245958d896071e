/* socket_dir: see the header. */
#include "orchestrator/engine/socket_dir.h"

#include "common/dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define SUFFIX_LEN 8
#define SOCKET_NAME "/http"

bool socket_dir_make(const char *root, const char *service, int slot, char dir[SOCKET_DIR_SIZE], struct err *err)
{
	struct address address;
	unsigned random = 0;

	dir[0] = '\0';
	if (!dir_make(root, "socket_dir", err))
		return false;
	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) == -1)
		return err_set_errno(err, errno, "no random numbers yet");
	snprintf(dir, SOCKET_DIR_SIZE, "%s/%s_%d.%08x", root, service, slot, random);
	if (!socket_dir_address(dir, &address)) {
		dir[0] = '\0';
		return err_set(err, "the path of a unix socket would be too long: choose a shorter socket_dir than %s",
		               root);
	}
	/* chmod, since mkdir's mode is cut by the umask */
	if (mkdir(dir, 0700) == -1 || chmod(dir, 0777) == -1) {
		err_set_errno(err, errno, "cannot make directory %s", dir);
		dir[0] = '\0';
		return false;
	}
	return true;
}

static bool is_ours(const char *name)
{
	size_t len = strlen(name);
	const char *dot = strrchr(name, '.');

	return len > SUFFIX_LEN + 1 && dot == name + len - SUFFIX_LEN - 1 &&
	       strspn(dot + 1, "0123456789abcdef") == SUFFIX_LEN && strchr(name, '_') != NULL;
}

void socket_dir_remove(const char *dir)
{
	const char *slash = strrchr(dir, '/');
	const struct dirent *entry;
	DIR *stream;

	if (slash == NULL || !is_ours(slash + 1))
		return;
	stream = opendir(dir);
	if (stream == NULL)
		return;
	while ((entry = readdir(stream)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			(void)unlinkat(dirfd(stream), entry->d_name, 0);
	closedir(stream);
	(void)rmdir(dir);
}

bool socket_dir_usable(const char *dir)
{
	return access(dir, W_OK | X_OK) == 0;
}

bool socket_dir_address(const char *dir, struct address *address)
{
	char path[SOCKET_DIR_SIZE + sizeof(SOCKET_NAME)];
	int len = snprintf(path, sizeof(path), "%s" SOCKET_NAME, dir);

	*address = (struct address){.len = 0};
	return (size_t)len < sizeof(path) && address_of_path(path, address);
}

bool socket_dir_of(const struct address *address, char dir[SOCKET_DIR_SIZE])
{
	const struct sockaddr_un *un = (const struct sockaddr_un *)&address->addr;
	size_t tail = sizeof(SOCKET_NAME) - 1;
	size_t len = 0;

	if (address->addr.ss_family == AF_UNIX)
		len = strnlen(un->sun_path, sizeof(un->sun_path));
	if (len <= tail || memcmp(un->sun_path + len - tail, SOCKET_NAME, tail) != 0)
		return false;
	snprintf(dir, SOCKET_DIR_SIZE, "%.*s", (int)(len - tail), un->sun_path);
	return true;
}

void socket_dirs_sweep(const char *root, bool (*is_used)(const char *dir, const void *arg), const void *arg)
{
	const struct dirent *entry;
	DIR *stream = opendir(root);

	if (stream == NULL)
		return;
	while ((entry = readdir(stream)) != NULL) {
		char dir[SOCKET_DIR_SIZE];
		int len = snprintf(dir, sizeof(dir), "%s/%s", root, entry->d_name);

		if ((size_t)len < sizeof(dir) && !is_used(dir, arg))
			socket_dir_remove(dir);
	}
	closedir(stream);
}
