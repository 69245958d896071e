/* upstream: connect, write, read, give back.
 *
 *   (new) -> CONNECTING -> BUSY -> IDLE -> BUSY ...        any of them -> OVER (closed; freed at the turn's end)
 *
 * One persistent read event for the life of the connection: it carries replies while BUSY and notices the backend's
 * close while IDLE. The write event exists only while something could not be written at once.
 * Invariant: while BUSY or CONNECTING there is a reader; IDLE ones are in their pool's idle list, the others in its
 * busy list.
 */
#include "orchestrator/proxy/upstream.h"

#include "common/buf.h"
#include "common/clock.h"
#include "common/mem.h"
#include "orchestrator/defer.h"
#include "orchestrator/proxy/message.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define SCRATCH_BYTES 65536
#define HEAD_BYTES_MAX 65536
#define TRAILER_BYTES_MAX 8192
#define IDLE_MAX 256     /* connections kept for one backend */
#define IDLE_US 30000000 /* and for how long */
#define CONNECT_AGAIN_US 2000
#define INTERIMS_MAX 32 /* 1xx replies to one request */

enum upstream_state { UPSTREAM_CONNECTING, UPSTREAM_BUSY, UPSTREAM_IDLE, UPSTREAM_OVER };

struct pool {
	struct upstream *idle; /* last used first */
	struct upstream *busy;
	unsigned idle_count;
};

struct upstream {
	struct upstream_settings settings;
	struct backend *backend;
	struct pool *pool;            /* NULL once the backend is down */
	struct upstream *prev, *next; /* in the pool's list */
	enum upstream_state state;
	int fd;
	struct event *readable;
	struct event *writable; /* NULL until first needed */
	struct event *again;    /* connects again; NULL until first needed */
	struct deadline deadline;
	struct deferred deferred;
	bool fail_later; /* deferred: fail with `later` */
	enum upstream_failure later;

	struct upstream_request request;
	struct upstream_reader reader;
	void *arg;
	size_t written; /* bytes of head and body */
	bool reused;
	bool got_bytes; /* of this reply */
	bool got_head;  /* the final one */
	bool keep;      /* the reply lets the connection live on */
	bool upgraded;
	bool paused;
	bool write_failed;
	struct message message;
	unsigned interims;   /* 1xx heads of this reply */
	struct buf partial;  /* a head that came in pieces */
	struct buf trailers; /* of the current reply */
};

static char scratch[SCRATCH_BYTES];
static struct http_head head;

static const char *const failure_texts[UPSTREAM_FAILURES] = {
        [UPSTREAM_CONNECT] = "connect", [UPSTREAM_LOCAL] = "local",         [UPSTREAM_STALE] = "stale",
        [UPSTREAM_BROKEN] = "broken",   [UPSTREAM_MALFORMED] = "malformed", [UPSTREAM_CUT] = "cut",
        [UPSTREAM_TIMEOUT] = "timeout", [UPSTREAM_DOWN] = "down",
};

const char *upstream_failure_text(enum upstream_failure failure)
{
	return failure_texts[failure];
}

/* --- the pool ------------------------------------------------------------------------------------------------- */

static struct pool *pool_of(struct backend *backend)
{
	void **slot = backend_proxy_slot(backend);
	if (*slot == NULL)
		*slot = mem_zero(sizeof(struct pool));
	return *slot;
}

static void list_add(struct upstream **list, struct upstream *upstream)
{
	upstream->prev = NULL;
	upstream->next = *list;
	if (*list != NULL)
		(*list)->prev = upstream;
	*list = upstream;
}

static void list_remove(struct upstream **list, struct upstream *upstream)
{
	if (upstream->prev != NULL)
		upstream->prev->next = upstream->next;
	else
		*list = upstream->next;
	if (upstream->next != NULL)
		upstream->next->prev = upstream->prev;
	upstream->prev = upstream->next = NULL;
}

