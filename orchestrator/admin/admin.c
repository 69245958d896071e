/* admin: its doors: listens, lets in whom it may, hands the call to the api.
 *
 *   accept -> evhttp reads head and body within its limits -> Host, token, Origin (guard), or the peer -> api_answer
 *
 * Invariant: nothing is read from the fleet, and nothing ordered, before the guard has agreed.
 */
#include "orchestrator/admin/admin.h"

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "orchestrator/admin/api.h"
#include "orchestrator/admin/certs_view.h"
#include "orchestrator/admin/curves.h"
#include "orchestrator/admin/events.h"
#include "orchestrator/admin/guard.h"
#include "orchestrator/admin/local.h"
#include "orchestrator/admin/metrics.h"
#include "orchestrator/admin/page.h"
#include "orchestrator/admin/sampler.h"
#include "orchestrator/base/address.h"
#include "orchestrator/base/backoff.h"
#include "orchestrator/base/timer.h"
#include "orchestrator/base/token.h"
#include "orchestrator/config/node_address.h"
#include "orchestrator/fleet/supervisors.h"
#include "orchestrator/wire/listen.h"

#include <event2/bufferevent.h>
#include <event2/http.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define BACKLOG 128
#define HEAD_MAX 16384
#define BODY_MAX 65536
#define TIMEOUT_S 60
#define PEER_PATH "/api/peer"
#define LOOK_US 500000 /* between two looks whether this node has another address */

/* Where we listen: an address, or the unix socket. */
struct door {
	struct admin *admin;
	struct listen *listen;
	struct evhttp *http;
	struct local *local; /* the unix socket; NULL: an address */
	struct address address;
	int node_port;        /* its address is the node's, once that is known; 0: as configured */
	struct backoff retry; /* of that */
	bool needs_token;     /* for whatever is asked */
};

struct admin {
	struct desk desk;
	struct sampler *sampler;
	struct timer *look;
	char *token;      /* NULL: no door needs one */
	char *peer_token; /* opens PEER_PATH alone; NULL: nobody has one */
	struct door *doors;
	size_t door_count;
};

/* --- requests -------------------------------------------------------------------------------------------------- */

static bool may_enter(const struct door *door, const struct call *call, const char *path)
{
	if (!door->needs_token || call->trusted || (call->is_peer && strcmp(path, PEER_PATH) == 0))
		return true;
	call_add_header(call, "WWW-Authenticate", "Bearer realm=\"selfless\"");
	call_problem(call, 401, "send the token of admin_token_file: \"Authorization: Bearer TOKEN\"");
	return false;
}

static const struct route_table *routes_of(const struct door *door)
{
	const struct route_table *routes = door->admin->desk.settings.routes;

	return routes != NULL ? routes : &api_routes;
}

/* A name that a stranger's DNS could point at us is refused. A token proves more than a Host: no page of a stranger
 * knows it, so behind one any name will do (the operator's own DNS, say). */
static bool host_is_ours(const struct door *door, const struct call *call)
{
	if (door->needs_token || guard_host_is_ours(call_header(call, "Host"), &door->address))
		return true;
	call_problem(call, 403, "the Host field must be localhost or the address that admin listens on");
	return false;
}

/* A link on any page may lead to ours; all else is for our page alone. */
static bool origin_is_ours(const struct call *call, bool is_page)
{
	if (guard_origin_is_ours(call_header(call, "Origin"), call_header(call, "Host")) &&
	    (is_page || guard_site_is_ours(call_header(call, "Sec-Fetch-Site"))))
		return true;
	call_problem(call, 403, "this is not for pages of other origins");
	return false;
}

/* A request at an address. Each check that fails has answered. */
static void answer_guest(const struct door *door, struct call *call, const char *path)
{
	const struct asset *file = call_is_get(call) ? page_find(path) : NULL;

	call->trusted = guard_token_is_right(call_header(call, "Authorization"), door->admin->token);
	call->is_peer = guard_token_is_right(call_header(call, "Authorization"), door->admin->peer_token);
	if (!host_is_ours(door, call) || !origin_is_ours(call, file != NULL))
		return;
	if (file != NULL)
		page_answer(call, file);
	else if (may_enter(door, call, path))
		api_answer(routes_of(door), call, path);
}

/* A request at the unix socket, which no browser reaches. Two orchestrators may share a socket_dir, so whoever means one
 * of them says its name. */
static void answer_local(const struct door *door, struct call *call, const char *path)
{
	const char *name = door->admin->desk.settings.config->name, *host = call_header(call, "Host");
	struct evhttp_connection *connection = evhttp_request_get_connection(call->request);
	int fd = bufferevent_getfd(evhttp_connection_get_bufferevent(connection));

	call->trusted = local_peer_may(fd);
	if (!call->trusted)
		call_problem(call, 403, "this socket is for root, for the user of the orchestrator and for its group");
	else if (host != NULL && strcmp(host, "localhost") != 0 && strcasecmp(host, name) != 0)
		call_problem(call, 421, "the orchestrator at this socket is %s", name);
	else
		api_answer(routes_of(door), call, path);
}

