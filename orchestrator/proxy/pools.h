/* pools: the connections to each backend. A backend that is not DOWN has a pool from its first request on. */
#pragma once

#include "orchestrator/fleet/backend.h"
#include "orchestrator/fleet/health_traffic.h"
#include "orchestrator/wire/upstream.h"

struct upstream_pool *pool_of(struct backend *backend);

/* The backend is DOWN, or the proxy ends: requests on it fail with UPSTREAM_DOWN, later. Harmless without a pool. */
void pool_close(struct backend *backend);

/* Requests that wait for this backend, which seems to hang, may go elsewhere. */
void pool_tell_missed(struct backend *backend);

/* For health: the traffic of a backend is that of its pool. */
extern const struct health_traffic pool_traffic;