static void pool_leave(struct upstream *upstream)
{
	struct pool *pool = upstream->pool;
	if (pool == NULL)
		return;
	if (upstream->state == UPSTREAM_IDLE) {
		list_remove(&pool->idle, upstream);
		pool->idle_count--;
	} else {
		list_remove(&pool->busy, upstream);
	}
}

/* --- the end --------------------------------------------------------------------------------------------------- */

static void free_now(struct upstream *upstream)
{
	buf_clear(&upstream->partial);
	buf_clear(&upstream->trailers);
	free(upstream);
}

static void fail(struct upstream *upstream, enum upstream_failure failure);

static void fail_later(struct upstream *upstream, enum upstream_failure failure)
{
	upstream->fail_later = true;
	upstream->later = failure;
	defer_call(upstream->settings.defer, &upstream->deferred);
}

static void on_deferred(struct deferred *deferred)
{
	struct upstream *upstream = (struct upstream *)((char *)deferred - offsetof(struct upstream, deferred));
	if (upstream->state == UPSTREAM_OVER)
		free_now(upstream);
	else if (upstream->fail_later)
		fail(upstream, upstream->later);
}

static void free_event(struct event *event)
{
	if (event != NULL)
		event_free(event);
}

/* The one way out: nothing of the connection is left but the memory, which goes at the turn's end. */
static void end(struct upstream *upstream)
{
	if (upstream->state == UPSTREAM_OVER)
		return;
	pool_leave(upstream);
	upstream->pool = NULL;
	upstream->state = UPSTREAM_OVER;
	deadline_remove(upstream->settings.deadlines, &upstream->deadline);
	free_event(upstream->readable);
	free_event(upstream->writable);
	free_event(upstream->again);
	if (upstream->fd != -1)
		close(upstream->fd);
	upstream->fd = -1;
	defer_call(upstream->settings.defer, &upstream->deferred);
}

static void fail(struct upstream *upstream, enum upstream_failure failure)
{
	struct upstream_reader reader = upstream->reader;
	void *arg = upstream->arg;
	bool told = upstream->state == UPSTREAM_IDLE || upstream->state == UPSTREAM_OVER;
	bool untouched = upstream->written == 0;
	end(upstream);
	if (!told)
		reader.on_failed(failure, untouched, arg);
}

static enum upstream_failure failure_of(const struct upstream *upstream)
{
	if (upstream->state == UPSTREAM_CONNECTING)
		return UPSTREAM_CONNECT;
	if (upstream->got_head)
		return UPSTREAM_CUT;
	return upstream->reused && !upstream->got_bytes ? UPSTREAM_STALE : UPSTREAM_BROKEN;
}

static void become_idle(struct upstream *upstream)
{
	struct pool *pool = upstream->pool;
	if (pool == NULL || pool->idle_count >= IDLE_MAX) {
		end(upstream);
		return;
	}
	list_remove(&pool->busy, upstream);
	list_add(&pool->idle, upstream);
	pool->idle_count++;
	upstream->state = UPSTREAM_IDLE;
	if (upstream->paused)
		event_add(upstream->readable, NULL);
	deadline_set(&upstream->deadline, clock_recent_us() + IDLE_US);
}

/* The reply is complete. surplus: bytes behind it, which no request asked for. */
static void finish(struct upstream *upstream, size_t surplus)
{
	struct upstream_reader reader = upstream->reader;
	void *arg = upstream->arg;
	struct http_text trailers = {upstream->trailers.data, (uint32_t)upstream->trailers.len};
	if (upstream->upgraded) {
		reader.on_done(trailers, arg);
		end(upstream);
		return;
	}
	bool whole = upstream->written == (size_t)upstream->request.head.len + upstream->request.body.len;
	if (upstream->keep && surplus == 0 && whole)
		become_idle(upstream);
	else
		end(upstream);
	reader.on_done(trailers, arg);
}

