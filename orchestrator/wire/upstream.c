/* upstream: one connection's life; what is done with it meanwhile is in upstream_send, _write, _read and _pool.
 *
 *   (new) -> CONNECTING -> BUSY -> IDLE -> BUSY ...        any of them -> OVER (closed; freed at the turn's end)
 *
 * One persistent read event for the life of the connection: it carries replies while BUSY and notices the server's
 * close while IDLE. The write event exists only while something could not be written at once.
 * Invariant: while BUSY or CONNECTING there is a reader; IDLE ones are in their pool's idle list, the others in its
 * busy list.
 */
#include "orchestrator/wire/upstream_private.h"

#include "common/container_of.h"
#include "common/mem.h"
#include "orchestrator/base/timer.h"

#include <assert.h>
#include <stdlib.h>

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
	struct upstream *upstream = container_of(deferred, struct upstream, deferred);

	if (upstream->state == UPSTREAM_OVER)
		free_now(upstream);
	else if (upstream->fail_later)
		upstream_fail(upstream, upstream->later);
}

static void leave_pool(struct upstream *upstream)
{
	if (upstream->pool == NULL)
		return;
	LIST_REMOVE(upstream, link);
	if (upstream->state == UPSTREAM_IDLE)
		upstream->pool->idle_count--;
	upstream->pool = NULL;
}

void upstream_end(struct upstream *upstream)
{
	if (upstream->state == UPSTREAM_OVER)
		return;
	upstream_stop_waiting(upstream);
	leave_pool(upstream);
	upstream->state = UPSTREAM_OVER;
	if (upstream->settings.deadlines != NULL)
		deadline_remove(upstream->settings.deadlines, &upstream->deadline);
	timer_free(upstream->again);
	stream_close(&upstream->stream, STREAM_WHOLE);
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
	struct upstream *upstream = container_of(deadline, struct upstream, deadline);

	if (upstream->state == UPSTREAM_IDLE)
		upstream_end(upstream);
	else
		upstream_fail(upstream, upstream->state == UPSTREAM_CONNECTING ? UPSTREAM_CONNECT : UPSTREAM_TIMEOUT);
}

struct upstream *upstream_new(const struct upstream_settings *settings, const struct address *address)
{
	struct upstream *upstream = mem_zero(sizeof(*upstream));

	upstream->settings = *settings;
	upstream->address = address;
	upstream->state = UPSTREAM_CONNECTING;
	upstream->deferred.run = on_deferred;
	buf_init(&upstream->partial, HEAD_BYTES_MAX + UPSTREAM_SCRATCH_BYTES);
	struct http_limits limits = {.head_bytes = HEAD_BYTES_MAX, .target_bytes = 0};
	message_init(&upstream->message, MESSAGE_RESPONSE, &limits);
	buf_init(&upstream->trailers, TRAILER_BYTES_MAX);
	upstream->message.trailers = &upstream->trailers;
	if (settings->deadlines != NULL)
		deadline_add(settings->deadlines, &upstream->deadline, on_deadline);
	deadline_set(&upstream->deadline, clock_us() + settings->connect_timeout_ms * INT64_C(1000));
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
	stream_pause(&upstream->stream);
}

void upstream_resume(struct upstream *upstream)
{
	if (!upstream->paused || upstream->state != UPSTREAM_BUSY)
		return;
	upstream->paused = false;
	upstream_expect_progress(upstream);
	stream_resume(&upstream->stream);
}

int upstream_detach(struct upstream *upstream)
{
	assert(upstream->upgraded && upstream->state == UPSTREAM_BUSY);
	int fd = stream_detach(&upstream->stream);
	upstream_end(upstream);
	return fd;
}

/* --- how it stands --------------------------------------------------------------------------------------------- */

int upstream_error(const struct upstream *upstream)
{
	return upstream->error;
}

struct http_text upstream_begun(const struct upstream *upstream)
{
	if (upstream->begun.data != NULL)
		return upstream->begun;
	return (struct http_text){upstream->partial.data, (uint32_t)upstream->partial.len};
}

enum http_fault upstream_fault(const struct upstream *upstream)
{
	return upstream->fault;
}

bool upstream_is_sent(const struct upstream *upstream)
{
	return upstream->written == upstream_request_len(upstream);
}
