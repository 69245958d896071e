/* admin: the HTTP API for operators: what the fleet is and does, metrics, events, and orders.
 *
 * Served by evhttp on its own addresses (loopback, or a token is asked for) and on a unix socket. It knows the fleet; the
 * proxy it knows only by the numbers that main hands it (stats.h).
 */
#pragma once

#include "common/err.h"
#include "orchestrator/admin/desk.h"

#include <stdio.h>

struct admin;

/* Listens on its addresses and at socket_dir/admin.sock. False if an address cannot be had; without the socket, and without
 * node:PORT, which is opened once the supervisors know the host's, it goes on, and the log says why. */
bool admin_new(const struct admin_settings *settings, struct admin **admin, struct err *err) MUST_CHECK;
void admin_free(struct admin *admin);

/* Another configuration is in force, and the supervisors and stats have its services. Event streams get the fleet anew. */
void admin_reload(struct admin *admin, const struct config *config);

/* News of the fleet, from main's observer: goes to the event streams. */
void admin_backend_changed(struct admin *admin, struct backend *backend, enum backend_state from, enum reason reason);

/* The references of routes and events, and of metrics, in Markdown: docs/admin.md and docs/metrics.md. */
void admin_document(FILE *to);
void admin_document_metrics(FILE *to);
