/* upstream_write: connects, and writes the request; what the socket does not take at once waits for it. */
#include "orchestrator/wire/upstream_private.h"

#include "orchestrator/base/net_fault.h"
#include "orchestrator/base/timer.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#define CONNECT_AGAIN_US 2000 /* the listener's backlog was full: no back-off, the request's deadline bounds it */

static ssize_t write_some(struct upstream *upstream)
{
	struct http_text head = upstream->request.head, body = upstream->request.body;
	size_t of_head = upstream->written, of_body = 0;
	struct iovec iov[2];
	int count = 0;

	if (of_head < head.len)
		iov[count++] = (struct iovec){(char *)(uintptr_t)head.data + of_head, head.len - of_head};
	else
		of_body = of_head - head.len;
	if (of_body < body.len)
		iov[count++] = (struct iovec){(char *)(uintptr_t)body.data + of_body, body.len - of_body};
	return stream_write(&upstream->stream, iov, count);
}

/* What the reading side finds decides, and it may have been told of the end already. */
static void give_up_writing(struct upstream *upstream)
{
	upstream->error = errno;
	upstream->write_failed = true;
	if (!upstream->paused)
		stream_read_later(&upstream->stream);
}

/* A server may answer and close before it read all of the request: a failed write ends the writing. */
static void write_request(struct upstream *upstream)
{
	size_t whole = upstream_request_len(upstream);

	while (upstream->written < whole && !upstream->write_failed) {
		ssize_t put = write_some(upstream);
		if (put > 0) {
			upstream->written += (size_t)put;
		} else if (errno == EAGAIN) {
			stream_wait_writable(&upstream->stream);
			return;
		} else {
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
	stream_resume(&upstream->stream);
	upstream_start(upstream);
}

/* Our own shortage is no evidence against the server. */
static enum upstream_failure failure_of(int problem)
{
	return net_fault(problem) == NET_FAULT_OURS ? UPSTREAM_LOCAL : UPSTREAM_CONNECT;
}

static void on_connected(struct upstream *upstream)
{
	upstream->error = stream_error(&upstream->stream);
	if (upstream->error != 0)
		upstream_fail(upstream, failure_of(upstream->error));
	else
		begin_exchange(upstream);
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct upstream *upstream = arg;

	(void)fd;
	(void)what;
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

static void fail_with(struct upstream *upstream, int problem)
{
	upstream->error = problem;
	upstream_fail_later(upstream, failure_of(problem));
}

static void on_connect_again(void *arg);

/* A unix socket whose backlog is full says EAGAIN, and cannot be waited for. */
static void connect_later(struct upstream *upstream)
{
	const struct upstream_settings *settings = &upstream->settings;

	if (upstream->again == NULL)
		upstream->again = settings->priority == LOOP_URGENT
		                          ? timer_new(settings->base, on_connect_again, upstream)
		                          : timer_new_of_clients(settings->base, on_connect_again, upstream);
	timer_set(upstream->again, CONNECT_AGAIN_US);
}

static void try_connect(struct upstream *upstream)
{
	const struct address *address = upstream->address;

	if (connect(upstream->stream.fd, (const struct sockaddr *)&address->addr, address->len) == 0)
		begin_exchange(upstream);
	else if (errno == EINPROGRESS)
		stream_wait_writable(&upstream->stream);
	else if (errno == EAGAIN && address->addr.ss_family == AF_UNIX)
		connect_later(upstream);
	else
		fail_with(upstream, errno);
}

static void on_connect_again(void *arg)
{
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

static const struct stream_owner owner = {upstream_on_readable, on_writable};

void upstream_open(struct upstream *upstream)
{
	int family = upstream->address->addr.ss_family;
	int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd == -1) {
		fail_with(upstream, errno);
		return;
	}
	if (family != AF_UNIX)
		tune(fd);
	stream_open(&upstream->stream,
	            &(struct stream_socket){.base = upstream->settings.base,
	                                    .priority = upstream->settings.priority,
	                                    .fd = fd,
	                                    .kind = &stream_plain},
	            &owner, upstream);
	try_connect(upstream);
}
