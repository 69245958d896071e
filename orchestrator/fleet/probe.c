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
#include "orchestrator/base/loop.h"
#include "orchestrator/base/net_fault.h"
#include "orchestrator/base/timer.h"

#include <errno.h>
#include <event2/event.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEAD_BYTES 8192
#define REQUEST_BYTES 2048
#define UNIX_RETRY_MS 5 /* the listener's backlog was full: no back-off, the probe's deadline bounds it */
#define METHOD "GET "
#define PATH_SHOWN 200
#define LINE_SIZE 112 /* of a reply's first line, as it is told */

struct probe {
	struct event_base *base;
	struct address address;
	char address_text[ADDRESS_TEXT_SIZE];
	int path_len; /* within request */
	int timeout_ms;
	int fd;
	struct event *io;           /* writable while connecting and sending, then readable */
	struct timer *timer;        /* the deadline; at once for a failure of probe_start */
	struct timer *again;        /* unix: the listener's queue was full, connect once more */
	bool failed_early;          /* in probe_start: told by the timer */
	enum probe_outcome outcome; /* what probe_end tells, */
	char text[PROBE_TEXT_SIZE]; /* and in which words */
	int64_t started_us, until_us;
	char request[REQUEST_BYTES];
	size_t request_len, sent;
	char head[HEAD_BYTES];
	size_t head_len;
	probe_done *done;
	void *arg;
};

static void on_writable(evutil_socket_t fd, short what, void *arg);
static void on_readable(evutil_socket_t fd, short what, void *arg);

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

static void probe_end(struct probe *probe)
{
	probe_done *done = probe->done;
	void *arg = probe->arg;
	char text[PROBE_TEXT_SIZE];
	struct probe_finding finding = {
	        .outcome = probe->outcome, .took_us = clock_us() - probe->started_us, .text = text};

	memcpy(text, probe->text, sizeof(text));
	probe_cancel(probe);
	done(&finding, arg);
}

/* --- what was seen, in words --- */

__attribute__((format(printf, 3, 4))) static void saw(struct probe *probe, enum probe_outcome outcome,
                                                      const char *format, ...)
{
	va_list args;

	probe->outcome = outcome;
	va_start(args, format);
	vsnprintf(probe->text, sizeof(probe->text), format, args);
	va_end(args);
}

/* The first line of what came, in quotes: what is no plain text is escaped, and a long line is cut. */
static const char *first_line(const struct probe *probe, char line[LINE_SIZE])
{
	size_t at = 0, len = 0;

	line[len++] = '"';
	while (at < probe->head_len && probe->head[at] != '\r' && probe->head[at] != '\n' && len < LINE_SIZE - 12) {
		unsigned char c = (unsigned char)probe->head[at++];
		bool plain = c >= ' ' && c < 0x7f && c != '"' && c != '\\';

		len += (size_t)snprintf(line + len, LINE_SIZE - len, plain ? "%c" : "\\x%02x", c);
	}
	bool cut = at < probe->head_len && probe->head[at] != '\r' && probe->head[at] != '\n';
	snprintf(line + len, LINE_SIZE - len, cut ? "...\"" : "\"");
	return line;
}

static void saw_error(struct probe *probe, int error)
{
	enum probe_outcome outcome = probe_outcome_of(net_fault(error));
	char line[LINE_SIZE];

	if (outcome == PROBE_UNABLE)
		saw(probe, outcome, "this host could not ask: %s", strerror(error));
	else if (probe->head_len > 0)
		saw(probe, outcome, "connection reset within a reply that begins with %s", first_line(probe, line));
	else
		saw(probe, outcome, "%s %s", net_fault_words(error), probe->address_text);
}

static void saw_silence(struct probe *probe)
{
	char line[LINE_SIZE];

	if (probe->head_len > 0)
		saw(probe, PROBE_TIMEOUT, "no whole reply within %d ms, only %s", probe->timeout_ms,
		    first_line(probe, line));
	else if (probe->sent == probe->request_len)
		saw(probe, PROBE_TIMEOUT, "no answer within %d ms", probe->timeout_ms);
	else
		saw(probe, PROBE_TIMEOUT, "no connection to %s within %d ms", probe->address_text, probe->timeout_ms);
}

static void saw_end(struct probe *probe)
{
	char line[LINE_SIZE];

	if (probe->head_len > 0)
		saw(probe, PROBE_RESET, "connection closed within a reply that begins with %s",
		    first_line(probe, line));
	else
		saw(probe, PROBE_RESET, "connection closed before a reply by %s", probe->address_text);
}

static void saw_status(struct probe *probe, int status)
{
	if (status < 400)
		saw(probe, PROBE_GOOD, "%s", "");
	else
		saw(probe, status >= 500 ? PROBE_BAD_STATUS : PROBE_ODD_STATUS, "status %d on %.*s", status,
		    probe->path_len < PATH_SHOWN ? probe->path_len : PATH_SHOWN, probe->request + sizeof(METHOD) - 1);
}