/* Something must happen by then; not while it is us who do not read. */
static void expect_progress(struct upstream *upstream)
{
	if (!upstream->paused)
		deadline_set(&upstream->deadline,
		             clock_recent_us() + upstream->settings.response_timeout_ms * INT64_C(1000));
}

/* --- reading --------------------------------------------------------------------------------------------------- */

/* False: more interim replies than anybody needs, and each would give it more time. */
static bool take_head(struct upstream *upstream)
{
	bool final = head.status >= 200 || head.status == 101;
	if (!final && ++upstream->interims > INTERIMS_MAX)
		return false;
	if (final) {
		upstream->got_head = true;
		upstream->keep = !head.close;
		upstream->upgraded = head.status == 101;
	}
	expect_progress(upstream);
	upstream->reader.on_head(&head, upstream->arg);
	return true;
}

/* Gives data to the reader event by event; returns how many bytes need not be kept. */
static size_t deliver(struct upstream *upstream, const char *data, size_t len)
{
	size_t at = 0, used = 0;
	struct http_text piece = {NULL, 0};
	enum http_fault fault = HTTP_FAULT_NONE;
	while (upstream->state == UPSTREAM_BUSY) {
		enum message_event event =
		        message_next(&upstream->message, data + at, len - at, &used, &head, &piece, &fault);
		at += used;
		switch (event) {
		case MESSAGE_MORE:
			return at;
		case MESSAGE_HEAD:
			if (!take_head(upstream)) {
				fail(upstream, UPSTREAM_MALFORMED);
				return len;
			}
			break;
		case MESSAGE_BODY:
			upstream->reader.on_body(piece.data, piece.len, upstream->arg);
			break;
		case MESSAGE_END:
			if (upstream->upgraded && at < len)
				upstream->reader.on_body(data + at, len - at, upstream->arg);
			if (upstream->state == UPSTREAM_BUSY)
				finish(upstream, len - at);
			return len;
		case MESSAGE_BAD:
			fail(upstream, upstream->got_head ? UPSTREAM_CUT : UPSTREAM_MALFORMED);
			return len;
		}
	}
	return len;
}

static void take_bytes(struct upstream *upstream, const char *data, size_t len)
{
	upstream->got_bytes = true;
	if (upstream->got_head) /* a head has one deadline, however slowly its bytes drip in */
		expect_progress(upstream);
	if (upstream->partial.len == 0) {
		size_t used = deliver(upstream, data, len);
		if (upstream->state == UPSTREAM_BUSY && used < len &&
		    !buf_add(&upstream->partial, data + used, len - used))
			fail(upstream, UPSTREAM_MALFORMED);
		return;
	}
	if (!buf_add(&upstream->partial, data, len)) {
		fail(upstream, UPSTREAM_MALFORMED);
		return;
	}
	size_t used = deliver(upstream, upstream->partial.data, upstream->partial.len);
	buf_drop(&upstream->partial, used);
}

static void on_end_of_stream(struct upstream *upstream, bool orderly)
{
	if (orderly && upstream->got_head && message_close(&upstream->message)) {
		upstream->keep = false;
		finish(upstream, 0);
		return;
	}
	fail(upstream, failure_of(upstream));
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	(void)what;
	struct upstream *upstream = arg;
	clock_us(); /* for all clock_recent_us below */
	ssize_t got = recv(fd, scratch, sizeof scratch, 0);
	if (got == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got > 0 && upstream->state == UPSTREAM_BUSY)
		take_bytes(upstream, scratch, (size_t)got);
	else if (got > 0 || upstream->state == UPSTREAM_IDLE)
		end(upstream); /* bytes nobody asked for, or an idle connection's end */
	else if (upstream->state != UPSTREAM_CONNECTING)
		on_end_of_stream(upstream, got == 0);
}

/* --- writing --------------------------------------------------------------------------------------------------- */

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
		upstream->writable = event_new(upstream->settings.base, upstream->fd, EV_WRITE, on_writable, upstream);
	event_add(upstream->writable, NULL);
}

