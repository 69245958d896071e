/* metrics: the table, and one small function a row that writes its samples.
 *
 * A row is written for each service in turn, or once. Samples that an alert compares with their past (errors,
 * replacements) are there from the start with 0: a counter that appears at 1 has never risen.
 */
#include "orchestrator/admin/metrics.h"

#include "orchestrator/admin/nodes_metrics.h"
#include "orchestrator/base/backoff.h"
#include "orchestrator/certs/acme.h"
#include "orchestrator/certs/certs.h"
#include "orchestrator/wire/handshakes.h"

#include <assert.h>
#include <string.h>

/* Where a sample comes from. */
struct source {
	const struct admin_settings *settings;
	const char *service;           /* "-": requests of no service */
	struct supervisor *supervisor; /* NULL for those */
	const struct stats *stats;
};

typedef void metrics_sample(struct exposition *out, const struct source *source);

static metrics_sample requests, request_seconds, in_flight, held, tries, replays, hedged, backends, replacements,
        replacement_seconds, window_requests, wanted, engine_up, leader, node_up, node_backends, node_loss_covered,
        retries, loop_lag, connections, handshakes_done, certificate_expiry, certificate_start, acme_orders_done,
        access_log_dropped, build_info;

/* PROXY: once a service and once for requests of none. SERVICE: once a service. ONCE: no service in it. */
enum scope { PROXY, SERVICE, ONCE };

/* clang-format off */
#define METRICS(X) \
	X(requests, "selfless_requests_total", COUNTER, PROXY, "service,code", \
	  "Requests answered, by status; 000: the client left first. service=\"-\": of no service.") \
	X(request_seconds, "selfless_request_seconds", HISTOGRAM, PROXY, "service", \
	  "Time from a request's head to the end of its reply, holding and replays included.") \
	X(in_flight, "selfless_in_flight", GAUGE, PROXY, "service", "Requests in the proxy now, held ones included.") \
	X(held, "selfless_held", GAUGE, SERVICE, "service", "Requests that wait now for a container to become ready.") \
	X(tries, "selfless_tries_total", COUNTER, SERVICE, "service,outcome", \
	  "Requests that were on a container, by how that ended; one that was sent again counts once for each.") \
	X(replays, "selfless_replays_total", COUNTER, SERVICE, "service,reason", \
	  "Times a request was sent again, by what had happened to it.") \
	X(hedged, "selfless_hedged_total", COUNTER, SERVICE, "service", \
	  "Requests sent to a second container as well, since the first one seemed to hang.") \
	X(backends, "selfless_backends", GAUGE, SERVICE, "service,state", "Containers now, by state; spare: paused, to stand in.") \
	X(replacements, "selfless_replacements_total", COUNTER, SERVICE, "service,reason", \
	  "Replacements of containers begun, by the fault that caused them.") \
	X(replacement_seconds, "selfless_replacement_seconds", HISTOGRAM, SERVICE, "service", \
	  "Time from the first evidence of a fault to the replacement's first good probe.") \
	X(window_requests, "selfless_window_requests", GAUGE, SERVICE, "service", \
	  "Requests counted so far in the open scaling window.") \
	X(wanted, "selfless_wanted", GAUGE, SERVICE, "service", "Containers that the scaler wants.") \
	X(engine_up, "selfless_engine_up", GAUGE, ONCE, "", "1 while the container engine answers, else 0.") \
	X(leader, "selfless_leader", GAUGE, ONCE, "", \
	  "1 while this orchestrator acts: the only one, or of several on a swarm the one whose node leads; else 0.") \
	X(node_up, "selfless_node_up", GAUGE, ONCE, "node,address", \
	  "By an engine of several hosts: 1 while it hears of this one, else 0.") \
	X(node_backends, "selfless_node_backends", GAUGE, SERVICE, "service,node,address", \
	  "By such an engine: ready containers of the service on this host.") \
	X(node_loss_covered, "selfless_node_loss_covered", GAUGE, ONCE, "", \
	  "By such an engine: 1 while any one host may be lost, with each service served on and replaced; else 0, and `orchestrator status` says why.") \
	X(retries, "selfless_retries_total", COUNTER, ONCE, "what", \
	  "What failed and is tried again, after 0.5 s doubling to 30 s (link: 0.1 s to 0.5 s; log, hunt: to 1 s; peer: 1 s to 10 s; acme: 60 s to 6 h, 5 s to 10 min where the CA was not reached; accept: 0.1 s to 1 s), by what it is.") \
	X(loop_lag, "selfless_loop_lag_seconds", GAUGE, ONCE, "", \
	  "The longest that a timer of the event loop was late in the last second or two.") \
	X(connections, "selfless_connections", GAUGE, ONCE, "", "Client connections open now.") \
	X(handshakes_done, "selfless_handshakes_total", COUNTER, ONCE, "version,result", \
	  "Handshakes of TLS that ended, by version (- before it was agreed on) and how: full, resumed; challenge: a CA looked whether this machine has a name; refused, clear, garbage: what was said; gone, late; crowded: more than one client's share.") \
	X(certificate_expiry, "selfless_certificate_expiry_timestamp_seconds", GAUGE, ONCE, "host", \
	  "When the certificate ends (Unix time), by the names that it is for; of two for one name, the first to end.") \
	X(certificate_start, "selfless_certificate_start_timestamp_seconds", GAUGE, ONCE, "host", \
	  "When that certificate began (Unix time): with its end, how long its life is.") \
	X(acme_orders_done, "selfless_acme_orders_total", COUNTER, ONCE, "outcome", \
	  "Orders of certificates that are over: issued or failed.") \
	X(access_log_dropped, "selfless_access_log_dropped_total", COUNTER, ONCE, "", \
	  "Lines of the access log that were not written: its file could not be, or was slower than the requests.") \
	X(build_info, "selfless_build_info", GAUGE, ONCE, "version", "Always 1; its label says what runs.")