static void on_request(struct evhttp_request *request, void *arg)
{
	struct door *door = arg;
	struct call call = {.desk = &door->admin->desk, .request = request};
	const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(request);
	const char *path = uri != NULL ? evhttp_uri_get_path(uri) : NULL;

	(door->local != NULL ? answer_local : answer_guest)(door, &call, path != NULL ? path : "");
}

/* --- doors ----------------------------------------------------------------------------------------------------- */

static struct evhttp *new_http(struct door *door)
{
	struct evhttp *http = mem_must(evhttp_new(door->admin->desk.settings.base));

	evhttp_set_max_headers_size(http, HEAD_MAX);
	evhttp_set_max_body_size(http, BODY_MAX);
	evhttp_set_timeout(http, TIMEOUT_S);
	evhttp_set_default_content_type(http, NULL);
	evhttp_set_allowed_methods(http, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD | EVHTTP_REQ_POST | EVHTTP_REQ_PUT |
	                                         EVHTTP_REQ_PATCH | EVHTTP_REQ_DELETE | EVHTTP_REQ_OPTIONS);
	evhttp_set_gencb(http, on_request, door);
	return http;
}

static void on_lend(struct evconnlistener *listener, void *arg)
{
	struct door *door = arg;

	mem_must(evhttp_bind_listener(door->http, listener));
}

static void open_for(struct door *door)
{
	door->http = new_http(door);
	door->listen = listen_new(&(struct listen_settings){.base = door->admin->desk.settings.base,
	                                                    .key = "admin",
	                                                    .backlog = BACKLOG,
	                                                    .limit = LISTEN_NO_LIMIT,
	                                                    .at_once = door->node_port != 0,
	                                                    .on_lend = on_lend,
	                                                    .arg = door});
}

static bool open_door(struct door *door, const char *text, struct err *err)
{
	bool is_node = node_address_port(text, &door->node_port);

	if (!is_node && !address_parse(text, &door->address))
		return err_set(err, "admin: \"%s\" is no ADDRESS:PORT", text);
	door->needs_token = is_node || !address_is_loopback(&door->address);
	if (door->needs_token && door->admin->token == NULL)
		return err_set(err, "admin: \"%s\" is not a loopback address: that needs admin_token_file", text);
	if (is_node)
		return true; /* see on_look */
	open_for(door);
	return listen_add(door->listen, text, err);
}

/* Without the socket the commands go by the addresses: no reason not to serve. */
static void open_socket(struct door *door)
{
	const struct admin_settings *settings = &door->admin->desk.settings;
	struct err err;

	if (!local_listen(settings->config->socket_dir, BACKLOG, &door->local, &err)) {
		log_warn(
		        "event=admin-socket-off error=%s remedy=\"the admin addresses serve; socket_dir names a folder that "
		        "this user may write to\"",
		        log_quote(err.message));
		return;
	}
	open_for(door);
	listen_add_socket(door->listen, local_fd(door->local));
	log_info("event=admin-listening path=%s", log_quote(local_path(door->local)));
}

static void close_door(struct door *door)
{
	listen_free(door->listen);
	if (door->http != NULL)
		evhttp_free(door->http);
	door->listen = NULL;
	door->http = NULL;
}

/* Nobody here waits for it: what else is served is no worse without it. */
static void open_at_node(struct door *door, const struct address *address)
{
	char text[ADDRESS_TEXT_SIZE];
	struct err err;

	if (door->http != NULL)
		events_cut(door->admin->desk.events); /* before the connections go */
	close_door(door);
	door->address = *address;
	address_format(address, text);
	open_for(door);
	if (listen_add(door->listen, text, &err)) {
		backoff_reset(&door->retry);
		log_info("event=admin-listening address=%s", text);
		return;
	}
	close_door(door);
	if (door->retry.level == 0)
		log_error(
		        "event=admin-node-off address=%s error=%s remedy=\"it is tried again: see that nothing else has the "
		        "port, and that docker swarm's --advertise-addr is an address of this host\"",
		        text, log_quote(err.message));
	backoff_fail(&door->retry, RETRY_ADMIN);
}

static bool is_open_at(const struct door *door, const struct address *address)
{
	return door->http != NULL && door->address.len == address->len &&
	       memcmp(&door->address.addr, &address->addr, address->len) == 0;
}

