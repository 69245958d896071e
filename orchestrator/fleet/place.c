/* place: addresses of containers and their socket directories.
 *
 * A directory is named SERVICE_SLOT.XXXXXXXX: eight random hex digits, so that the next container of a slot never
 * meets the socket of the one before, and so that place_sweep knows its own.
 */
#include "orchestrator/fleet/place.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define SUFFIX_LEN 8
#define SOCKET_NAME "/http"

void place_socket_root(const struct config *config, char root[PLACE_DIR_SIZE])
{
	if (config->socket_dir != NULL && config->socket_dir[0] != '\0')
		snprintf(root, PLACE_DIR_SIZE, "%s", config->socket_dir);
	else
		snprintf(root, PLACE_DIR_SIZE, "/run/%s", config->name);
}

/* mkdir -p, the last part for us alone: the sockets below are writable by everybody who gets there. */
static bool make_root(const char *root, struct err *err)
{
	char path[PLACE_DIR_SIZE];

	snprintf(path, sizeof(path), "%s", root);
	for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(path, 0755) == -1 && errno != EEXIST)
			return err_set_errno(err, errno, "cannot make directory %s", path);
		*slash = '/';
	}
	if (mkdir(path, 0700) == -1 && errno != EEXIST)
		return err_set_errno(err, errno, "cannot make directory %s (socket_dir)", path);
	return true;
}

bool place_make_dir(const char *root, const char *service, int slot, char dir[PLACE_DIR_SIZE], struct err *err)
{
	unsigned random = 0;
	int len;

	if (!make_root(root, err))
		return false;
	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) == -1)
		return err_set_errno(err, errno, "no random numbers yet");
	len = snprintf(dir, PLACE_DIR_SIZE, "%s/%s_%d.%08x", root, service, slot, random);
	if (len > PLACE_DIR_MAX) {
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

bool place_dir_exists(const char *dir)
{
	return dir[0] == '\0' || access(dir, W_OK | X_OK) == 0;
}

void place_remove_dir(const char *dir)
{
	DIR *stream;
	struct dirent *entry;

	if (dir[0] == '\0')
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

static bool is_ours(const char *name)
{
	size_t len = strlen(name);
	const char *dot = strrchr(name, '.');

	return len > SUFFIX_LEN + 1 && dot == name + len - SUFFIX_LEN - 1 &&
	       strspn(dot + 1, "0123456789abcdef") == SUFFIX_LEN && strchr(name, '_') != NULL;
}

static bool is_used(const char *dir, const struct engine_container *containers, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(containers[i].socket_dir, dir) == 0)
			return true;
	return false;
}

void place_sweep(const char *root, const struct engine_container *containers, size_t count)
{
	DIR *stream = opendir(root);
	struct dirent *entry;

	if (stream == NULL)
		return;
	while ((entry = readdir(stream)) != NULL) {
		char dir[PLACE_DIR_SIZE];
		int len = snprintf(dir, sizeof(dir), "%s/%s", root, entry->d_name);

		if ((size_t)len < sizeof(dir) && is_ours(entry->d_name) && !is_used(dir, containers, count))
			place_remove_dir(dir);
	}
	closedir(stream);
}

bool place_published(const char *host, int port, struct address *address)
{
	bool is_address = address_of_host(host, port, address);

	address_make_reachable(address);
	return is_address;
}

void place_socket(const char *dir, struct address *address)
{
	char path[PLACE_DIR_SIZE + sizeof(SOCKET_NAME)];
	bool fits;

	snprintf(path, sizeof(path), "%s" SOCKET_NAME, dir);
	fits = address_of_path(path, address);
	assert(fits); /* place_make_dir saw to it; reconcile checks foreign ones */
}