/* clang-format on */

static const struct metric {
	const char *name;
	enum exposition_type type;
	enum scope scope;
	const char *labels; /* comma-separated */
	const char *help;
	metrics_sample *sample;
} metrics[] = {
#define X(sample, name, type, scope, labels, help) {name, EXPOSITION_##type, scope, labels, help, sample},
        METRICS(X)
#undef X
};

#define METRIC_COUNT (sizeof(metrics) / sizeof(*metrics))

/* --- samples --------------------------------------------------------------------------------------------------- */

static void by_service(struct exposition *out, const struct source *source, uint64_t value)
{
	const struct exposition_label labels[] = {{"service", source->service}};

	exposition_whole(out, labels, 1, value);
}

static void by_service_and(struct exposition *out, const struct source *source, const char *name, const char *text,
                           uint64_t value)
{
	const struct exposition_label labels[] = {{"service", source->service}, {name, text}};

	exposition_whole(out, labels, 2, value);
}

static bool code_is_watched(int code)
{
	return code == 200 || code == 500 || code == 502 || code == 503 || code == 504;
}

static void requests(struct exposition *out, const struct source *source)
{
	for (int code = 0; code < (int)(sizeof(source->stats->by_code) / sizeof(source->stats->by_code[0])); code++) {
		char text[16];
		if (source->stats->by_code[code] == 0 && !code_is_watched(code))
			continue;
		snprintf(text, sizeof(text), "%03d", code);
		by_service_and(out, source, "code", text, source->stats->by_code[code]);
	}
}

static void request_seconds(struct exposition *out, const struct source *source)
{
	const struct stats *stats = source->stats;
	const struct exposition_label labels[] = {{"service", source->service}};
	struct exposition_histogram histogram = {.bounds = stats_bucket_s,
	                                         .buckets = stats->bucket,
	                                         .count = STATS_BUCKETS,
	                                         .total = stats_replies(stats),
	                                         .sum = (double)stats->seconds_us / 1e6};

	exposition_histogram(out, labels, 1, &histogram);
}

static void in_flight(struct exposition *out, const struct source *source)
{
	by_service(out, source, source->stats->in_flight);
}