/* A backend may answer and close before it read all of the request: a failed write ends the writing, and what the
 * reading side finds decides. */
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
			upstream->write_failed = true;
		}
	}
}

static void start_exchange(struct upstream *upstream)
{
	upstream->state = UPSTREAM_BUSY;
	expect_progress(upstream);
	write_request(upstream);
}

static void begin_exchange(struct upstream *upstream)
{
	event_add(upstream->readable, NULL);
	start_exchange(upstream);
}

static void on_connected(struct upstream *upstream)
{
	int problem = 0;
	socklen_t len = sizeof problem;
	if (getsockopt(upstream->fd, SOL_SOCKET, SO_ERROR, &problem, &len) == -1 || problem != 0) {
		fail(upstream, UPSTREAM_CONNECT);
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
		expect_progress(upstream);
		write_request(upstream);
	}
}

/* --- the beginning --------------------------------------------------------------------------------------------- */

static void on_deadline(struct deadline *deadline)
{
	struct upstream *upstream = (struct upstream *)((char *)deadline - offsetof(struct upstream, deadline));
	if (upstream->state == UPSTREAM_IDLE)
		end(upstream);
	else
		fail(upstream, upstream->state == UPSTREAM_CONNECTING ? UPSTREAM_CONNECT : UPSTREAM_TIMEOUT);
}

/* Our own shortage, which is no evidence against the backend. */
static bool is_shortage(int problem)
{
	return problem == EMFILE || problem == ENFILE || problem == ENOBUFS || problem == ENOMEM ||
	       problem == EADDRNOTAVAIL;
}

static void on_connect_again(evutil_socket_t fd, short what, void *arg);

/* A unix socket whose backlog is full says EAGAIN, and cannot be waited for. */
static void connect_later(struct upstream *upstream)
{
	if (upstream->again == NULL)
		upstream->again = event_new(upstream->settings.base, -1, 0, on_connect_again, upstream);
	event_add(upstream->again, &(struct timeval){0, CONNECT_AGAIN_US});
}

static void try_connect(struct upstream *upstream)
{
	const struct backend_address *address = backend_address(upstream->backend);
	if (connect(upstream->fd, (const struct sockaddr *)&address->addr, address->len) == 0)
		begin_exchange(upstream);
	else if (errno == EINPROGRESS)
		wait_writable(upstream);
	else if (errno == EAGAIN && address->addr.ss_family == AF_UNIX)
		connect_later(upstream);
	else
		fail_later(upstream, is_shortage(errno) ? UPSTREAM_LOCAL : UPSTREAM_CONNECT);
}

static void on_connect_again(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	try_connect(arg);
}

/* The backend is on this host: a congestion control that paces (bbr) would only set timers; Reno is always there, and
 * may be chosen by everybody (tcp(7)). */
static void tune(int fd)
{
	static const char reno[] = "reno";
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
	setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, reno, sizeof reno - 1);
}

static void open_socket(struct upstream *upstream)
{
	int family = backend_address(upstream->backend)->addr.ss_family;
	upstream->fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (upstream->fd == -1) {
		fail_later(upstream, is_shortage(errno) ? UPSTREAM_LOCAL : UPSTREAM_CONNECT);
		return;
	}
	if (family != AF_UNIX)
		tune(upstream->fd);
	upstream->readable =
	        event_new(upstream->settings.base, upstream->fd, EV_READ | EV_PERSIST, on_readable, upstream);
	try_connect(upstream);
}

