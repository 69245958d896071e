/* upstream_pool: a backend's connections, the idle ones last used first. It hangs on the backend (backend_pool) and
 * goes when that is down.
 */
#include "orchestrator/proxy/upstream_private.h"

#include "common/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#define IDLE_MAX 256     /* connections kept for one backend */
#define IDLE_US 30000000 /* and for how long */
#define LOOK_US 100000   /* after so long it is looked at before it is used */

static struct pool *pool_of(struct backend *backend)
{
	struct pool *pool = backend_pool(backend);

	if (pool == NULL) {
		pool = mem_zero(sizeof(*pool));
		backend_set_pool(backend, pool);
	}
	return pool;
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

void upstream_pool_leave(struct upstream *upstream)
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

void upstream_pool_add(struct upstream *upstream)
{
	upstream->pool = pool_of(upstream->backend);
	list_add(&upstream->pool->busy, upstream);
}

void upstream_pool_keep(struct upstream *upstream)
{
	struct pool *pool = upstream->pool;

	if (pool == NULL || pool->idle_count >= IDLE_MAX) {
		upstream_end(upstream);
		return;
	}
	list_remove(&pool->busy, upstream);
	list_add(&pool->idle, upstream);
	pool->idle_count++;
	upstream->state = UPSTREAM_IDLE;
	if (upstream->paused)
		event_add(upstream->readable, NULL);
	upstream->idle_since_us = clock_recent_us();
	deadline_set(&upstream->deadline, upstream->idle_since_us + IDLE_US);
}

/* Has the backend closed it, or sent what nobody asked for, and the loop not heard yet? */
static bool is_stale(const struct upstream *upstream)
{
	char byte;

	return recv(upstream->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) != -1 || errno != EAGAIN;
}

/* What comes without being asked for would be taken for the next request's reply (RFC 9112 section 6.3). To look costs a
 * system call, so it is done where that is likely: a body where none may be, a 408 before the backend closes. */
static bool is_doubtful(const struct upstream *upstream)
{
	return upstream->bodiless || clock_recent_us() - upstream->idle_since_us > LOOK_US;
}

struct upstream *upstream_pool_take(struct backend *backend, bool must_live)
{
	struct pool *pool = pool_of(backend);

	while (pool->idle != NULL && (must_live || is_doubtful(pool->idle)) && is_stale(pool->idle))
		upstream_end(pool->idle);
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

void upstream_close_backend(struct backend *backend)
{
	struct pool *pool = backend_pool(backend);

	if (pool == NULL)
		return;
	backend_set_pool(backend, NULL);
	while (pool->idle != NULL)
		upstream_end(pool->idle);
	while (pool->busy != NULL) {
		struct upstream *upstream = pool->busy;
		list_remove(&pool->busy, upstream);
		upstream->pool = NULL;
		upstream_fail_later(upstream, UPSTREAM_DOWN);
	}
	free(pool);
}

void upstream_close_idle(struct backend *backend)
{
	const struct pool *pool = backend_pool(backend);

	while (pool != NULL && pool->idle != NULL)
		upstream_end(pool->idle);
}

void upstream_tell_missed(struct backend *backend)
{
	const struct pool *pool = backend_pool(backend);
	struct upstream *upstream = pool != NULL ? pool->busy : NULL;

	while (upstream != NULL) {
		struct upstream *next = upstream->next;
		if (!upstream->got_bytes && !upstream->fail_later)
			upstream->reader.on_missed(upstream->arg);
		upstream = next;
	}
}

bool upstream_is_unread(struct backend *backend)
{
	const struct pool *pool = backend_pool(backend);
	char byte;

	if (pool == NULL)
		return false;
	for (const struct upstream *upstream = pool->busy; upstream != NULL; upstream = upstream->next)
		if (upstream->paused && recv(upstream->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0)
			return true;
	return false;
}
