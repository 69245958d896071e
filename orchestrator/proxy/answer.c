/* answer: what needs no container. */
#include "orchestrator/proxy/answer.h"

#include "common/clock.h"
#include "orchestrator/proxy/hop.h"
#include "orchestrator/proxy/proxy.h"

#define ALLOWED "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"

void answer_problem(struct client *client, const struct request *request, struct problem problem)
{
	struct buf out;

	problem.request_id = request->id;
	problem.keep_alive_said = request->http_1_0;
	problem.head_only = request->method == HTTP_HEAD_METHOD;
	buf_init(&out, 32768);
	if (problem_write(&out, &problem))
		client_write(client, &(struct iovec){out.data, out.len}, 1);
	buf_clear(&out);
	client_end(client, problem.close);
}

static void turn_away(struct proxy *proxy, struct client *client, struct request *request, struct problem problem)
{
	int64_t total_us = clock_us() - request->started_us;

	stats_reply(&proxy->stats, problem.status, total_us);
	if (proxy->access_log != NULL) {
		struct access_line line = {.request_id = request->id,
		                           .client = client_address(client),
		                           .method = request_method(request),
		                           .target = request_target(request),
		                           .code = problem.status,
		                           .slot = -1,
		                           .container = "",
		                           .total_us = total_us};
		access_log_write(proxy->access_log, &line);
	}
	problem.close |= request->close || front_is_draining(proxy->front);
	answer_problem(client, request, problem);
}

/* TRACE is not echoed, as nginx does not either: what came is the business of who sent it, but a script that made
 * somebody's browser ask would read cookies and what proxies added. */
static bool ends_here(struct proxy *proxy, struct client *client, struct request *request)
{
	struct problem answer = {.status = 204, .allow = ALLOWED};

	switch (hop_take(&request->head)) {
	case HOP_ON:
		return false;
	case HOP_BAD:
		answer = (struct problem){400, .detail = "Max-Forwards must be one number", .close = true};
		break;
	case HOP_ENDS:
		if (request->method == HTTP_TRACE)
			answer = (struct problem){405, .detail = "TRACE is not answered here", .allow = ALLOWED};
		break;
	}
	turn_away(proxy, client, request, answer);
	return true;
}

/* Who asked without saying whom (HTTP/1.0) asks the service. */
static bool lacks_host(struct proxy *proxy, struct client *client, struct request *request,
                       const struct route_match *match)
{
	if (!request->hostless || forward_host(&request->head, config_service_at(proxy->config, match->service)->name))
		return false;
	turn_away(proxy, client, request,
	          (struct problem){431, .detail = "the request's head is too large to be sent on"});
	return true;
}

bool answer_here(struct proxy *proxy, struct client *client, struct request *request, struct route_match *match)
{
	bool counts_hops = request->method == HTTP_OPTIONS || request->method == HTTP_TRACE;

	if (counts_hops && ends_here(proxy, client, request))
		return true;
	if (!routes_find(proxy->routes, request_target(request), request->method, match)) {
		turn_away(proxy, client, request, (struct problem){404, .detail = "no service has this path"});
		return true;
	}
	if (match->is_private) {
		turn_away(proxy, client, request,
		          (struct problem){403, .detail = "this path is not served to the outside"});
		return true;
	}
	return lacks_host(proxy, client, request, match);
}
