/* probe: one health question to one backend.
 *
 *   socket, connect -> on_writable: connected? send the request -> on_readable: collect the head -> one outcome
 *
 * All endings go through probe_end, which runs from the loop, never from probe_start: a failure found there is kept
 * and told by the timer, set to now. Invariant: the socket is open exactly while an outcome is awaited.
 */
#include "orchestrator/fleet/probe.h"

#include "common/clock.h"
#include "common/http_head.h"
#include "common/mem.h"
#include "orchestrator/fleet/timer.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEAD_BYTES 8192
#define REQUEST_BYTES 2048
#define UNIX_RETRY_MS 5

struct probe {
	struct event_base *base;
	struct backend_address address;
	int fd;
	struct event *io;            /* writable while connecting and sending, then readable */
	struct timer *timer;         /* the deadline; at once for a failure of probe_start */
	struct timer *again;         /* unix: the listener's queue was full, connect once more */
	enum probe_outcome at_timer; /* the outcome when the timer runs out */
	int64_t started_us;
	char request[REQUEST_BYTES];
	size_t request_len, sent;
	char head[HEAD_BYTES];
	size_t head_len;
	probe_done *done;
	void *arg;
};

static const char *const outcome_texts[] = {
        [PROBE_GOOD] = "good",       [PROBE_BAD_STATUS] = "bad-status", [PROBE_ODD_STATUS] = "odd-status",
        [PROBE_REFUSED] = "refused", [PROBE_RESET] = "reset",           [PROBE_MALFORMED] = "malformed",
        [PROBE_TIMEOUT] = "timeout", [PROBE_UNABLE] = "unable",
};

static void on_writable(evutil_socket_t fd, short what, void *arg);
static void on_readable(evutil_socket_t fd, short what, void *arg);

const char *probe_outcome_text(enum probe_outcome outcome)
{
	assert(outcome <= PROBE_UNABLE);
	return outcome_texts[outcome];
}

static void probe_hang_up(struct probe *probe)
{
	if (probe->io != NULL)
		event_free(probe->io);
	probe->io = NULL;
	if (probe->fd != -1)
		close(probe->fd);
	probe->fd = -1;
}

void probe_cancel(struct probe *probe)
{
	probe_hang_up(probe);
	timer_free(probe->timer);
	timer_free(probe->again);
	free(probe);
}

static void probe_end(struct probe *probe, enum probe_outcome outcome)
{
	probe_done *done = probe->done;
	void *arg = probe->arg;
	int64_t took_us = clock_us() - probe->started_us;

	probe_cancel(probe);
	done(outcome, took_us, arg);
}

/* errno of connect, send and recv -> what it says about the backend */
static enum probe_outcome outcome_of_errno(int error)
{
	switch (error) {
	case ECONNREFUSED:
	case ENOENT: /* no such unix socket */
	case ENOTSOCK:
	case EHOSTUNREACH:
	case ENETUNREACH:
	case EHOSTDOWN:
		return PROBE_REFUSED;
	case ECONNRESET:
	case EPIPE:
		return PROBE_RESET;
	case ETIMEDOUT:
		return PROBE_TIMEOUT;
	default: /* EMFILE, ENFILE, ENOBUFS, EADDRNOTAVAIL, EACCES, ...: ours */
		return PROBE_UNABLE;
	}
}

static void probe_wait(struct probe *probe, short what, event_callback_fn on_ready)
{
	if (probe->io != NULL)
		event_free(probe->io);
	probe->io = mem_must(event_new(probe->base, probe->fd, what | EV_PERSIST, on_ready, probe));
	event_add(probe->io, NULL);
}

