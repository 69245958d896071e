/* core: what exchanges, tunnels and answers share of the proxy, which alone makes and frees it. */
#pragma once

#include "orchestrator/base/address_set.h"
#include "orchestrator/base/deadline.h"
#include "orchestrator/base/defer.h"
#include "orchestrator/config/config.h"
#include "orchestrator/proxy/access_log.h"
#include "orchestrator/proxy/conns.h"
#include "orchestrator/proxy/route.h"
#include "orchestrator/proxy/service.h"
#include "orchestrator/proxy/silence.h"
#include "orchestrator/proxy/stats.h"
#include "orchestrator/proxy/tunnel.h"
#include "orchestrator/wire/upstream.h"

/* Is there a certificate that is good now for this host (as hosts_read gives it)? */
typedef bool core_covers(const char *host, void *arg);

struct core {
	const struct config *config; /* borrowed, as all that is not a value */
	struct defer *defer;
	struct deadlines *deadlines;
	struct conns *conns;
	struct routes *routes;
	core_covers *covers; /* NULL: no TLS is spoken */
	void *covers_arg;
	const struct address_set *sources; /* of our own running containers; NULL: none are known */
	struct service **services; /* as many as the config has, in its order */
	size_t service_count;
	struct upstream_settings upstream;
	const char *(*challenge)(const char *token, size_t len, void *arg); /* see proxy_settings */
	void *challenge_arg;
	struct access_log *access_log; /* NULL: off */
	struct stats stats;            /* requests of no service */
	struct tunnels tunnels;
	struct silence silence;
	uint64_t in_flight; /* exchanges */
};
