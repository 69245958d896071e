/* pools: a backend's pool hangs on the backend. */
#include "orchestrator/proxy/pools.h"

struct upstream_pool *pool_of(struct backend *backend)
{
	if (backend_pool(backend) == NULL)
		backend_set_pool(backend, upstream_pool_new(backend_pulse(backend)));
	return backend_pool(backend);
}

void pool_close(struct backend *backend)
{
	upstream_pool_close(backend_pool(backend));
	backend_set_pool(backend, NULL);
}

void pool_tell_missed(struct backend *backend)
{
	upstream_pool_tell_missed(backend_pool(backend));
}

static bool is_unread(struct backend *backend)
{
	return upstream_pool_is_unread(backend_pool(backend));
}

static void on_late(struct backend *backend)
{
	upstream_pool_close_idle(backend_pool(backend));
}

const struct health_traffic pool_traffic = {.is_unread = is_unread, .on_late = on_late, .on_missed = pool_tell_missed};
