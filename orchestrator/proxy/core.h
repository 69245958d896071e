/* core: what exchanges, tunnels and answers share of the proxy, which alone makes and frees it. */
#pragma once

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

struct core {
	const struct config *config; /* borrowed, as all that is not a value */
	struct defer *defer;
	struct deadlines *deadlines;
	struct conns *conns;
	struct routes *routes;
	struct service **services; /* as many as the config has, in its order */
	size_t service_count;
	struct upstream_settings upstream;
	struct access_log *access_log; /* NULL: off */
	struct stats stats;            /* requests of no service */
	struct tunnels tunnels;
	struct silence silence;
	uint64_t in_flight; /* exchanges */
};
