/* api: what an operator can ask and order.
 *
 * An order is answered when it was taken, not when it is done: the event stream tells the rest.
 */
#include "orchestrator/admin/api.h"

#include "common/clock.h"
#include "common/alike.h"
#include "common/json.h"
#include "common/log.h"
#include "orchestrator/admin/certs_view.h"
#include "orchestrator/admin/curves.h"
#include "orchestrator/admin/events.h"
#include "orchestrator/admin/exposition.h"
#include "orchestrator/admin/local.h"
#include "orchestrator/admin/metrics.h"
#include "orchestrator/admin/peer_view.h"
#include "orchestrator/admin/view.h"
#include "orchestrator/certs/acme.h"

#include <event2/http.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define WANTED_MAX 100000
#define NO_SLOT -1

static void reply_json(struct call *call, int status, const struct json_writer *w)
{
	if (json_writer_ok(w) && buf_add_text(w->buf, "\n"))
		call_reply(call, status, "application/json", w->buf);
	else
		call_problem(call, 500, "the answer is too large");
}

/* --- questions ------------------------------------------------------------------------------------------------- */

static void get_fleet(struct call *call)
{
	struct buf body;
	struct json_writer w;

	buf_init(&body, CALL_REPLY_MAX);
	json_writer_init(&w, &body);
	view_fleet(&w, call->desk);
	reply_json(call, 200, &w);
	buf_clear(&body);
}

static void get_metrics(struct call *call)
{
	struct buf body;
	struct exposition out;

	buf_init(&body, CALL_REPLY_MAX);
	exposition_init(&out, &body);
	metrics_write(&out, &call->desk->settings);
	if (exposition_ok(&out))
		call_reply(call, 200, "text/plain; version=0.0.4; charset=utf-8", &body);
	else
		call_problem(call, 500, "the answer is too large");
	buf_clear(&body);
}

static void get_curves(struct call *call)
{
	struct buf body;
	struct json_writer w;

	buf_init(&body, CALL_REPLY_MAX);
	json_writer_init(&w, &body);
	json_begin_object(&w);
	json_member_number(&w, "time_ms", clock_wall_ms());
	curves_write(&w, call->desk->curves, 0, clock_us());
	json_end_object(&w);
	reply_json(call, 200, &w);
	buf_clear(&body);
}

static void get_certificates(struct call *call)
{
	struct buf body;
	struct json_writer w;

	buf_init(&body, CALL_REPLY_MAX);
	json_writer_init(&w, &body);
	certs_view_write(&w, &call->desk->settings);
	reply_json(call, 200, &w);
	buf_clear(&body);
}

static void get_events(struct call *call)
{
	events_open(call->desk->events, call);
}

/* --- orders ---------------------------------------------------------------------------------------------------- */

static void refuse_unknown(struct call *call, const char *service)
{
	const struct supervisors *supervisors = call->desk->settings.supervisors;
	char question[ALIKE_QUESTION_SIZE];
	struct alike alike;

	alike_begin(&alike, service);
	for (size_t i = 0; i < supervisors_count(supervisors); i++)
		alike_offer(&alike, supervisor_service(supervisors_at(supervisors, i))->name);
	call_problem(call, 404, "there is no service \"%s\"%s", service, alike_question(&alike, question));
}

/* The supervisor that the path names; else the call is answered, and NULL. */
static struct supervisor *find_service(struct call *call)
{
	struct supervisor *supervisor = supervisors_find(call->desk->settings.supervisors, call->args.text[0]);

	if (supervisor == NULL)
		refuse_unknown(call, call->args.text[0]);
	return supervisor;
}

/* slot: what the order is about, or NO_SLOT. */
static void reply_taken(struct call *call, const struct supervisor *supervisor, const char *order, int slot)
{
	struct buf body;
	struct json_writer w;
	const char *service = supervisor_service(supervisor)->name;

	if (slot == NO_SLOT)
		log_info("event=operator order=%s service=%s", order, service);
	else
		log_info("event=operator order=%s service=%s slot=%d", order, service, slot);
	buf_init(&body, 4096);
	json_writer_init(&w, &body);
	json_begin_object(&w);
	json_member_text(&w, "service", service);
	json_member_text(&w, "order", order);
	json_member_number(&w, "wanted", supervisor_scaler(supervisor)->wanted);
	json_end_object(&w);
	reply_json(call, 202, &w);
	buf_clear(&body);
}