static void held(struct exposition *out, const struct source *source)
{
	by_service(out, source, source->stats->held);
}

static void tries(struct exposition *out, const struct source *source)
{
	const struct fleet *fleet = supervisor_fleet(source->supervisor);

	for (int i = 0; i < FLEET_OUTCOMES; i++)
		by_service_and(out, source, "outcome", fleet_outcome_text((enum fleet_outcome)i),
		               fleet_outcomes(fleet, (enum fleet_outcome)i));
}

static void replays(struct exposition *out, const struct source *source)
{
	for (int i = 0; i < STATS_REPLAY_COUNT; i++)
		by_service_and(out, source, "reason", stats_replay_text((enum stats_replay)i),
		               source->stats->replays[i]);
}

static void hedged(struct exposition *out, const struct source *source)
{
	by_service(out, source, source->stats->hedged);
}

static void backends(struct exposition *out, const struct source *source)
{
	struct fleet *fleet = supervisor_fleet(source->supervisor);

	for (int i = 0; i < BACKEND_STATES; i++)
		by_service_and(out, source, "state", backend_state_text((enum backend_state)i),
		               fleet_count_state(fleet, (enum backend_state)i));
	by_service_and(out, source, "state", "spare", supervisor_spares_waiting(source->supervisor));
}

static void replacements(struct exposition *out, const struct source *source)
{
	for (int i = 0; i < REASON_COUNT; i++)
		by_service_and(out, source, "reason", reason_text((enum reason)i),
		               supervisor_replacements(source->supervisor, (enum reason)i));
}

static void replacement_seconds(struct exposition *out, const struct source *source)
{
	const struct repair_times *times = supervisor_times(source->supervisor);
	const struct exposition_label labels[] = {{"service", source->service}};
	const struct exposition_histogram histogram = {.bounds = repair_bounds,
	                                               .buckets = times->buckets,
	                                               .count = REPAIR_BUCKETS,
	                                               .total = times->count,
	                                               .sum = times->sum};

	exposition_histogram(out, labels, 1, &histogram);
}

static void window_requests(struct exposition *out, const struct source *source)
{
	const struct scaler *scaler = supervisor_scaler(source->supervisor);

	by_service(out, source, scaler->open ? scaler->count : 0);
}

static void wanted(struct exposition *out, const struct source *source)
{
	by_service(out, source, (uint64_t)supervisor_scaler(source->supervisor)->wanted);
}

static void engine_up(struct exposition *out, const struct source *source)
{
	exposition_whole(out, NULL, 0, supervisors_engine_up(source->settings->supervisors));
}

static void leader(struct exposition *out, const struct source *source)
{
	exposition_whole(out, NULL, 0, supervisors_lead(source->settings->supervisors));
}

static void node_up(struct exposition *out, const struct source *source)
{
	nodes_metrics_up(out, source->settings->supervisors);
}

static void node_backends(struct exposition *out, const struct source *source)
{
	nodes_metrics_backends(out, source->settings->supervisors, source->supervisor);
}

static void node_loss_covered(struct exposition *out, const struct source *source)
{
	nodes_metrics_loss(out, source->settings->supervisors);
}

static void retries(struct exposition *out, const struct source *source)
{
	(void)source;
	for (int what = 0; what < RETRY_COUNT; what++) {
		const struct exposition_label labels[] = {{"what", backoff_retry_text((enum retry)what)}};
		exposition_whole(out, labels, 1, backoff_retries((enum retry)what));
	}
}

static void loop_lag(struct exposition *out, const struct source *source)
{
	exposition_real(out, NULL, 0, (double)source->settings->loop_lag_us(source->settings->arg) / 1e6);
}

static void connections(struct exposition *out, const struct source *source)
{
	exposition_whole(out, NULL, 0, source->settings->connections(source->settings->arg));
}

/* What an alert asks for is there from the start. */
static bool is_watched(enum handshake_version version, enum handshake_result result)
{
	bool done = result == HANDSHAKE_FULL || result == HANDSHAKE_RESUMED || result == HANDSHAKE_CHALLENGE;

	return done == (version != HANDSHAKE_NO_VERSION);
}

