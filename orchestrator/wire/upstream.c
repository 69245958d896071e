/* upstream: connect, write, read, give back.
 *
 *   (new) -> CONNECTING -> BUSY -> IDLE -> BUSY ...        any of them -> OVER (closed; freed at the turn's end)
 *
 * One persistent read event for the life of the connection: it carries replies while BUSY and notices the server's
 * close while IDLE. The write event exists only while something could not be written at once.
 * Invariant: while BUSY or CONNECTING there is a reader; IDLE ones are in their pool's idle list, the others in its
 * busy list.
 */
#include "orchestrator/wire/upstream_private.h"

#include "common/mem.h"

#include <assert.h>
#include <stdlib.h>
#include <unistd.h>

#define HEAD_BYTES_MAX 65536
#define TRAILER_BYTES_MAX 8192

/* --- the end --------------------------------------------------------------------------------------------------- */

static void free_now(struct upstream *upstream)
{
	buf_clear(&upstream->partial);
	buf_clear(&upstream->trailers);
	free(upstream);
}

void upstream_fail_later(struct upstream *upstream, enum upstream_failure failure)
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
		upstream_fail(upstream, upstream->later);
}

static void free_event(struct event *event)
{
	if (event != NULL)
		event_free(event);
}

void upstream_end(struct upstream *upstream)
{
	if (upstream->state == UPSTREAM_OVER)
		return;
	upstream_stop_waiting(upstream);
	upstream_pool_leave(upstream);
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

void upstream_fail(struct upstream *upstream, enum upstream_failure failure)
{
	struct upstream_reader reader = upstream->reader;
	void *arg = upstream->arg;
	bool told = upstream->state == UPSTREAM_IDLE || upstream->state == UPSTREAM_OVER;
	bool untouched = upstream->written == 0;
	const char *broke = upstream->broke;

	upstream_end(upstream);
	if (!told)
		reader.on_failed(failure, untouched, broke, arg);
}

/* --- the beginning --------------------------------------------------------------------------------------------- */

static void on_deadline(struct deadline *deadline)
{
	struct upstream *upstream = (struct upstream *)((char *)deadline - offsetof(struct upstream, deadline));

	if (upstream->state == UPSTREAM_IDLE)
		upstream_end(upstream);
	else
		upstream_fail(upstream, upstream->state == UPSTREAM_CONNECTING ? UPSTREAM_CONNECT : UPSTREAM_TIMEOUT);
}

static struct upstream *upstream_new(const struct upstream_settings *settings, const struct address *address,
                                     struct upstream_pool *pool)
{
	struct upstream *upstream = mem_zero(sizeof(*upstream));

	upstream->settings = *settings;
	upstream->address = address;
	upstream->state = UPSTREAM_CONNECTING;
	upstream->deferred.run = on_deferred;
	if (pool != NULL)
		upstream_pool_add(pool, upstream);
	buf_init(&upstream->partial, HEAD_BYTES_MAX + UPSTREAM_SCRATCH_BYTES);
	struct http_limits limits = {.head_bytes = HEAD_BYTES_MAX, .target_bytes = 0};
	message_init(&upstream->message, MESSAGE_RESPONSE, &limits);
	buf_init(&upstream->trailers, TRAILER_BYTES_MAX);
	upstream->message.trailers = &upstream->trailers;
	deadline_add(settings->deadlines, &upstream->deadline, on_deadline);
	deadline_set(&upstream->deadline, clock_us() + settings->connect_timeout_ms * INT64_C(1000));
	return upstream;
}

struct upstream *upstream_send(const struct upstream_settings *settings, const struct address *address,
                               struct upstream_pool *pool, const struct upstream_request *request,
                               const struct upstream_reader *reader, void *arg)
{
	struct upstream *upstream = NULL;

	if (pool != NULL && !request->fresh)
		upstream = upstream_pool_take(pool, !http_method_idempotent(request->method));
	bool connected = upstream != NULL;
	if (!connected)
		upstream = upstream_new(settings, address, pool);
	assert(request->response_timeout_ms > 0);
	upstream->request = *request;
	upstream->reader = *reader;
	upstream->arg = arg;
	upstream->written = 0;
	upstream->interims = 0;
	upstream->broke = NULL;
	upstream->sent_us = clock_recent_us();
	upstream->waiting = upstream->pulse != NULL;
	if (upstream->waiting)
		pulse_begin(upstream->pulse, upstream->sent_us);
	upstream->got_bytes = upstream->got_head = upstream->keep = upstream->paused = upstream->write_failed = false;
	message_start(&upstream->message, request->method);
	buf_reset(&upstream->trailers);
	if (connected)
		upstream_start(upstream);
	else
		upstream_open(upstream);
	return upstream;
}

void upstream_cancel(struct upstream *upstream)
{
	upstream_end(upstream);
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
	upstream_expect_progress(upstream);
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
	upstream_end(upstream);
	return fd;
}