struct scale_order {
	int64_t wanted;
};

static const struct json_field scale_fields[] = {
        {.name = "wanted",
         .type = JSON_FIELD_INT,
         .offset = offsetof(struct scale_order, wanted),
         .min = 0,
         .max = WANTED_MAX},
};

static bool read_scale_order(const struct call *call, struct scale_order *order, struct err *err)
{
	struct json_doc *doc;
	size_t len;
	const char *text = call_body(call, &len);

	if (!json_parse(text, len, NULL, &doc, err))
		return false;
	bool ok = json_bind(json_root(doc), scale_fields, sizeof(scale_fields) / sizeof(*scale_fields), order, err);
	json_free(doc);
	return ok;
}

static void post_scale(struct call *call)
{
	struct supervisor *supervisor = find_service(call);
	struct scale_order order;
	struct err err;

	if (supervisor == NULL)
		return;
	if (!read_scale_order(call, &order, &err))
		call_problem(call, 400, "%s; send {\"wanted\": number}", err.message);
	else if (!supervisor_scale(supervisor, (int)order.wanted, &err))
		call_problem(call, 409, "%s", err.message);
	else
		reply_taken(call, supervisor, "scale", NO_SLOT);
}

static void post_roll(struct call *call)
{
	struct supervisor *supervisor = find_service(call);
	struct err err;

	if (supervisor == NULL)
		return;
	if (!supervisor_roll(supervisor, &err))
		call_problem(call, 409, "%s", err.message);
	else
		reply_taken(call, supervisor, "roll", NO_SLOT);
}

/* "0", "1", ... without a leading zero. */
static bool read_slot(const char *text, const struct supervisor *supervisor, int *slot)
{
	size_t len = strlen(text);

	if (len == 0 || len > 6 || strspn(text, "0123456789") != len || (text[0] == '0' && len > 1))
		return false;
	*slot = (int)strtol(text, NULL, 10);
	return (size_t)*slot < supervisor_slot_count(supervisor);
}

static void post_replace(struct call *call)
{
	struct supervisor *supervisor = find_service(call);
	struct err err;
	int slot;

	if (supervisor == NULL)
		return;
	if (!read_slot(call->args.text[1], supervisor, &slot))
		call_problem(call, 404, "service \"%s\" has no slot \"%s\"", call->args.text[0], call->args.text[1]);
	else if (!supervisor_replace(supervisor, slot, &err))
		call_problem(call, 409, "%s", err.message);
	else
		reply_taken(call, supervisor, "replace", slot);
}

static void post_drain(struct call *call)
{
	const struct admin_settings *settings = &call->desk->settings;
	struct buf body;
	struct json_writer w;

	log_info("event=operator order=drain");
	buf_init(&body, 4096);
	json_writer_init(&w, &body);
	json_begin_object(&w);
	json_member_text(&w, "order", "drain");
	json_member_number(&w, "drain_ms", settings->config->drain_ms);
	json_end_object(&w);
	settings->drain(settings->arg);
	reply_json(call, 202, &w);
	buf_clear(&body);
}

static void post_reload(struct call *call)
{
	const struct admin_settings *settings = &call->desk->settings;
	struct buf body;
	struct json_writer w;
	struct err err;

	log_info("event=operator order=reload");
	if (!settings->reload(settings->arg, &err)) {
		call_problem(call, 409, "%s", err.message);
		return;
	}
	buf_init(&body, 4096);
	json_writer_init(&w, &body);
	json_begin_object(&w);
	json_member_text(&w, "order", "reload");
	json_member_number(&w, "services", (int64_t)config_service_count(settings->config));
	json_end_object(&w);
	reply_json(call, 200, &w);
	buf_clear(&body);
}

static void post_renew(struct call *call)
{
	struct acme *acme = call->desk->settings.acme;
	const char *host = call->args.text[0];
	struct buf body;
	struct json_writer w;
	struct err err;

	if (acme == NULL) {
		call_problem(call, 409, "no TLS is spoken here, so no certificate is ordered: see tls.listen");
		return;
	}
	if (!acme_renew(acme, host, &err)) {
		call_problem(call, 409, "%s", err.message);
		return;
	}
	log_info("event=operator order=renew host=%s", host);
	buf_init(&body, 4096);
	json_writer_init(&w, &body);
	json_begin_object(&w);
	json_member_text(&w, "order", "renew");
	json_member_text(&w, "host", host);
	json_end_object(&w);
	reply_json(call, 202, &w);
	buf_clear(&body);
}

