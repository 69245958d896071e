/* answer: what needs no container. */
#include "orchestrator/proxy/answer.h"

#include "common/clock.h"
#include "orchestrator/proxy/challenge_dir.h"
#include "orchestrator/proxy/core.h"
#include "orchestrator/proxy/hop.h"
#include "orchestrator/proxy/problem.h"

#include <stdio.h>
#include <string.h>

#define LOCATION_MAX 16384 /* bytes, so that the reply finds room */
#define ALLOWED "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"

static void note(struct core *core, const struct turn *turn, int code)
{
	int64_t total_us = clock_us() - turn->request->started_us;

	stats_reply(&core->stats, code, total_us);
	if (core->access_log == NULL)
		return;
	struct access_line line = access_line_of(turn);
	line.code = code;
	line.total_us = total_us;
	access_log_write(core->access_log, &line);
}

static void turn_away(struct core *core, struct turn *turn, struct problem problem)
{
	note(core, turn, problem.status);
	turn_answer(turn, &problem);
}

/* --- challenges ------------------------------------------------------------------------------------------------ */

static bool make_head(size_t len, struct buf *text, struct http_head *head)
{
	static const struct http_limits limits = {.head_bytes = 1024};
	enum http_fault fault;
	size_t scanned = 0;

	return buf_add_format(text,
	                      "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: %zu\r\n"
	                      "X-Content-Type-Options: nosniff\r\n\r\n",
	                      len) &&
	       http_head_parse_response(text->data, text->len, &limits, &scanned, head, &fault) == HTTP_PARSE_DONE;
}

static void give(struct core *core, struct turn *turn, const char *data, size_t len)
{
	struct http_head head;
	struct buf text;

	buf_init(&text, 1024);
	bool ok = make_head(len, &text, &head) && turn_head(turn, &head);
	buf_clear(&text);
	if (!ok) {
		turn_abort(turn);
		return;
	}
	if (turn->request->method != HTTP_HEAD_METHOD)
		turn_send(turn, data, len);
	turn_flush(turn);
	note(core, turn, 200);
	turn_end(turn);
}

/* Ours first; then what another ACME client has put into its directory. */
static bool find_answer(struct core *core, struct http_text token, char *room, const char **data, size_t *len)
{
	const char *dir = core->config->acme_challenge_dir, *own = NULL;

	if (token.len == 0)
		return false;
	if (core->challenge != NULL)
		own = core->challenge(token.data, token.len, core->challenge_arg);
	*data = own != NULL ? own : room;
	*len = own != NULL ? strlen(own) : 0;
	return own != NULL || (dir[0] != '\0' && challenge_dir_read(dir, token, room, len));
}

/* A CA asks for what an ACME client has ready for it. It comes before hosts, redirects and private paths: it has to be answered
 * while none of them serves yet. */
static bool is_challenge(struct core *core, struct turn *turn)
{
	const struct config *config = core->config;
	enum http_method method = turn->request->method;
	char room[CHALLENGE_BYTES_MAX];
	struct http_text token;
	const char *data;
	size_t len;

	if (!challenge_token(request_target(turn->request), &token))
		return false;
	if (method != HTTP_GET && method != HTTP_HEAD_METHOD)
		turn_away(core, turn,
		          (struct problem){405, .detail = "a challenge is only read", .allow = "GET, HEAD"});
	else if (!find_answer(core, token, room, &data, &len))
		turn_away(core, turn,
		          (struct problem){404, .detail = config->acme_challenge_dir[0] != '\0'
		                                                  ? "acme_challenge_dir has no such token"
		                                                  : "no challenge has this token"});
	else
		give(core, turn, data, len);
	return true;
}

/* --- what is no service's -------------------------------------------------------------------------------------- */

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

static const struct problem no_path = {404, .detail = "no service has this path"};
static const struct problem no_host = {404, .detail = "no service is for this host"};

struct elsewhere {
	bool secure;
	const char *host;
	struct http_text port; /* ":8080", or empty */
	int code;
};