static void saw_garbage(struct probe *probe, enum http_fault fault)
{
	char line[LINE_SIZE];

	saw(probe, PROBE_MALFORMED, "malformed reply %s: %s", first_line(probe, line), http_fault_text(fault));
}

static void probe_end_error(struct probe *probe, int error)
{
	saw_error(probe, error);
	probe_end(probe);
}

/* --- connect, ask, listen --- */

static void probe_wait(struct probe *probe, short what, event_callback_fn on_ready)
{
	if (probe->io != NULL)
		event_free(probe->io);
	probe->io = loop_event_new(probe->base, LOOP_URGENT, probe->fd, what | EV_PERSIST, on_ready, probe);
	event_add(probe->io, NULL);
}

/* False: failed at once, and it is noted how. */
static bool probe_connect(struct probe *probe)
{
	const struct address *to = &probe->address;

	probe->fd = socket(to->addr.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (probe->fd == -1) {
		saw_error(probe, errno);
		return false;
	}
	if (connect(probe->fd, (const struct sockaddr *)&to->addr, to->len) == -1 && errno != EINPROGRESS) {
		/* A unix listener whose queue is full: for TCP the kernel would try again by itself. */
		if (errno == EAGAIN && to->addr.ss_family == AF_UNIX) {
			probe_hang_up(probe);
			timer_set(probe->again, UNIX_RETRY_MS * 1000);
			return true;
		}
		saw_error(probe, errno);
		return false;
	}
	probe_wait(probe, EV_WRITE, on_writable);
	return true;
}

static void on_again(void *arg)
{
	struct probe *probe = arg;

	if (!probe_connect(probe))
		probe_end(probe);
}

static void on_timer(void *arg)
{
	struct probe *probe = arg;

	if (!probe->failed_early)
		saw_silence(probe);
	probe_end(probe);
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
		probe_end_error(probe, error);
		return;
	}
	n = send(fd, probe->request + probe->sent, probe->request_len - probe->sent, MSG_NOSIGNAL);
	if (n == -1) {
		if (errno != EAGAIN && errno != EINTR)
			probe_end_error(probe, errno);
		return;
	}
	probe->sent += (size_t)n;
	if (probe->sent == probe->request_len)
		probe_wait(probe, EV_READ, on_readable);
}

/* Looks at what came so far; interim answers (1xx) are passed over. False: more is needed. */
static bool probe_read(struct probe *probe)
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
			if (probe->head_len == HEAD_BYTES)
				saw_garbage(probe, HTTP_FAULT_HEAD_LONG);
			return probe->head_len == HEAD_BYTES;
		case HTTP_PARSE_BAD:
			saw_garbage(probe, fault);
			return true;
		case HTTP_PARSE_DONE:
			break;
		}
		if (head.status >= 200) {
			saw_status(probe, head.status);
			return true;
		}
		at += head.size;
	}
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct probe *probe = arg;
	ssize_t n = recv(fd, probe->head + probe->head_len, HEAD_BYTES - probe->head_len, 0);

	(void)what;
	if (n == -1) {
		if (errno != EAGAIN && errno != EINTR)
			probe_end_error(probe, errno);
		return;
	}
	if (n == 0) {
		saw_end(probe);
		probe_end(probe);
		return;
	}
	probe->head_len += (size_t)n;
	if (probe_read(probe))
		probe_end(probe);
}

static void probe_fail_later(struct probe *probe)
{
	probe_hang_up(probe);
	probe->failed_early = true;
	timer_set(probe->timer, 0);
}

struct probe *probe_start(struct event_base *base, const struct address *address, const char *host, const char *path,
                          int timeout_ms, probe_done *done, void *arg)
{
	struct probe *probe = mem_zero(sizeof(*probe));
	int len = snprintf(probe->request, REQUEST_BYTES,
	                   METHOD "%s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\nUser-Agent: selfless-probe\r\n\r\n",
	                   path, host);

	probe->base = base;
	probe->address = *address;
	address_format(address, probe->address_text);
	probe->fd = -1;
	probe->path_len = (int)strlen(path);
	probe->timeout_ms = timeout_ms;
	probe->started_us = clock_us();
	probe->request_len = (size_t)len;
	probe->done = done;
	probe->arg = arg;
	probe->timer = timer_new(base, on_timer, probe);
	probe->again = timer_new(base, on_again, probe);
	probe->until_us = probe->started_us + (int64_t)timeout_ms * 1000;
	timer_set_at(probe->timer, probe->until_us);
	if (len >= REQUEST_BYTES) { /* config bounds the path, so this does not happen */
		saw(probe, PROBE_UNABLE, "health.path is too long");
		probe_fail_later(probe);
	} else if (!probe_connect(probe)) {
		probe_fail_later(probe);
	}
	return probe;
}

void probe_hasten(struct probe *probe, int timeout_ms)
{
	int64_t now_us = clock_us();
	int64_t until_us = now_us + (int64_t)timeout_ms * 1000;

	if (probe->failed_early || probe->until_us <= until_us)
		return;
	probe->until_us = until_us;
	probe->timeout_ms = (int)((until_us - probe->started_us) / 1000);
	timer_set_at(probe->timer, until_us);
}