static void handshakes_done(struct exposition *out, const struct source *source)
{
	const struct handshakes *all = source->settings->handshakes(source->settings->arg);

	for (int version = 0; all != NULL && version < HANDSHAKE_VERSIONS; version++)
		for (int result = 0; result < HANDSHAKE_RESULTS; result++) {
			uint64_t count =
			        handshakes_count(all, (enum handshake_version)version, (enum handshake_result)result);
			const struct exposition_label labels[] = {
			        {"version", handshake_version_text((enum handshake_version)version)},
			        {"result", handshake_result_text((enum handshake_result)result)}};
			if (count > 0 || is_watched((enum handshake_version)version, (enum handshake_result)result))
				exposition_whole(out, labels, 2, count);
		}
}

static void certificate_time(struct exposition *out, const char *host, int64_t at_s)
{
	const struct exposition_label labels[] = {{"host", host}};

	exposition_whole(out, labels, 1, (uint64_t)(at_s > 0 ? at_s : 0));
}

static void certificate_expiry(struct exposition *out, const struct source *source)
{
	const struct certs *certs = source->settings->certs;

	for (size_t i = 0; certs != NULL && i < certs_name_count(certs); i++)
		certificate_time(out, certs_name_at(certs, i).host, certs_name_at(certs, i).until_s);
}

static void certificate_start(struct exposition *out, const struct source *source)
{
	const struct certs *certs = source->settings->certs;

	for (size_t i = 0; certs != NULL && i < certs_name_count(certs); i++)
		certificate_time(out, certs_name_at(certs, i).host, certs_name_at(certs, i).from_s);
}

static void acme_orders_done(struct exposition *out, const struct source *source)
{
	for (int outcome = 0; outcome < ACME_OUTCOMES; outcome++) {
		const struct exposition_label labels[] = {{"outcome", acme_outcome_text((enum acme_outcome)outcome)}};
		exposition_whole(out, labels, 1, acme_orders(source->settings->acme, (enum acme_outcome)outcome));
	}
}

static void access_log_dropped(struct exposition *out, const struct source *source)
{
	exposition_whole(out, NULL, 0, source->settings->access_log_dropped(source->settings->arg));
}

static void build_info(struct exposition *out, const struct source *source)
{
	(void)source;
	const struct exposition_label labels[] = {{"version", SELFLESS_VERSION}};
	exposition_whole(out, labels, 1, 1);
}

/* --- the whole ------------------------------------------------------------------------------------------------- */

static struct source source_of(const struct admin_settings *settings, size_t service)
{
	struct source source = {.settings = settings, .service = "-", .stats = settings->stats(service, settings->arg)};

	if (service < supervisors_count(settings->supervisors)) {
		source.supervisor = supervisors_at(settings->supervisors, service);
		source.service = supervisor_service(source.supervisor)->name;
	}
	return source;
}

static size_t source_count(const struct admin_settings *settings, enum scope scope)
{
	size_t services = supervisors_count(settings->supervisors);

	switch (scope) {
	case PROXY:
		return services + 1;
	case SERVICE:
		return services;
	case ONCE:
		break;
	}
	return 1;
}

void metrics_write(struct exposition *out, const struct admin_settings *settings)
{
	for (size_t i = 0; i < METRIC_COUNT; i++) {
		exposition_family(out, metrics[i].name, metrics[i].type, metrics[i].help);
		for (size_t k = 0; k < source_count(settings, metrics[i].scope); k++) {
			struct source source = source_of(settings, k);
			metrics[i].sample(out, &source);
		}
	}
}

void metrics_document(FILE *to)
{
	fputs("| Metric | Type | Labels | Meaning |\n|---|---|---|---|\n", to);
	for (size_t i = 0; i < METRIC_COUNT; i++)
		fprintf(to, "| `%s` | %s | %s | %s |\n", metrics[i].name, exposition_type_text(metrics[i].type),
		        metrics[i].labels, metrics[i].help);
}
