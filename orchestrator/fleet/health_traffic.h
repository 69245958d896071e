/* health_traffic: what health asks of the one who has a backend's traffic, and tells it. The proxy has such a table. */
#pragma once

#include <stdbool.h>

struct backend;

struct health_traffic {
	/* Has the backend sent something that we do not read, since a client does not? */
	bool (*is_unread)(struct backend *backend);
	/* A probe of the backend was late. Where each connection has a thread of its own, idle connections may have them all. */
	void (*on_late)(struct backend *backend);
	/* The backend missed a probe and is silent: requests that wait for it may try another one as well. Its state was set
	 * before; anything may be done with it. */
	void (*on_missed)(struct backend *backend);
};