/* The same request, there. */
static void send_elsewhere(struct core *core, struct turn *turn, const struct elsewhere *to)
{
	struct http_text target = request_target(turn->request);
	struct buf location;

	buf_init(&location, LOCATION_MAX);
	bool fits = buf_add_format(&location, "http%s://%s%.*s%.*s", to->secure ? "s" : "", to->host, (int)to->port.len,
	                           to->port.data, (int)target.len, target.data);
	turn_away(core, turn,
	          fits ? (struct problem){to->code, .location = buf_text(&location)}
	               : (struct problem){414, .detail = "the target is too long"});
	buf_clear(&location);
}

static void redirect(struct core *core, struct turn *turn, const struct host *host)
{
	const struct elsewhere to = {.secure = turn->request->secure,
	                             .host = host->to,
	                             .port = hosts_port(request_host(turn->request)),
	                             .code = host->code};

	send_elsewhere(core, turn, &to);
}

/* Only where the client can go there: a host with a certificate that is no stand-in and has not expired. */
static bool belongs_to_tls(const struct core *core, const struct turn *turn, char name[HOSTS_NAME_SIZE])
{
	return !turn->request->secure && core->config->tls.redirect &&
	       hosts_read(request_host(turn->request), name) > 0 && core->covers(name, core->covers_arg);
}

/* True: it was sent there. */
static bool is_sent_to_tls(struct core *core, struct turn *turn)
{
	char name[HOSTS_NAME_SIZE], host[HOSTS_NAME_SIZE + 2], port[16] = "";
	int port_len = 0;

	if (!belongs_to_tls(core, turn, name))
		return false;
	if (core->config->tls.redirect_port != 443)
		port_len = snprintf(port, sizeof(port), ":%d", (int)core->config->tls.redirect_port);
	bool v6 = strchr(name, ':') != NULL;
	snprintf(host, sizeof(host), "%s%s%s", v6 ? "[" : "", name, v6 ? "]" : "");
	const struct elsewhere to = {.secure = true, .host = host, .port = {port, (uint32_t)port_len}, .code = 308};
	send_elsewhere(core, turn, &to);
	return true;
}

/* True: it was answered. */
static bool is_nobodys(struct core *core, struct turn *turn, struct route_match *match)
{
	const struct request *request = turn->request;
	struct http_text host = {"", 0};

	if (routes_name_hosts(core->routes))
		host = request_host(request);
	switch (routes_find(core->routes, host, request_target(request), request->method, match)) {
	case ROUTE_FOUND:
		return false;
	case ROUTE_NO_PATH:
		turn_away(core, turn, no_path);
		break;
	case ROUTE_NO_HOST:
		turn_away(core, turn, no_host);
		break;
	case ROUTE_REDIRECT:
		redirect(core, turn, match->host);
		break;
	}
	return true;
}

/* One of our own containers asks, and speaks for itself: where it is a trusted proxy, too, whom it speaks for is a stranger. */
static bool is_own(const struct core *core, const struct turn *turn)
{
	return core->sources != NULL && turn->request->client == turn->peer->address &&
	       address_set_has(core->sources, &turn->peer->source);
}

/* Is there nothing of a service's that it asks for? True: it was answered. */
static bool leads_nowhere(struct core *core, struct turn *turn, struct route_match *match)
{
	const struct request *request = turn->request;

	if (is_own(core, turn))
		return !routes_find_by_name(core->routes, request_host(request), request_target(request),
		                            request->method, match) &&
		       is_nobodys(core, turn, match);
	return (core->covers != NULL && is_sent_to_tls(core, turn)) || is_nobodys(core, turn, match);
}

bool answer_here(struct core *core, struct turn *turn, struct route_match *match)
{
	const struct request *request = turn->request;
	bool counts_hops = request->method == HTTP_OPTIONS || request->method == HTTP_TRACE;

	/* what is not configured costs no call: each of these wants room on the stack */
	if ((core->config->acme.agree_to_terms || core->config->acme_challenge_dir[0] != '\0') &&
	    is_challenge(core, turn))
		return true;
	if (counts_hops && ends_here(core, turn))
		return true;
	if (leads_nowhere(core, turn, match))
		return true;
	if (match->is_private) {
		turn_away(core, turn, (struct problem){403, .detail = "this path is not served to the outside"});
		return true;
	}
	return lacks_host(core, turn, match);
}
