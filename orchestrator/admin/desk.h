/* desk: what everything in admin answers from: the configuration in force, the fleet, the counters, the event streams, the
 * curves of the last minutes.
 *
 * Made and owned by admin; the others read it.
 */
#pragma once

#include "common/err.h"
#include "orchestrator/config/config.h"
#include "orchestrator/fleet/lately.h"
#include "orchestrator/fleet/supervisors.h"
#include "orchestrator/proxy/stats.h"

struct acme;
struct certs;
struct curves;
struct event_base;
struct events;
struct handshakes;
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
	uint64_t (*access_log_dropped)(void *arg);         /* lines, so far */
	const struct handshakes *(*handshakes)(void *arg); /* NULL is given where no TLS is spoken */
	const struct certs *certs;                         /* borrowed; NULL there, too */
	struct acme *acme;                                 /* borrowed; NULL there, too */
	/* What is wrong with the orchestrator's own files, in one sentence each, one after the other from index 0 on; what:
	 * "state", "access-log", "certificate". False: there are no more. NULL: nothing ever is. */
	bool (*trouble)(size_t index, const char **what, char cause[CAUSE_SIZE], void *arg);
	const struct lately *lately; /* borrowed; NULL: nobody remembers */
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
	struct curves *curves;
	int64_t start_us;
};
