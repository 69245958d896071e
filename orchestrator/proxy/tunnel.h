/* tunnel: an upgraded connection (101): bytes both ways until both sides have ended, one of them broke, nothing moved for
 * idle_timeout_ms, or its backend is gone. Counts as in flight for its backend, so that draining waits for it.
 */
#pragma once

#include <sys/queue.h>

struct backend;
struct proxy;
struct service;
struct turn;

LIST_HEAD(tunnels, tunnel);

struct tunnel_end {
	struct proxy *proxy;
	struct service *service;
	struct backend *backend; /* acquired; the tunnel releases it */
	int fd;                  /* the backend's side; owned by the tunnel from now on */
};

void tunnel_start(const struct tunnel_end *end, struct turn *turn);

/* The backend is DOWN. Its process is being stopped, and what it still says (a WebSocket's close frame) is passed on;
 * what has not ended when it must be dead, after stop_ms, is ended. */
void tunnel_backend_down(struct tunnels *tunnels, const struct backend *backend);
