/* tunnel: an upgraded connection (101): bytes both ways until one side ends it. Counts as in flight for its backend. */
#pragma once

struct backend;
struct client;
struct proxy;
struct service;

struct tunnel_end {
	struct proxy *proxy;
	struct service *service;
	struct backend *backend; /* acquired; the tunnel releases it */
	int fd;                  /* the backend's side; owned by the tunnel from now on */
};

void tunnel_start(const struct tunnel_end *end, struct client *client);
