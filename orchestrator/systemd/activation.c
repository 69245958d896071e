/* activation: libsystemd reads the variables; then each descriptor: what is it, where is it bound. */
#include "orchestrator/systemd/activation.h"

#include "common/log.h"
#include "common/mem.h"
#include "orchestrator/base/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#define VARIABLES_SIZE 400

struct inherited {
	int fd; /* -1: taken */
	struct address address;
	bool v6_alone;
	char *name;
};

struct activation {
	struct inherited *sockets;
	size_t count;
};

/* --- a socket -------------------------------------------------------------------------------------------------- */

static bool inspect(int fd, struct inherited *inherited, struct err *err)
{
	struct address *address = &inherited->address;
	int status = fcntl(fd, F_GETFL), v6_alone = 0;
	socklen_t len = sizeof(v6_alone);

	inherited->fd = fd;
	address->len = sizeof(address->addr);
	if (sd_is_socket(fd, AF_UNSPEC, SOCK_STREAM, 1) <= 0 ||
	    getsockname(fd, (struct sockaddr *)&address->addr, &address->len) == -1)
		return err_set(err,
		               "LISTEN_FDS: descriptor %d is no listening stream socket; the socket unit needs "
		               "ListenStream= and Accept=no",
		               fd);
	if (status == -1 || fcntl(fd, F_SETFL, status | O_NONBLOCK) == -1)
		return err_set_errno(err, errno, "LISTEN_FDS counts descriptor %d, which cannot be used", fd);
	if (address->addr.ss_family == AF_INET6 && getsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6_alone, &len) != -1)
		inherited->v6_alone = v6_alone != 0;
	return true;
}

/* --- life ------------------------------------------------------------------------------------------------------ */

/* The names are the caller's. -1 with what the variables were. */
static int read_variables(char ***names, struct err *err)
{
	const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS"), *said = getenv("LISTEN_FDNAMES");
	char were[VARIABLES_SIZE];

	snprintf(were, sizeof(were), "LISTEN_PID is \"%s\", LISTEN_FDS is \"%s\", LISTEN_FDNAMES is \"%s\"",
	         pid != NULL ? pid : "", count != NULL ? count : "", said != NULL ? said : "");
	int found = sd_listen_fds_with_names(1, names);
	if (found >= 0)
		return found;
	err_set_errno(err, -found, "the sockets of systemd cannot be used: %s", were);
	return -1;
}

static bool inspect_all(struct activation *activation, char *const *names, struct err *err)
{
	activation->sockets = mem_zero((activation->count + 1) * sizeof(*activation->sockets));
	for (size_t i = 0; i < activation->count; i++) {
		activation->sockets[i].fd = -1;
		activation->sockets[i].name = mem_dup(names[i]);
	}
	for (size_t i = 0; i < activation->count; i++)
		if (!inspect(SD_LISTEN_FDS_START + (int)i, &activation->sockets[i], err))
			return false;
	return true;
}

static void free_names(char **names)
{
	for (size_t i = 0; names != NULL && names[i] != NULL; i++)
		free(names[i]);
	free(names);
}

bool activation_open(struct activation **result, struct err *err)
{
	struct activation *activation = mem_zero(sizeof(*activation));
	char **names = NULL;
	int count = read_variables(&names, err);

	activation->count = count > 0 ? (size_t)count : 0;
	bool ok = count >= 0 && inspect_all(activation, names, err);
	free_names(names);
	if (!ok) {
		activation_free(activation);
		return false;
	}
	*result = activation;
	return true;
}

void activation_free(struct activation *activation)
{
	if (activation == NULL)
		return;
	for (size_t i = 0; i < activation->count; i++) {
		struct inherited *inherited = &activation->sockets[i];
		if (inherited->fd != -1) {
			char text[ADDRESS_TEXT_SIZE];
			address_format(&inherited->address, text);
			log_warn("event=socket-unused address=%s name=%s error=\"no address of ours: it is closed\"",
			         log_quote(text), log_quote(inherited->name));
			close(inherited->fd);
		}
		free(inherited->name);
	}
	free(activation->sockets);
	free(activation);
}

/* --- taking ---------------------------------------------------------------------------------------------------- */

static bool is_same(const struct address *a, const struct address *b)
{
	if (a->addr.ss_family != b->addr.ss_family)
		return false;
	if (a->addr.ss_family == AF_INET) {
		const struct sockaddr_in *x = (const struct sockaddr_in *)&a->addr;
		const struct sockaddr_in *y = (const struct sockaddr_in *)&b->addr;
		return x->sin_port == y->sin_port && x->sin_addr.s_addr == y->sin_addr.s_addr;
	}
	const struct sockaddr_in6 *x = (const struct sockaddr_in6 *)&a->addr;
	const struct sockaddr_in6 *y = (const struct sockaddr_in6 *)&b->addr;
	return a->addr.ss_family == AF_INET6 && x->sin6_port == y->sin6_port &&
	       IN6_ARE_ADDR_EQUAL(&x->sin6_addr, &y->sin6_addr);
}

/* 0.0.0.0 is wanted, and this is [::] with the same port. */
static bool serves_any_v4(const struct inherited *inherited, const struct address *wanted)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)&wanted->addr;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&inherited->address.addr;

	return wanted->addr.ss_family == AF_INET && v4->sin_addr.s_addr == htonl(INADDR_ANY) &&
	       v6->sin6_family == AF_INET6 && !inherited->v6_alone && v6->sin6_port == v4->sin_port &&
	       IN6_IS_ADDR_UNSPECIFIED(&v6->sin6_addr);
}

int activation_take(const char *text, void *arg)
{
	struct activation *activation = arg;
	struct inherited *found = NULL;
	struct address wanted;

	if (activation == NULL || !address_parse(text, &wanted))
		return -1;
	for (size_t i = 0; i < activation->count; i++) {
		struct inherited *inherited = &activation->sockets[i];
		if (inherited->fd == -1)
			continue;
		bool same = is_same(&inherited->address, &wanted);
		if (same || (found == NULL && serves_any_v4(inherited, &wanted)))
			found = inherited;
		if (same)
			break;
	}
	if (found == NULL)
		return -1;
	int fd = found->fd;
	found->fd = -1;
	return fd;
}
