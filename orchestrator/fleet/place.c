/* place: addresses of containers and their socket directories.
 *
 * A directory is named SERVICE_SLOT.XXXXXXXX: eight random hex digits, so that the next container of a slot never
 * meets the socket of the one before, and so that place_sweep knows its own.
 */
#include "orchestrator/fleet/place.h"

#include <arpa/inet.h>
#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/un.h>
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

bool place_published(const char *host, int port, struct backend_address *address)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};

	memset(address, 0, sizeof(*address));
	if (strcmp(host, "0.0.0.0") == 0)
		host = "127.0.0.1";
	if (strcmp(host, "::") == 0)
		host = "::1";
	if (inet_pton(AF_INET, host, &in.sin_addr) == 1) {
		memcpy(&address->addr, &in, sizeof(in));
		address->len = sizeof(in);
		snprintf(address->text, sizeof(address->text), "%s:%d", host, port);
		return true;
	}
	if (inet_pton(AF_INET6, host, &in6.sin6_addr) == 1) {
		memcpy(&address->addr, &in6, sizeof(in6));
		address->len = sizeof(in6);
		snprintf(address->text, sizeof(address->text), "[%s]:%d", host, port);
		return true;
	}
	return false;
}

void place_socket(const char *dir, struct backend_address *address)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	int len = snprintf(un.sun_path, sizeof(un.sun_path), "%s" SOCKET_NAME, dir);

	assert((size_t)len < sizeof(un.sun_path)); /* place_make_dir saw to it; reconcile checks foreign ones */
	memset(address, 0, sizeof(*address));
	memcpy(&address->addr, &un, sizeof(un));
	address->len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)len + 1);
	snprintf(address->text, sizeof(address->text), "unix:%s", un.sun_path);
}

void place_bridge(const struct sockaddr_storage *addr, socklen_t len, struct backend_address *address)
{
	char host[INET6_ADDRSTRLEN] = "?";

	memset(address, 0, sizeof(*address));
	address->addr = *addr;
	address->len = len;
	if (addr->ss_family == AF_INET) {
		const struct sockaddr_in *in = (const struct sockaddr_in *)addr;

		inet_ntop(AF_INET, &in->sin_addr, host, sizeof(host));
		snprintf(address->text, sizeof(address->text), "%s:%d", host, ntohs(in->sin_port));
	} else if (addr->ss_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)addr;

		inet_ntop(AF_INET6, &in6->sin6_addr, host, sizeof(host));
		snprintf(address->text, sizeof(address->text), "[%s]:%d", host, ntohs(in6->sin6_port));
	}
}
