/* leave: the end of the orchestrator, by TERM, INT or an operator's order.
 *
 * Ends the loop; whoever made the rest frees it.
 */
#pragma once

#include <stdbool.h>

struct lifecycle;
struct config;
struct supervisors;
struct event_base;
struct leave;
struct proxy;

struct leave_settings {
	struct event_base *base;
	struct supervisors *supervisors; /* all of them borrowed */
	struct proxy *proxy;
	struct lifecycle *lifecycle;
};

struct leave *leave_new(const struct leave_settings *settings);
void leave_free(struct leave *leave); /* before what was lent; NULL is fine */

/* No new connections; what is in flight has drain_ms of the config in force. Then the containers are left to the next start,
 * or removed, and the loop ends. signal_name: for the log. */
void leave_begin(struct leave *leave, const char *signal_name, bool remove_containers, const struct config *config);

/* A second signal: ends the loop, waits for nothing, and the log says what that leaves. */
void leave_now(struct leave *leave, const char *signal_name, const struct config *config);

bool leave_is_under_way(const struct leave *leave); /* NULL: false */

/* It ended before it had done what was asked for. NULL: false. */
bool leave_was_cut_short(const struct leave *leave);
