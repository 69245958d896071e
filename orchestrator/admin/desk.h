/* desk: what everything in admin answers from: the configuration in force, the fleet, the counters, the event streams.
 *
 * Made and owned by admin; the others read it.
 */
#pragma once

#include "common/err.h"
#include "orchestrator/config/config.h"
#include "orchestrator/fleet/supervisors.h"
#include "orchestrator/proxy/stats.h"

struct event_base;
struct events;
struct route_table;

struct admin_settings {
	struct event_base *base;
	const struct config *config;     /* borrowed */
	struct supervisors *supervisors; /* borrowed */
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

struct desk {
	struct admin_settings settings;
	struct events *events;
	int64_t start_us;
};