/* The node's address may not be this host's yet, and may be another one later. */
static void on_look(void *arg)
{
	struct admin *admin = arg;
	const char *host = supervisors_own_host(admin->desk.settings.supervisors);
	struct address address;

	for (size_t i = 0; i < admin->door_count; i++) {
		struct door *door = &admin->doors[i];

		if (door->node_port == 0)
			continue;
		timer_set(admin->look, LOOK_US);
		if (address_of_host(host, door->node_port, &address) && !is_open_at(door, &address) &&
		    backoff_due(&door->retry))
			open_at_node(door, &address);
	}
}

/* --- making ---------------------------------------------------------------------------------------------------- */

static bool open_all(struct admin *admin, struct err *err)
{
	const struct config *config = admin->desk.settings.config;

	if (config->admin_token_file[0] != '\0' && !token_read(config->admin_token_file, &admin->token, err))
		return err_prefix(err, "admin_token_file");
	if (config->swarm.token_file[0] != '\0' && !token_read(config->swarm.token_file, &admin->peer_token, err))
		return err_prefix(err, "swarm.token_file");
	admin->doors = mem_zero((config->admin.count + 1) * sizeof(*admin->doors));
	for (size_t i = 0; i < config->admin.count; i++) {
		admin->doors[i].admin = admin;
		admin->door_count++;
		if (!open_door(&admin->doors[i], config->admin.items[i], err))
			return false;
	}
	admin->doors[admin->door_count].admin = admin;
	open_socket(&admin->doors[admin->door_count++]);
	return true;
}

bool admin_new(const struct admin_settings *settings, struct admin **result, struct err *err)
{
	struct admin *admin = mem_zero(sizeof(*admin));

	admin->desk.settings = *settings;
	admin->desk.start_us = clock_us();
	admin->desk.curves = curves_new();
	admin->desk.events = events_new(&admin->desk);
	admin->sampler = sampler_new(&admin->desk);
	admin->look = timer_new(settings->base, on_look, admin);
	if (!open_all(admin, err)) {
		admin_free(admin);
		return false;
	}
	on_look(admin);
	*result = admin;
	return true;
}

void admin_reload(struct admin *admin, const struct config *config)
{
	admin->desk.settings.config = config;
	events_reload(admin->desk.events);
}

void admin_free(struct admin *admin)
{
	if (admin == NULL)
		return;
	sampler_free(admin->sampler);
	timer_free(admin->look);
	events_free(admin->desk.events); /* before the connections go */
	curves_free(admin->desk.curves);
	for (size_t i = 0; i < admin->door_count; i++) {
		local_free(admin->doors[i].local);
		close_door(&admin->doors[i]);
	}
	free(admin->doors);
	free(admin->token);
	free(admin->peer_token);
	free(admin);
}

void admin_backend_changed(struct admin *admin, struct backend *backend, enum backend_state from, enum reason reason)
{
	events_backend(admin->desk.events, backend, from, reason);
}

void admin_document(FILE *to)
{
	fputs("# The admin API\n\n"
	      "<!-- made by: orchestrator --document-admin -->\n\n"
	      "Served on the addresses of `admin`. `GET /` is the dashboard; its addresses are relative, so that it works behind a\n"
	      "proxy that takes a path prefix away (`/fleet/`, with its last slash; `Host` passed on as the browser sent it).\n"
	      "On an address that is not loopback every path but\n"
	      "the dashboard's own files wants `Authorization: Bearer TOKEN`, the first line of `admin_token_file`. Errors are\n"
	      "`application/problem+json`.\n\n"
	      "The same API, without the dashboard, is served at the unix socket `admin.sock` in `socket_dir` (`/run/NAME`), for\n"
	      "root, for the orchestrator's user and for its group: `curl --unix-socket /run/selfless/admin.sock\n"
	      "http://localhost/api/fleet`. The commands take it before any address. What needs \"socket or token\" is 403 elsewhere,\n"
	      "at loopback addresses as well.\n\n",
	      to);
	api_document(to);
	fputs("\n## Events of `/api/events`\n\n", to);
	events_document(to);
	fputs("\n## What `/api/curves` gives\n\n"
	      "The last 120 steps of 5 s, or as many as the orchestrator is up, for plots; taken whether anybody watches or not.\n"
	      "`step_ms`; `steps`, how many have ended since the start; `ended_ms_ago`, when the last one did. Then arrays, the\n"
	      "oldest step first, `null` where nothing is known:\n\n",
	      to);
	curves_document(to);
	certs_view_document(to);
}

void admin_document_metrics(FILE *to)
{
	fputs("# Metrics\n\n"
	      "<!-- made by: orchestrator --document-metrics -->\n\n"
	      "`GET /metrics` on the addresses of `admin` gives these in Prometheus' text format. Dashboard and alert rules that\n"
	      "use them are in `orchestrator/admin/monitoring/`.\n\n",
	      to);
	metrics_document(to);
}