/* --- the table ------------------------------------------------------------------------------------------------- */

static const struct route routes[] = {
        {"GET", "/api/fleet", ROUTE_NEEDS_DOOR, get_fleet, "The whole fleet as JSON."},
        {"GET", "/api/events", ROUTE_NEEDS_DOOR, get_events,
         "Server-sent events: the whole fleet, then what changes, as it does."},
        {"GET", "/api/curves", ROUTE_NEEDS_DOOR, get_curves, "The last ten minutes as numbers: below."},
        {"GET", "/api/certificates", ROUTE_NEEDS_DOOR, get_certificates, "The certificates: below."},
        {"GET", "/api/peer", ROUTE_NEEDS_DOOR, peer_view_answer,
         "For other orchestrators of this name: counted requests. With the token of `swarm.token_file`, which opens nothing else."},
        {"GET", "/metrics", ROUTE_NEEDS_DOOR, get_metrics, "Metrics for Prometheus."},
        {"POST", "/api/services/*/scale", ROUTE_NEEDS_DOOR, post_scale,
         "`{\"wanted\": n}`: n containers, within min and max, until the scaling window ends."},
        {"POST", "/api/services/*/roll", ROUTE_NEEDS_DOOR, post_roll,
         "Replaces all containers one by one, after a new one beside them got ready; it serves in their stead."},
        {"POST", "/api/services/*/slots/*/replace", ROUTE_NEEDS_DOOR, post_replace,
         "Replaces the container in a slot."},
        {"POST", "/api/certificates/*/renew", ROUTE_NEEDS_DOOR, post_renew,
         "Orders a certificate for this host now, whatever the time is; 409 says why not."},
        {"POST", "/api/reload", ROUTE_NEEDS_DOOR, post_reload,
         "Reads the configuration again and applies it whole, as SIGHUP does, before it answers; 409 with what is "
         "wrong, and nothing is changed."},
        {"POST", "/api/drain", ROUTE_NEEDS_DOOR, post_drain,
         "No new connections; what is in flight is finished (within `drain_ms`), then the orchestrator ends. The "
         "containers run on for the next start to adopt."},
};

const struct route_table api_routes = {routes, sizeof(routes) / sizeof(*routes)};

static const char *method_of(const struct call *call)
{
	static const struct {
		enum evhttp_cmd_type type;
		const char *name;
	} names[] = {
	        {EVHTTP_REQ_GET, "GET"},         {EVHTTP_REQ_HEAD, "HEAD"},   {EVHTTP_REQ_POST, "POST"},
	        {EVHTTP_REQ_PUT, "PUT"},         {EVHTTP_REQ_PATCH, "PATCH"}, {EVHTTP_REQ_DELETE, "DELETE"},
	        {EVHTTP_REQ_OPTIONS, "OPTIONS"},
	};
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (names[i].type == evhttp_request_get_command(call->request))
			return names[i].name;
	return "?";
}

static void refuse_untrusted(struct call *call)
{
	call_problem(call, 403,
	             "this is ordered over the unix socket %s/" LOCAL_NAME
	             ", as the commands do where they may open it, or "
	             "with the token of admin_token_file",
	             call->desk->settings.config->socket_dir);
}

void api_answer(const struct route_table *table, struct call *call, const char *path)
{
	char allow[ROUTE_ALLOW_SIZE];
	const struct route *route = route_find(table, method_of(call), path, &call->args, allow);

	if (route != NULL && route->need == ROUTE_NEEDS_TRUST && !call->trusted) {
		refuse_untrusted(call);
	} else if (route != NULL) {
		route->handle(call);
	} else if (allow[0] != '\0') {
		call_add_header(call, "Allow", allow);
		call_problem(call, 405, "this path takes %s", allow);
	} else {
		call_problem(call, 404, "nothing is here; try /api/fleet, /metrics or /api/events");
	}
}

void api_document(FILE *to)
{
	static const char *const needs[] = {[ROUTE_NEEDS_DOOR] = "-", [ROUTE_NEEDS_TRUST] = "socket or token"};

	fputs("| Method | Path | Needs | Meaning |\n|---|---|---|---|\n", to);
	for (size_t i = 0; i < api_routes.count; i++)
		fprintf(to, "| %s | `%s` | %s | %s |\n", routes[i].method, routes[i].pattern, needs[routes[i].need],
		        routes[i].help);
}
