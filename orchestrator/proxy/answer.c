/* answer: what needs no container. */
#include "orchestrator/proxy/answer.h"

#include "common/clock.h"
#include "orchestrator/proxy/core.h"
#include "orchestrator/proxy/hop.h"
#include "orchestrator/proxy/problem.h"

#define ALLOWED "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"

static void turn_away(struct core *core, struct turn *turn, struct problem problem)
{
	const struct request *request = turn->request;
	int64_t total_us = clock_us() - request->started_us;

	stats_reply(&core->stats, problem.status, total_us);
	if (core->access_log != NULL) {
		struct access_line line = {.request_id = request->id,
		                           .client = turn->address,
		                           .method = request_method(request),
		                           .target = request_target(request),
		                           .code = problem.status,
		                           .slot = -1,
		                           .container = "",
		                           .total_us = total_us};
		access_log_write(core->access_log, &line);
	}
	turn_answer(turn, &problem);
}

/* TRACE is not echoed, as nginx does not either: what came is the business of who sent it, but a script that made
 * somebody's browser ask would read cookies and what proxies added. */
static bool ends_here(struct core *core, struct turn *turn)
{
	struct problem answer = {.status = 204, .allow = ALLOWED};

	switch (hop_take(&turn->request->head)) {
	case HOP_ON:
		return false;
	case HOP_BAD:
		answer = (struct problem){400, .detail = "Max-Forwards must be one number", .close = true};
		break;
	case HOP_ENDS:
		if (turn->request->method == HTTP_TRACE)
			answer = (struct problem){405, .detail = "TRACE is not answered here", .allow = ALLOWED};
		break;
	}
	turn_away(core, turn, answer);
	return true;
}

/* Who asked without saying whom (HTTP/1.0) asks the service. */
static bool lacks_host(struct core *core, struct turn *turn, const struct route_match *match)
{
	struct request *request = turn->request;

	if (!request->hostless || forward_host(&request->head, config_service_at(core->config, match->service)->name))
		return false;
	turn_away(core, turn, (struct problem){431, .detail = "the request's head is too large to be sent on"});
	return true;
}

bool answer_here(struct core *core, struct turn *turn, struct route_match *match)
{
	const struct request *request = turn->request;
	bool counts_hops = request->method == HTTP_OPTIONS || request->method == HTTP_TRACE;

	if (counts_hops && ends_here(core, turn))
		return true;
	if (!routes_find(core->routes, request_target(request), request->method, match)) {
		turn_away(core, turn, (struct problem){404, .detail = "no service has this path"});
		return true;
	}
	if (match->is_private) {
		turn_away(core, turn, (struct problem){403, .detail = "this path is not served to the outside"});
		return true;
	}
	return lacks_host(core, turn, match);
}