static struct upstream *upstream_new(const struct upstream_settings *settings, struct backend *backend)
{
	struct upstream *upstream = mem_zero(sizeof *upstream);
	upstream->settings = *settings;
	upstream->backend = backend;
	upstream->pool = pool_of(backend);
	upstream->state = UPSTREAM_CONNECTING;
	upstream->deferred.run = on_deferred;
	list_add(&upstream->pool->busy, upstream);
	buf_init(&upstream->partial, HEAD_BYTES_MAX + SCRATCH_BYTES);
	struct http_limits limits = {.head_bytes = HEAD_BYTES_MAX, .target_bytes = 0};
	message_init(&upstream->message, MESSAGE_RESPONSE, &limits);
	buf_init(&upstream->trailers, TRAILER_BYTES_MAX);
	upstream->message.trailers = &upstream->trailers;
	deadline_add(settings->deadlines, &upstream->deadline, on_deadline);
	deadline_set(&upstream->deadline, clock_us() + settings->connect_timeout_ms * INT64_C(1000));
	return upstream;
}

/* Has the backend closed it, and the loop not heard yet? */
static bool is_stale(const struct upstream *upstream)
{
	char byte;
	return recv(upstream->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) != -1 || errno != EAGAIN;
}

/* must_live: the request cannot be sent again, so the connection is looked at first. */
static struct upstream *take_idle(struct backend *backend, bool must_live)
{
	struct pool *pool = pool_of(backend);
	while (must_live && pool->idle != NULL && is_stale(pool->idle))
		end(pool->idle);
	struct upstream *upstream = pool->idle;
	if (upstream == NULL)
		return NULL;
	list_remove(&pool->idle, upstream);
	pool->idle_count--;
	list_add(&pool->busy, upstream);
	upstream->reused = true;
	upstream->state = UPSTREAM_BUSY;
	return upstream;
}

struct upstream *upstream_send(const struct upstream_settings *settings, struct backend *backend,
                               const struct upstream_request *request, const struct upstream_reader *reader, void *arg)
{
	struct upstream *upstream =
	        request->fresh ? NULL : take_idle(backend, !http_method_idempotent(request->method));
	bool connected = upstream != NULL;
	if (!connected)
		upstream = upstream_new(settings, backend);
	upstream->settings.response_timeout_ms = settings->response_timeout_ms; /* a reload may have changed it */
	upstream->request = *request;
	upstream->reader = *reader;
	upstream->arg = arg;
	upstream->written = 0;
	upstream->interims = 0;
	upstream->got_bytes = upstream->got_head = upstream->keep = upstream->paused = upstream->write_failed = false;
	message_start(&upstream->message, request->method);
	buf_reset(&upstream->trailers);
	if (connected)
		start_exchange(upstream);
	else
		open_socket(upstream);
	return upstream;
}

void upstream_cancel(struct upstream *upstream)
{
	end(upstream);
}

void upstream_pause(struct upstream *upstream)
{
	if (upstream->paused || upstream->state != UPSTREAM_BUSY)
		return;
	upstream->paused = true;
	deadline_clear(&upstream->deadline);
	event_del(upstream->readable);
}

void upstream_resume(struct upstream *upstream)
{
	if (!upstream->paused || upstream->state != UPSTREAM_BUSY)
		return;
	upstream->paused = false;
	expect_progress(upstream);
	event_add(upstream->readable, NULL);
}

int upstream_detach(struct upstream *upstream)
{
	assert(upstream->upgraded && upstream->state == UPSTREAM_BUSY);
	int fd = upstream->fd;
	event_del(upstream->readable);
	if (upstream->writable != NULL)
		event_del(upstream->writable);
	upstream->fd = -1;
	end(upstream);
	return fd;
}

void upstream_close_backend(struct backend *backend)
{
	void **slot = backend_proxy_slot(backend);
	struct pool *pool = *slot;
	if (pool == NULL)
		return;
	*slot = NULL;
	while (pool->idle != NULL)
		end(pool->idle);
	while (pool->busy != NULL) {
		struct upstream *upstream = pool->busy;
		list_remove(&pool->busy, upstream);
		upstream->pool = NULL;
		fail_later(upstream, UPSTREAM_DOWN);
	}
	free(pool);
}
