/* rest_listen: opens the listening sockets named by LISTEN and gives each to a libevhtp context. */
#include "common/clock.h"
#include "common/mem.h"
#include "common/log.h"
#include "services/rest/rest_internal.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 1024
#define WRITE_TIMEOUT_S 30

static bool socket_bind(int fd, const struct sockaddr *address, socklen_t len, const char *text, struct err *err)
{
	if (bind(fd, address, len) == -1 || listen(fd, BACKLOG) == -1)
		return err_set_errno(err, errno, "LISTEN: cannot listen on %s", text);
	return true;
}

static int open_unix(const char *path, struct err *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	if (strlen(path) >= sizeof(address.sun_path) || path[0] == '\0') {
		err_set(err, "LISTEN: unix:%s: the path must have 1 to %zu bytes", path, sizeof(address.sun_path) - 1);
		return -1;
	}
	memcpy(address.sun_path, path, strlen(path) + 1);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1) {
		err_set_errno(err, errno, "LISTEN: socket");
		return -1;
	}
	unlink(path); /* a stale one of an earlier run; whatever else is wrong, bind reports */
	if (!socket_bind(fd, (const struct sockaddr *)&address, sizeof(address), path, err)) {
		close(fd);
		return -1;
	}
	if (chmod(path, 0666) == -1)
		log_warn("event=socket-mode error=%s", log_quote(strerror(errno)));
	return fd;
}

static int open_address(const struct addrinfo *address, const char *text, struct err *err)
{
	int on = 1;
	int fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd == -1) {
		err_set_errno(err, errno, "LISTEN: socket");
		return -1;
	}
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == -1 ||
	    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == -1) { /* accepted sockets inherit it */
		err_set_errno(err, errno, "LISTEN: setsockopt");
		close(fd);
		return -1;
	}
	if (address->ai_family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) == -1)
		log_warn("event=socket-mode error=%s",
		         log_quote(strerror(errno))); /* IPv4 is listed beside it, or not wanted */
	if (!socket_bind(fd, address->ai_addr, address->ai_addrlen, text, err)) {
		close(fd);
		return -1;
	}
	return fd;
}

static bool port_valid(const char *text)
{
	long port = 0;

	for (const char *at = text; *at != '\0'; at++) {
		if (*at < '0' || *at > '9' || port > 65535)
			return false;
		port = port * 10 + (*at - '0');
	}
	return port >= 1 && port <= 65535;
}

/* "host:port", "[v6]:port". */
static int open_tcp(char *text, struct err *err)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
	struct addrinfo *found = NULL;
	char *colon = strrchr(text, ':');

	if (colon == NULL || colon == text || !port_valid(colon + 1)) {
		err_set(err, "LISTEN: %s: must be address:port (1 to 65535) or unix:/path", text);
		return -1;
	}
	char *shown = mem_dup(text), *host = text;
	*colon = '\0';
	if (host[0] == '[' && colon[-1] == ']') {
		colon[-1] = '\0';
		host++;
	}
	int fd = -1, failed = getaddrinfo(host, colon + 1, &hints, &found);
	if (failed != 0) {
		err_set(err, "LISTEN: %s: %s", shown, gai_strerror(failed));
	} else {
		fd = open_address(found, shown, err);
		freeaddrinfo(found);
	}
	free(shown);
	return fd;
}

/* Out of descriptors: libevent would spin on a readable listener, so look away until the next sweep. */
static void on_accept_error(struct evconnlistener *listener, void *arg)
{
	const evhtp_t *evhtp = arg;
	struct rest_server *server = evhtp->arg;

	log_warn("event=accept-failed error=%s", log_quote(strerror(errno)));
	evconnlistener_disable(listener);
	server->accept_paused = true;
}

/* libevhtp has made its half of a request. */
static void on_request(evhtp_request_t *peer, void *arg)
{
	struct rest_server *server = arg;
	struct rest_request *request = server->dispatching->request;

	request->peer = peer;
	if (request->early_status != 0) {
		rest_reply_early(request);
		return;
	}
	request->with_handler = true;
	request->match.route->on_request(request, server->service->owner);
}

static bool serve(struct rest_server *server, int fd, struct err *err)
{
	struct timeval write_timeout = clock_timeval(WRITE_TIMEOUT_S * INT64_C(1000000));
	evhtp_t *evhtp = evhtp_new(server->base, server);

	server->listeners = mem_array(server->listeners, server->listener_count + 1, sizeof(evhtp_t *));
	server->listeners[server->listener_count++] = evhtp;
	evhtp_set_bev_flags(evhtp, BEV_OPT_CLOSE_ON_FREE); /* not deferred: one turn of the loop less a request */
	evhtp_set_timeouts(evhtp, NULL, &write_timeout);
	evhtp_disable_flag(evhtp, EVHTP_FLAG_ENABLE_100_CONT);
	evhtp_set_gencb(evhtp, on_request, server);
	evhtp_set_post_accept_cb(evhtp, rest_conn_accept, server);
	if (evhtp_accept_socket(evhtp, fd, BACKLOG) == -1) {
		close(fd);
		return err_set(err, "LISTEN: libevhtp refused the socket");
	}
	evconnlistener_set_error_cb(evhtp->server, on_accept_error);
	return true;
}

bool rest_listen_open(struct rest_server *server, struct err *err)
{
	char *text = mem_dup(server->options.listen), *rest = text, *part;
	bool good = true;

	while (good && (part = strsep(&rest, ",")) != NULL) {
		int fd = strncmp(part, "unix:", 5) == 0 ? open_unix(part + 5, err) : open_tcp(part, err);
		good = fd != -1 && serve(server, fd, err);
	}
	free(text);
	return good;
}

void rest_listen_resume(struct rest_server *server)
{
	for (size_t i = 0; server->accept_paused && i < server->listener_count; i++) {
		if (server->listeners[i]->server != NULL)
			evconnlistener_enable(server->listeners[i]->server);
	}
	server->accept_paused = false;
}

void rest_listen_close(struct rest_server *server)
{
	for (size_t i = 0; i < server->listener_count; i++)
		evhtp_unbind_socket(server->listeners[i]);
}

void rest_listen_free(struct rest_server *server)
{
	rest_listen_close(server);
	for (size_t i = 0; i < server->listener_count; i++)
		evhtp_free(server->listeners[i]);
	free(server->listeners);
}
