/* admin: the HTTP API for operators: what the fleet is and does, metrics, events, and orders.
 *
 * Served by evhttp on its own addresses (loopback, or a token is asked for) and on a unix socket. It knows the fleet; the proxy it knows only
 * by the numbers that main hands it (stats.h).
 */
#pragma once

#include "common/err.h"
#include "orchestrator/config/config.h"
#include "orchestrator/fleet/control.h"
#include "orchestrator/proxy/stats.h"

#include <stdio.h>

struct event_base;
struct admin;
struct route_table;

struct admin_settings {
	struct event_base *base;
	const struct config *config; /* borrowed */
	struct control *control;     /* borrowed */
	/* The counters of service `index` of the config; index = their number: requests of no service. */
	const struct stats *(*stats)(size_t index, void *arg);
	/* Client connections now, and the longest the loop was late in the last second, in microseconds. */
	unsigned (*connections)(void *arg);
	int64_t (*loop_lag_us)(void *arg);
	uint64_t (*access_log_dropped)(void *arg); /* lines, so far */
	/* An operator's wish: finish what is in flight, then end; the containers stay. Again while that is under way:
	 * nothing. */
	void (*drain)(void *arg);
	/* Reads the configuration again and applies it, which calls admin_reload; false with what is wrong with it. */
	bool (*reload)(void *arg, struct err *err);
	void *arg;
	const struct route_table *routes; /* NULL: the api's own (a test's are others) */
};

/* Listens on its addresses and at socket_dir/admin.sock. False if an address cannot be had; without the socket it goes on,
 * and the log says why. */
bool admin_new(const struct admin_settings *settings, struct admin **admin, struct err *err) MUST_CHECK;
void admin_free(struct admin *admin);

/* Another configuration is in force, and control and stats have its services. Event streams get the fleet anew. */
void admin_reload(struct admin *admin, const struct config *config);

/* News of the fleet, from main's observer: goes to the event streams. */
void admin_backend_changed(struct admin *admin, struct backend *backend, enum backend_state from, enum reason reason);

/* The references of routes and events, and of metrics, in Markdown: docs/admin.md and docs/metrics.md. */
void admin_document(FILE *to);
void admin_document_metrics(FILE *to);
