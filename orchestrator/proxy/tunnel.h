/* tunnel: an upgraded connection (101): bytes both ways until both sides have ended, one of them broke, nothing moved for
 * idle_timeout_ms, or its backend is gone. Counts as in flight for its backend, so that draining waits for it.
 */
#pragma once

#include "orchestrator/base/deadline.h"
#include "orchestrator/base/defer.h"
#include "orchestrator/config/config.h"

#include <stdint.h>
#include <sys/queue.h>

struct backend;
struct event_base;
struct service;
struct turn;

/* All of them, and what they need; its owner fills it in, and LIST_INIT. */
struct tunnels {
	LIST_HEAD(, tunnel) list;
	struct event_base *base;
	struct deadlines *deadlines;
	struct defer *defer;
	const struct config *config; /* borrowed; may be another one after a reload */
	uint64_t count;
};

struct tunnel_end {
	struct service *service;
	struct backend *backend; /* acquired; the tunnel releases it */
	int fd;                  /* the backend's side; owned by the tunnel from now on */
};

/* turn: its 101 has been sent. */
void tunnel_start(struct tunnels *tunnels, const struct tunnel_end *end, struct turn *turn);

/* The backend is DOWN. Its process is being stopped, and what it still says (a WebSocket's close frame) is passed on;
 * what has not ended when it must be dead, after stop_ms, is ended. */
void tunnel_backend_down(struct tunnels *tunnels, const struct backend *backend);
