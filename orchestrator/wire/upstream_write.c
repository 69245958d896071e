/* upstream_write: connects, and writes the request; what the socket does not take at once waits for it. */
#include "orchestrator/wire/upstream_private.h"

#include "orchestrator/base/loop.h"
#include "orchestrator/base/net_fault.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>

#define CONNECT_AGAIN_US 2000 /* the listener's backlog was full: no back-off, the request's deadline bounds it */

static ssize_t write_some(struct upstream *upstream)
{
	struct http_text parts[2] = {upstream->request.head, upstream->request.body};
	struct iovec iov[2];
	int count = 0;
	size_t skip = upstream->written;

	for (int i = 0; i < 2; i++) {
		size_t take = skip < parts[i].len ? skip : parts[i].len;
		skip -= take;
		if (parts[i].len > take)
			iov[count++] = (struct iovec){(char *)(uintptr_t)parts[i].data + take, parts[i].len - take};
	}
	if (count == 0)
		return 0;
	if (count == 1)
		return send(upstream->fd, iov->iov_base, iov->iov_len, MSG_NOSIGNAL);
	struct msghdr message = {.msg_iov = iov, .msg_iovlen = (size_t)count};
	return sendmsg(upstream->fd, &message, MSG_NOSIGNAL);
}

static void on_writable(evutil_socket_t fd, short what, void *arg);

static void wait_writable(struct upstream *upstream)
{
	if (upstream->writable == NULL)
		upstream->writable = loop_event_new(upstream->settings.base, LOOP_CLIENTS, upstream->fd,
		                                    EV_WRITE | EV_ET, on_writable, upstream);
	event_add(upstream->writable, NULL);
}

/* What the reading side finds decides, and it may have been told of the end already. */
static void give_up_writing(struct upstream *upstream)
{
	upstream->write_failed = true;
	if (upstream->paused)
		return;
	event_del(upstream->readable);
	event_add(upstream->readable, NULL);
}

/* A server may answer and close before it read all of the request: a failed write ends the writing. */
static void write_request(struct upstream *upstream)
{
	size_t whole = (size_t)upstream->request.head.len + upstream->request.body.len;

	while (upstream->written < whole && !upstream->write_failed) {
		ssize_t put = write_some(upstream);
		if (put > 0) {
			upstream->written += (size_t)put;
		} else if (errno == EAGAIN) {
			wait_writable(upstream);
			return;
		} else if (errno != EINTR) {
			give_up_writing(upstream);
		}
	}
}

void upstream_start(struct upstream *upstream)
{
	upstream->state = UPSTREAM_BUSY;
	upstream_expect_progress(upstream);
	write_request(upstream);
}

static void begin_exchange(struct upstream *upstream)
{
	event_add(upstream->readable, NULL);
	upstream_start(upstream);
}

/* Our own shortage is no evidence against the server. */
static enum upstream_failure failure_of(int problem)
{
	return net_fault(problem) == NET_FAULT_OURS ? UPSTREAM_LOCAL : UPSTREAM_CONNECT;
}

static void on_connected(struct upstream *upstream)
{
	int problem = 0;
	socklen_t len = sizeof(problem);

	if (getsockopt(upstream->fd, SOL_SOCKET, SO_ERROR, &problem, &len) == -1)
		problem = errno;
	if (problem != 0) {
		upstream_fail(upstream, failure_of(problem));
		return;
	}
	begin_exchange(upstream);
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	struct upstream *upstream = arg;
	clock_us();
	if (upstream->state == UPSTREAM_CONNECTING)
		on_connected(upstream);
	else if (upstream->state == UPSTREAM_BUSY) {
		upstream_expect_progress(upstream);
		if (upstream->pulse != NULL)
			pulse_hear(upstream->pulse, clock_recent_us()); /* it took some of the request */
		write_request(upstream);
	}
}

static void on_connect_again(evutil_socket_t fd, short what, void *arg);

/* A unix socket whose backlog is full says EAGAIN, and cannot be waited for. */
static void connect_later(struct upstream *upstream)
{
	if (upstream->again == NULL)
		upstream->again =
		        loop_event_new(upstream->settings.base, LOOP_CLIENTS, -1, 0, on_connect_again, upstream);
	event_add(upstream->again, &(struct timeval){0, CONNECT_AGAIN_US});
}

static void try_connect(struct upstream *upstream)
{
	const struct address *address = upstream->address;

	if (connect(upstream->fd, (const struct sockaddr *)&address->addr, address->len) == 0)
		begin_exchange(upstream);
	else if (errno == EINPROGRESS)
		wait_writable(upstream);
	else if (errno == EAGAIN && address->addr.ss_family == AF_UNIX)
		connect_later(upstream);
	else
		upstream_fail_later(upstream, failure_of(errno));
}

static void on_connect_again(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	try_connect(arg);
}

/* The server is on this host: a congestion control that paces (bbr) would only set timers; Reno is always there, and
 * may be chosen by everybody (tcp(7)). */
static void tune(int fd)
{
	static const char reno[] = "reno";

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
	setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, reno, sizeof(reno) - 1);
}

void upstream_open(struct upstream *upstream)
{
	int family = upstream->address->addr.ss_family;

	upstream->fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (upstream->fd == -1) {
		upstream_fail_later(upstream, failure_of(errno));
		return;
	}
	if (family != AF_UNIX)
		tune(upstream->fd);
	upstream->readable = loop_event_new(upstream->settings.base, LOOP_CLIENTS, upstream->fd,
	                                    EV_READ | EV_CLOSED | EV_ET | EV_PERSIST, upstream_on_readable, upstream);
	try_connect(upstream);
}
