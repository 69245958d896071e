/* activation: the variables, then each descriptor: what is it, where is it bound. */
#include "orchestrator/systemd/activation.h"

#include "common/log.h"
#include "common/mem.h"
#include "orchestrator/base/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#define TEXT_SIZE 128

struct inherited {
	int fd; /* -1: taken */
	struct address address;
	bool v6_alone;
	char text[TEXT_SIZE];
	char *name;
};

struct activation {
	struct inherited *sockets;
	size_t count;
};

/* --- the variables --------------------------------------------------------------------------------------------- */

static bool read_number(const char *name, const char *text, long max, long *number, struct err *err)
{
	char *end;

	errno = 0;
	*number = strtol(text, &end, 10);
	if (text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0 && *number <= max)
		return true;
	return err_set(err, "%s is \"%s\": it must be a number from 0 to %ld", name, text, max);
}

/* 0 where the sockets are not meant for us. */
static bool read_count(size_t *count, struct err *err)
{
	const char *pid_text = getenv("LISTEN_PID"), *count_text = getenv("LISTEN_FDS");
	long pid, fds;

	*count = 0;
	if (pid_text == NULL || count_text == NULL)
		return true;
	if (!read_number("LISTEN_PID", pid_text, INT_MAX, &pid, err))
		return false;
	if (pid != (long)getpid())
		return true;
	if (!read_number("LISTEN_FDS", count_text, ACTIVATION_MOST_FDS, &fds, err))
		return false;
	*count = (size_t)fds;
	return true;
}

/* "a:b:c" */
static bool read_names(struct activation *activation, struct err *err)
{
	const char *names = getenv("LISTEN_FDNAMES");
	size_t i = 0;

	for (; names != NULL && i < activation->count; i++) {
		size_t len = strcspn(names, ":");
		activation->sockets[i].name = mem_dup_n(names, len);
		names = names[len] == ':' ? names + len + 1 : NULL;
	}
	if (names != NULL && i > 0)
		return err_set(err, "LISTEN_FDNAMES has more names than the %zu of LISTEN_FDS", activation->count);
	if (i > 0 && i < activation->count)
		return err_set(err, "LISTEN_FDNAMES has %zu names for the %zu of LISTEN_FDS", i, activation->count);
	for (; i < activation->count; i++)
		activation->sockets[i].name = mem_dup("unknown");
	return true;
}

/* --- a socket -------------------------------------------------------------------------------------------------- */

static bool set_flags(int fd)
{
	int descriptor = fcntl(fd, F_GETFD), status = fcntl(fd, F_GETFL);

	return descriptor != -1 && status != -1 && fcntl(fd, F_SETFD, descriptor | FD_CLOEXEC) != -1 &&
	       fcntl(fd, F_SETFL, status | O_NONBLOCK) != -1;
}

static bool has_option(int fd, int option, int value)
{
	int is = 0;
	socklen_t len = sizeof(is);

	return getsockopt(fd, SOL_SOCKET, option, &is, &len) != -1 && is == value;
}

static void name_address(struct inherited *inherited)
{
	const struct sockaddr_storage *addr = &inherited->address.addr;
	char host[INET6_ADDRSTRLEN] = "";

	if (addr->ss_family == AF_INET) {
		const struct sockaddr_in *v4 = (const struct sockaddr_in *)addr;
		inet_ntop(AF_INET, &v4->sin_addr, host, sizeof(host));
		snprintf(inherited->text, TEXT_SIZE, "%s:%u", host, ntohs(v4->sin_port));
	} else if (addr->ss_family == AF_INET6) {
		const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)addr;
		inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof(host));
		snprintf(inherited->text, TEXT_SIZE, "[%s]:%u", host, ntohs(v6->sin6_port));
	} else if (addr->ss_family == AF_UNIX) {
		const struct sockaddr_un *un = (const struct sockaddr_un *)addr;
		int len = (int)inherited->address.len - (int)offsetof(struct sockaddr_un, sun_path);
		bool abstract = len > 0 && un->sun_path[0] == '\0';
		snprintf(inherited->text, TEXT_SIZE, "unix:%s%.*s", abstract ? "@" : "",
		         len > abstract ? len - abstract : 0, un->sun_path + abstract);
	} else {
		snprintf(inherited->text, TEXT_SIZE, "family %d", addr->ss_family);
	}
}

static bool inspect(int fd, struct inherited *inherited, struct err *err)
{
	struct address *address = &inherited->address;
	int v6_alone = 0;
	socklen_t len = sizeof(v6_alone);

	inherited->fd = fd;
	if (!set_flags(fd))
		return err_set_errno(err, errno, "LISTEN_FDS counts descriptor %d, which cannot be used", fd);
	address->len = sizeof(address->addr);
	if (!has_option(fd, SO_TYPE, SOCK_STREAM) || !has_option(fd, SO_ACCEPTCONN, 1) ||
	    getsockname(fd, (struct sockaddr *)&address->addr, &address->len) == -1)
		return err_set(err,
		               "LISTEN_FDS: descriptor %d is no listening stream socket; the socket unit needs "
		               "ListenStream= and Accept=no",
		               fd);
	if (address->addr.ss_family == AF_INET6 && getsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6_alone, &len) != -1)
		inherited->v6_alone = v6_alone != 0;
	name_address(inherited);
	return true;
}

/* --- life ------------------------------------------------------------------------------------------------------ */

static bool read_all(struct activation *activation, int first_fd, struct err *err)
{
	if (!read_count(&activation->count, err))
		return false;
	activation->sockets = mem_zero((activation->count + 1) * sizeof(*activation->sockets));
	for (size_t i = 0; i < activation->count; i++)
		activation->sockets[i].fd = -1;
	for (size_t i = 0; i < activation->count; i++)
		if (!inspect(first_fd + (int)i, &activation->sockets[i], err))
			return false;
	return read_names(activation, err);
}

bool activation_open(int first_fd, struct activation **result, struct err *err)
{
	struct activation *activation = mem_zero(sizeof(*activation));
	bool ok = read_all(activation, first_fd, err);

	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
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
			log_warn("event=socket-unused address=%s name=%s error=\"no address of ours: it is closed\"",
			         log_quote(inherited->text), log_quote(inherited->name));
			close(inherited->fd);
		}
		free(inherited->name);
	}
	free(activation->sockets);
	free(activation);
}

size_t activation_count(const struct activation *activation)
{
	return activation->count;
}

const char *activation_address(const struct activation *activation, size_t i)
{
	return activation->sockets[i].text;
}

const char *activation_name(const struct activation *activation, size_t i)
{
	return activation->sockets[i].name;
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