/* False: failed at once, *outcome says how. */
static bool probe_connect(struct probe *probe, enum probe_outcome *outcome)
{
	const struct backend_address *to = &probe->address;

	probe->fd = socket(to->addr.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (probe->fd == -1) {
		*outcome = PROBE_UNABLE;
		return false;
	}
	if (connect(probe->fd, (const struct sockaddr *)&to->addr, to->len) == -1 && errno != EINPROGRESS) {
		/* A unix listener whose queue is full: for TCP the kernel would try again by itself. */
		if (errno == EAGAIN && to->addr.ss_family == AF_UNIX) {
			probe_hang_up(probe);
			timer_set(probe->again, UNIX_RETRY_MS * 1000);
			return true;
		}
		*outcome = outcome_of_errno(errno);
		return false;
	}
	probe_wait(probe, EV_WRITE, on_writable);
	return true;
}

static void on_again(void *arg)
{
	struct probe *probe = arg;
	enum probe_outcome outcome;

	if (!probe_connect(probe, &outcome))
		probe_end(probe, outcome);
}

static void on_timer(void *arg)
{
	struct probe *probe = arg;

	probe_end(probe, probe->at_timer);
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct probe *probe = arg;
	int error = 0;
	socklen_t error_len = sizeof(error);
	ssize_t n;

	(void)what;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &error_len) == -1)
		error = errno;
	if (error != 0) {
		probe_end(probe, outcome_of_errno(error));
		return;
	}
	n = send(fd, probe->request + probe->sent, probe->request_len - probe->sent, MSG_NOSIGNAL);
	if (n == -1) {
		if (errno != EAGAIN && errno != EINTR)
			probe_end(probe, outcome_of_errno(errno));
		return;
	}
	probe->sent += (size_t)n;
	if (probe->sent == probe->request_len)
		probe_wait(probe, EV_READ, on_readable);
}

static enum probe_outcome outcome_of_status(int status)
{
	if (status >= 500)
		return PROBE_BAD_STATUS;
	return status >= 400 ? PROBE_ODD_STATUS : PROBE_GOOD;
}

/* Looks at what came so far; interim answers (1xx) are passed over. False: more is needed. */
static bool probe_judge(struct probe *probe, enum probe_outcome *outcome)
{
	static const struct http_limits limits = {.head_bytes = HEAD_BYTES, .target_bytes = HEAD_BYTES};
	struct http_head head;
	enum http_fault fault = HTTP_FAULT_NONE;
	size_t at = 0;

	for (;;) {
		size_t scanned = 0;

		switch (http_head_parse_response(probe->head + at, probe->head_len - at, &limits, &scanned, &head,
		                                 &fault)) {
		case HTTP_PARSE_MORE:
			*outcome = PROBE_MALFORMED;
			return probe->head_len == HEAD_BYTES;
		case HTTP_PARSE_BAD:
			*outcome = PROBE_MALFORMED;
			return true;
		case HTTP_PARSE_DONE:
			break;
		}
		if (head.status >= 200) {
			*outcome = outcome_of_status(head.status);
			return true;
		}
		at += head.size;
	}
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct probe *probe = arg;
	enum probe_outcome outcome;
	ssize_t n = recv(fd, probe->head + probe->head_len, HEAD_BYTES - probe->head_len, 0);

	(void)what;
	if (n == -1) {
		if (errno != EAGAIN && errno != EINTR)
			probe_end(probe, outcome_of_errno(errno));
		return;
	}
	if (n == 0) {
		probe_end(probe, PROBE_RESET);
		return;
	}
	probe->head_len += (size_t)n;
	if (probe_judge(probe, &outcome))
		probe_end(probe, outcome);
}

static void probe_fail_later(struct probe *probe, enum probe_outcome outcome)
{
	probe_hang_up(probe);
	probe->at_timer = outcome;
	timer_set(probe->timer, 0);
}

struct probe *probe_start(struct event_base *base, const struct backend_address *address, const char *host,
                          const char *path, int timeout_ms, probe_done *done, void *arg)
{
	struct probe *probe = mem_zero(sizeof(*probe));
	enum probe_outcome outcome;
	int len = snprintf(probe->request, REQUEST_BYTES,
	                   "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\nUser-Agent: selfless-probe\r\n\r\n",
	                   path, host);

	probe->base = base;
	probe->address = *address;
	probe->fd = -1;
	probe->at_timer = PROBE_TIMEOUT;
	probe->started_us = clock_us();
	probe->request_len = (size_t)len;
	probe->done = done;
	probe->arg = arg;
	probe->timer = timer_new(base, on_timer, probe);
	probe->again = timer_new(base, on_again, probe);
	timer_set(probe->timer, (int64_t)timeout_ms * 1000);
	if (len >= REQUEST_BYTES) /* config bounds the path, so this does not happen */
		probe_fail_later(probe, PROBE_UNABLE);
	else if (!probe_connect(probe, &outcome))
		probe_fail_later(probe, outcome);
	return probe;
}
