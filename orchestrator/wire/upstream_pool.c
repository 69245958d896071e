/* upstream_pool: the connections to one server, the idle ones last used first. */
#include "orchestrator/wire/upstream_private.h"

#include "common/mem.h"

#include <errno.h>
#include <stdlib.h>

#define IDLE_MAX 256     /* connections kept in one pool */
#define IDLE_US 30000000 /* and for how long */
#define LOOK_US 100000   /* after so long it is looked at before it is used */

void upstream_pool_add(struct upstream_pool *pool, struct upstream *upstream)
{
	upstream->pool = pool;
	upstream->pulse = pool->pulse;
	LIST_INSERT_HEAD(&pool->busy, upstream, link);
}

void upstream_pool_keep(struct upstream *upstream)
{
	struct upstream_pool *pool = upstream->pool;

	if (pool == NULL || pool->idle_count >= IDLE_MAX) {
		upstream_end(upstream);
		return;
	}
	LIST_REMOVE(upstream, link);
	LIST_INSERT_HEAD(&pool->idle, upstream, link);
	pool->idle_count++;
	upstream->state = UPSTREAM_IDLE;
	if (upstream->paused)
		stream_resume(&upstream->stream);
	upstream->idle_since_us = clock_recent_us();
	deadline_set(&upstream->deadline, upstream->idle_since_us + IDLE_US);
}

/* Has the server closed it, or sent what nobody asked for, and the loop not heard yet? */
static bool is_stale(const struct upstream *upstream)
{
	return stream_peek(&upstream->stream) != -1 || errno != EAGAIN;
}

/* What comes without being asked for would be taken for the next request's reply (RFC 9112 section 6.3). To look costs a
 * system call, so it is done where that is likely: a body where none may be, a 408 before the server closes. */
static bool is_doubtful(const struct upstream *upstream)
{
	return upstream->bodiless || clock_recent_us() - upstream->idle_since_us > LOOK_US;
}

static void close_idle(struct upstream_pool *pool)
{
	struct upstream *upstream;

	while ((upstream = LIST_FIRST(&pool->idle)) != NULL)
		upstream_end(upstream);
}

struct upstream *upstream_pool_take(struct upstream_pool *pool, bool must_live)
{
	struct upstream *upstream;

	while ((upstream = LIST_FIRST(&pool->idle)) != NULL && (must_live || is_doubtful(upstream)) &&
	       is_stale(upstream))
		upstream_end(upstream);
	if (upstream == NULL)
		return NULL;
	LIST_REMOVE(upstream, link);
	pool->idle_count--;
	LIST_INSERT_HEAD(&pool->busy, upstream, link);
	upstream->reused = true;
	upstream->state = UPSTREAM_BUSY;
	return upstream;
}

/* --- for whoever speaks for the server ------------------------------------------------------------------------- */

struct upstream_pool *upstream_pool_new(struct pulse *pulse)
{
	struct upstream_pool *pool = mem_zero(sizeof(*pool));

	pool->pulse = pulse;
	return pool;
}

void upstream_pool_close(struct upstream_pool *pool)
{
	struct upstream *upstream;

	if (pool == NULL)
		return;
	close_idle(pool);
	while ((upstream = LIST_FIRST(&pool->busy)) != NULL) {
		LIST_REMOVE(upstream, link);
		upstream->pool = NULL;
		upstream_fail_later(upstream, UPSTREAM_DOWN);
	}
	free(pool);
}

void upstream_pool_close_idle(struct upstream_pool *pool)
{
	if (pool != NULL)
		close_idle(pool);
}

void upstream_pool_tell_missed(struct upstream_pool *pool)
{
	struct upstream *next;

	if (pool == NULL)
		return;
	for (struct upstream *upstream = LIST_FIRST(&pool->busy); upstream != NULL; upstream = next) {
		next = LIST_NEXT(upstream, link);
		if (!upstream->got_bytes && !upstream->fail_later)
			upstream->reader.on_missed(upstream->arg);
	}
}

bool upstream_pool_is_unread(const struct upstream_pool *pool)
{
	const struct upstream *upstream;

	if (pool == NULL)
		return false;
	LIST_FOREACH (upstream, &pool->busy, link)
		if (upstream->paused && stream_peek(&upstream->stream) > 0)
			return true;
	return false;
}
