/* admin over HTTP, on a fake engine: what it answers, whom it refuses, and its streams. */
#include "orchestrator/base/backoff.h"
#include "orchestrator/admin/admin.h"

#include "common/buf.h"
#include "common/clock.h"
#include "common/json.h"
#include "common/log.h"
#include "tests/unit/orchestrator/fleet/fleet_bench.h"
#include "orchestrator/admin/call.h"
#include "orchestrator/admin/local.h"
#include "orchestrator/admin/streams.h"
#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define TOKEN "0123456789abcdef"

static struct fleet_bench bench;
static struct supervisors *supervisors;
static struct admin *admin;
static struct stats stats[2];
static int ports[3]; /* loopback; all addresses, with a token; the node's */
static char host[32];
static int drains, reloads;

static void on_changed(struct backend *backend, enum backend_state from, enum reason reason, void *arg)
{
	(void)arg;
	if (admin != NULL)
		admin_backend_changed(admin, backend, from, reason);
}

static const struct stats *stats_of(size_t index, void *arg)
{
	(void)arg;
	ck_assert_uint_le(index, 1);
	return &stats[index];
}

/* No TLS is spoken. */
static const struct handshakes *handshakes(void *arg)
{
	(void)arg;
	return NULL;
}

static unsigned connections(void *arg)
{
	(void)arg;
	return 17;
}

static uint64_t dropped(void *arg)
{
	(void)arg;
	return 3;
}

static int64_t lag_us(void *arg)
{
	(void)arg;
	return 2500;
}

static void on_drain(void *arg)
{
	(void)arg;
	drains++;
}

static bool on_reload(void *arg, struct err *err)
{
	(void)arg;
	reloads++;
	return reloads == 1 || err_set(err, "line 3 is no good");
}

static bool one_ready(void *arg)
{
	(void)arg;
	return fleet_count_state(supervisor_fleet(supervisors_at(supervisors, 0)), BACKEND_READY) == 1;
}

static void write_token(void)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/token", bench.dir);
	bench.config.admin_token_file = strdup(path);
	bench.config.swarm.token_file = "";
	int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	ck_assert(fd != -1 && write(fd, TOKEN "\n", sizeof(TOKEN)) == sizeof(TOKEN));
	close(fd);
}

static void configure(void)
{
	char text[32];
	static const char *const addresses[] = {"127.0.0.1", "0.0.0.0"};

	write_token();
	for (int i = 0; i < 2; i++) {
		ports[i] = bench_free_port();
		snprintf(text, sizeof(text), "%s:%d", addresses[i], ports[i]);
		strings_add(&bench.config.admin, text);
	}
	ports[2] = bench_free_port();
	snprintf(text, sizeof(text), "node:%d", ports[2]);
	strings_add(&bench.config.admin, text);
	snprintf(host, sizeof(host), "127.0.0.1:%d", ports[0]);
}

static void begin_with(const struct route_table *table)
{
	bench_open(&bench);
	configure();
	memset(stats, 0, sizeof(stats));
	supervisors = supervisors_new(&(struct supervisors_settings){.base = bench.base,
	                                                             .config = &bench.config,
	                                                             .identity = &bench.identity,
	                                                             .observer = {.changed = on_changed}});
	bench.engine->observer = supervisors_observer(supervisors);
	supervisors_start(supervisors, &bench.engine->engine);
	bench.engine->observer.on_up(bench.engine->observer.arg);
	ck_assert(bench_until(&bench, one_ready, NULL, 5000));
	struct admin_settings settings = {.base = bench.base,
	                                  .config = &bench.config,
	                                  .supervisors = supervisors,
	                                  .stats = stats_of,
	                                  .connections = connections,
	                                  .handshakes = handshakes,
	                                  .loop_lag_us = lag_us,
	                                  .access_log_dropped = dropped,
	                                  .drain = on_drain,
	                                  .reload = on_reload,
	                                  .routes = table};
	struct err err;
	ck_assert_msg(admin_new(&settings, &admin, &err), "%s", err.message);
}

static void begin(void)
{
	begin_with(NULL);
}

static void end(void)
{
	admin_free(admin);
	admin = NULL;
	fake_engine_free(bench.engine);
	supervisors_free(supervisors);
	free(bench.config.admin_token_file);
	strings_clear(&bench.config.admin);
	bench_close(&bench);
}

/* --- a client in the same loop --------------------------------------------------------------------------------- */

struct client {
	int fd;
	bool ended;
	struct buf got;
	const char *awaited;
};

/* Port 0: the unix socket. */
static void client_open(struct client *client, int port)
{
	struct address socket_address;
	char path[128];
	struct sockaddr_in in = {
	        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	snprintf(path, sizeof(path), "%s/" LOCAL_NAME, bench.config.socket_dir);
	ck_assert(address_of_path(path, &socket_address));
	*client = (struct client){.fd = socket(port != 0 ? AF_INET : AF_UNIX, SOCK_STREAM, 0)};
	buf_init(&client->got, 64 << 20);
	if (port != 0)
		ck_assert(connect(client->fd, (struct sockaddr *)&in, sizeof(in)) == 0);
	else
		ck_assert(connect(client->fd, (struct sockaddr *)&socket_address.addr, socket_address.len) == 0);
	fcntl(client->fd, F_SETFL, O_NONBLOCK);
}

static void client_send(struct client *client, const char *text)
{
	ck_assert(send(client->fd, text, strlen(text), MSG_NOSIGNAL) == (ssize_t)strlen(text));
}

static void client_close(struct client *client)
{
	close(client->fd);
	buf_clear(&client->got);
}

static void client_read(struct client *client)
{
	char piece[65536];
	ssize_t len;

	while ((len = recv(client->fd, piece, sizeof(piece), 0)) > 0)
		ck_assert(buf_add(&client->got, piece, (size_t)len));
	if (len == 0 || (errno != EAGAIN && errno != EWOULDBLOCK))
		client->ended = true;
}

static bool has_ended(void *arg)
{
	client_read(arg);
	return ((struct client *)arg)->ended;
}

static bool has_text(void *arg)
{
	struct client *client = arg;

	client_read(client);
	return strstr(buf_text(&client->got), client->awaited) != NULL;
}

static void client_await(struct client *client, const char *text)
{
	client->awaited = text;
	ck_assert_msg(bench_until(&bench, has_text, client, 5000), "no %s in %s", text, buf_text(&client->got));
}

/* The whole reply to one request; good until the next call. */
static const char *exchange(int port, const char *line, const char *fields, const char *body)
{
	static struct buf reply;
	static char request[100000];
	struct client client;

	client_open(&client, port);
	snprintf(request, sizeof(request), "%s HTTP/1.1\r\nConnection: close\r\nContent-Length: %zu\r\n%s\r\n%s", line,
	         strlen(body), fields, body);
	client_send(&client, request);
	ck_assert(bench_until(&bench, has_ended, &client, 5000));
	buf_clear(&reply);
	buf_init(&reply, 1 << 20);
	ck_assert(buf_add(&reply, client.got.data, client.got.len));
	client_close(&client);
	return buf_text(&reply);
}

static const char *ask(const char *line, const char *body)
{
	char fields[64];

	snprintf(fields, sizeof(fields), "Host: %s\r\n", host);
	return exchange(ports[0], line, fields, body);
}

static int status_of(const char *reply)
{
	ck_assert_msg(strncmp(reply, "HTTP/1.1 ", 9) == 0, "%s", reply);
	return (int)strtol(reply + 9, NULL, 10);
}

static const char *body_of(const char *reply)
{
	const char *end_of_head = strstr(reply, "\r\n\r\n");

	ck_assert_ptr_nonnull(end_of_head);
	return end_of_head + 4;
}

/* --- answers --------------------------------------------------------------------------------------------------- */

static const struct json_value *first(const struct json_value *array)
{
	ck_assert(array != NULL && array->type == JSON_ARRAY && array->count > 0);
	return array->first;
}

static int64_t number_at(const struct json_value *object, const char *key)
{
	int64_t number;

	ck_assert_msg(json_int(json_get(object, key), &number), "%s", key);
	return number;
}

START_TEST(fleet)
{
	struct json_doc *doc;
	struct err err;

	begin();
	stats[0].bucket[2] = 5;
	stats[0].held = 3;
	const char *reply = ask("GET /api/fleet", "");
	ck_assert_int_eq(status_of(reply), 200);
	ck_assert(strstr(reply, "Content-Type: application/json\r\n") != NULL);
	const char *body = body_of(reply);
	ck_assert_msg(json_parse(body, strlen(body), NULL, &doc, &err), "%s", err.message);
	const struct json_value *root = json_root(doc), *service = first(json_get(root, "services"));
	const struct json_value *slot = first(json_get(service, "slots"));
	ck_assert(json_text_is(json_get(root, "name"), "testing"));
	ck_assert(json_path(root, "engine", "up", NULL)->boolean);
	ck_assert(json_path(root, "engine", "leads", NULL)->boolean);
	ck_assert_int_eq(number_at(root, "connections"), 17);
	ck_assert(json_text_is(json_get(service, "name"), "acts"));
	ck_assert_int_eq(number_at(service, "wanted"), 1);
	ck_assert_int_eq(number_at(service, "requests"), 5);
	ck_assert_int_eq(number_at(service, "held"), 3);
	ck_assert_int_eq(number_at(json_get(service, "window"), "length_s"), 120);
	ck_assert_int_eq(json_get(service, "leaving")->count, 0);
	ck_assert(json_text_is(json_get(slot, "state"), "ready"));
	ck_assert(json_text_is(json_get(slot, "reason"), "probe-good"));
	ck_assert(json_text_is(json_get(slot, "image"), "actscontainer"));
	ck_assert_int_eq(json_get(slot, "container")->type, JSON_STRING);
	json_free(doc);
	end();
}
END_TEST

static void expect_line(const char *text, const char *line)
{
	const char *at = strstr(text, line);

	ck_assert_msg(at != NULL && (at == text || at[-1] == '\n'), "no line %s in\n%s", line, text);
}

START_TEST(metrics)
{
	begin();
	stats[0].by_code[0] = 2;
	stats[0].by_code[201] = 7;
	stats[0].bucket[0] = 9;
	stats[0].replays[STATS_REPLAY_STALE] = 4;
	stats[0].hedged = 3;
	stats[0].in_flight = 6;
	stats[1].by_code[404] = 1;
	fleet_release(fleet_acquire(supervisor_fleet(supervisors_at(supervisors, 0)), NULL), FLEET_FAILED);
	const char *text = body_of(ask("GET /metrics", ""));
	expect_line(text, "selfless_requests_total{service=\"acts\",code=\"000\"} 2\n");
	expect_line(text, "selfless_requests_total{service=\"acts\",code=\"201\"} 7\n");
	expect_line(text, "selfless_requests_total{service=\"acts\",code=\"502\"} 0\n");
	expect_line(text, "selfless_requests_total{service=\"-\",code=\"404\"} 1\n");
	expect_line(text, "selfless_request_seconds_bucket{service=\"acts\",le=\"+Inf\"} 9\n");
	expect_line(text, "selfless_in_flight{service=\"acts\"} 6\n");
	expect_line(text, "selfless_tries_total{service=\"acts\",outcome=\"failed\"} 1\n");
	expect_line(text, "selfless_replays_total{service=\"acts\",reason=\"stale\"} 4\n");
	expect_line(text, "selfless_hedged_total{service=\"acts\"} 3\n");
	expect_line(text, "selfless_backends{service=\"acts\",state=\"ready\"} 1\n");
	expect_line(text, "selfless_replacements_total{service=\"acts\",reason=\"exited\"} 0\n");
	expect_line(text, "selfless_replacement_seconds_count{service=\"acts\"} 0\n");
	expect_line(text, "selfless_window_requests{service=\"acts\"} 0\n");
	expect_line(text, "selfless_wanted{service=\"acts\"} 1\n");
	expect_line(text, "selfless_engine_up 1\n");
	expect_line(text, "selfless_leader 1\n");
	expect_line(text, "selfless_loop_lag_seconds 0.0025\n");
	expect_line(text, "selfless_connections 17\n");
	expect_line(text, "selfless_access_log_dropped_total 3\n");
	end();
}
END_TEST

START_TEST(metrics_are_all_documented)
{
	char *text = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&text, &len);

	begin();
	admin_document_metrics(to);
	fclose(to);
	for (const char *at = body_of(ask("GET /metrics", "")); (at = strstr(at, "# TYPE ")) != NULL; at++) {
		char row[100];
		int name_len = (int)strcspn(at + 7, " ");
		snprintf(row, sizeof(row), "| `%.*s` | ", name_len, at + 7);
		ck_assert_msg(strstr(text, row) != NULL, "%s", row);
	}
	free(text);
	end();
}
END_TEST

START_TEST(head_has_the_length_and_no_body)
{
	begin();
	const char *reply = ask("HEAD /api/fleet", "");
	ck_assert_int_eq(status_of(reply), 200);
	ck_assert(strstr(reply, "Content-Length: ") != NULL && strstr(reply, "Content-Length: 0") == NULL);
	ck_assert_str_eq(body_of(reply), "");
	end();
}
END_TEST

/* --- orders ---------------------------------------------------------------------------------------------------- */

START_TEST(scales)
{
	begin();
	const char *reply = ask("POST /api/services/acts/scale", "{\"wanted\": 3}");
	ck_assert_int_eq(status_of(reply), 202);
	ck_assert(strstr(reply, "\"wanted\":3") != NULL);
	ck_assert_int_eq(supervisor_scaler(supervisors_at(supervisors, 0))->wanted, 3);
	end();
}
END_TEST

START_TEST(refuses_bad_orders)
{
	static const struct {
		const char *line, *body;
		int status;
	} cases[] = {
	        {"POST /api/services/acts/scale", "", 400},
	        {"POST /api/services/acts/scale", "{}", 400},
	        {"POST /api/services/acts/scale", "{\"wanted\":\"3\"}", 400},
	        {"POST /api/services/acts/scale", "{\"wanted\":-1}", 400},
	        {"POST /api/services/acts/scale", "{\"wanted\":1,\"x\":2}", 400},
	        {"POST /api/services/nobody/scale", "{\"wanted\":1}", 404},
	        {"POST /api/services/nobody/roll", "", 404},
	        {"POST /api/services/acts/slots/4/replace", "", 404},
	        {"POST /api/services/acts/slots/-1/replace", "", 404},
	        {"POST /api/services/acts/slots/00/replace", "", 404},
	        {"POST /api/services/acts/slots/99999999999/replace", "", 404},
	        {"GET /api/services/acts/scale", "", 405},
	        {"PATCH /metrics", "", 405},
	        {"GET /api/nothing", "", 404},
	};
	begin();
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *reply = ask(cases[i].line, cases[i].body);
		ck_assert_msg(status_of(reply) == cases[i].status, "%s %s: %s", cases[i].line, cases[i].body, reply);
		ck_assert(strstr(reply, "Content-Type: application/problem+json\r\n") != NULL);
		ck_assert(cases[i].status != 405 || strstr(reply, "\r\nAllow: ") != NULL);
	}
	ck_assert_int_eq(supervisor_scaler(supervisors_at(supervisors, 0))->wanted, 1);
	end();
}
END_TEST

static bool another_is_ready(void *arg)
{
	struct fleet *all = supervisor_fleet(supervisors_at(supervisors, 0));

	for (size_t i = 0; i < fleet_count(all); i++)
		if (backend_state(fleet_at(all, i)) == BACKEND_READY && backend_slot(fleet_at(all, i)) == 0 &&
		    strcmp(backend_container_id(fleet_at(all, i)), arg) != 0)
			return true;
	return false;
}

START_TEST(replaces_and_rolls)
{
	static const char *const lines[] = {"POST /api/services/acts/slots/0/replace", "POST /api/services/acts/roll"};
	char id[ENGINE_ID_SIZE];

	begin();
	for (int i = 0; i < 2; i++) {
		snprintf(id, sizeof(id), "%s",
		         backend_container_id(fleet_at(supervisor_fleet(supervisors_at(supervisors, 0)), 0)));
		ck_assert_int_eq(status_of(ask(lines[i], "")), 202);
		ck_assert_msg(bench_until(&bench, another_is_ready, id, 10000), "%s", lines[i]);
		ck_assert(bench_until(&bench, one_ready, NULL, 10000));
		bench_run(&bench, 500);
	}
	end();
}
END_TEST

START_TEST(drains_once_it_is_asked_properly)
{
	begin();
	drains = 0;
	ck_assert_int_eq(status_of(exchange(ports[0], "POST /api/drain", "Host: evil.example\r\n", "")), 403);
	ck_assert_int_eq(status_of(exchange(ports[1], "POST /api/drain", "Host: localhost\r\n", "")), 401);
	ck_assert_int_eq(status_of(ask("GET /api/drain", "")), 405);
	ck_assert_int_eq(drains, 0);
	const char *reply = ask("POST /api/drain", "");
	ck_assert_int_eq(status_of(reply), 202);
	ck_assert_ptr_nonnull(strstr(body_of(reply), "\"drain_ms\":"));
	ck_assert_int_eq(drains, 1);
	end();
}
END_TEST

START_TEST(reloads_when_it_is_told_to)
{
	begin();
	reloads = 0;
	ck_assert_int_eq(status_of(ask("GET /api/reload", "")), 405);
	ck_assert_int_eq(reloads, 0);
	ck_assert_int_eq(status_of(ask("POST /api/reload", "")), 200);
	const char *reply = ask("POST /api/reload", "");
	ck_assert_int_eq(status_of(reply), 409);
	ck_assert_ptr_nonnull(strstr(body_of(reply), "line 3 is no good"));
	ck_assert_int_eq(reloads, 2);
	end();
}
END_TEST

/* --- the unix socket ------------------------------------------------------------------------------------------- */

START_TEST(socket_answers_as_the_addresses_do)
{
	begin();
	ck_assert_int_eq(status_of(exchange(0, "GET /api/fleet", "Host: testing\r\n", "")), 200);
	ck_assert_int_eq(status_of(exchange(0, "GET /metrics", "Host: localhost\r\n", "")), 200);
	ck_assert_int_eq(status_of(exchange(0, "POST /api/services/acts/scale", "Host: testing\r\n", "{\"wanted\":2}")),
	                 202);
	ck_assert_int_eq(status_of(exchange(0, "GET /", "Host: testing\r\n", "")), 404); /* the page is for browsers */
	end();
}
END_TEST

START_TEST(socket_of_another_says_so)
{
	begin();
	const char *reply = exchange(0, "POST /api/drain", "Host: another\r\n", "");
	ck_assert_int_eq(status_of(reply), 421);
	ck_assert_ptr_nonnull(strstr(body_of(reply), "is testing"));
	ck_assert_int_eq(drains, 0);
	end();
}
END_TEST

START_TEST(goes_on_without_a_socket)
{
	char path[128];

	begin();
	snprintf(path, sizeof(path), "%s/" LOCAL_NAME, bench.config.socket_dir);
	ck_assert(access(path, F_OK) == 0);
	struct admin_settings settings = {.base = bench.base, .config = &bench.config, .supervisors = supervisors};
	struct strings none = {0}, kept = bench.config.admin;
	struct admin *second;
	struct err err;
	admin_free(admin);
	ck_assert(access(path, F_OK) == -1);
	ck_assert(mkdir(path, 0700) == 0);
	bench.config.admin = none;
	ck_assert_msg(admin_new(&settings, &second, &err), "%s", err.message);
	admin_free(second);
	ck_assert(rmdir(path) == 0); /* it was not ours */
	bench.config.admin = kept;
	admin = NULL;
	end();
}
END_TEST

static void post_secret(struct call *call)
{
	call_problem(call, 418, "done");
}

START_TEST(what_needs_trust)
{
	static const struct route rows[] = {{"POST", "/api/secret", ROUTE_NEEDS_TRUST, post_secret, "A test's."}};
	static const struct route_table table = {rows, 1};
	char fields[200];

	begin_with(&table);
	const char *reply = ask("POST /api/secret", "");
	ck_assert_int_eq(status_of(reply), 403);
	ck_assert_ptr_nonnull(strstr(body_of(reply), "/" LOCAL_NAME));
	ck_assert_ptr_nonnull(strstr(body_of(reply), "admin_token_file"));
	snprintf(fields, sizeof(fields), "Host: %s\r\nAuthorization: Bearer wrong\r\n", host);
	ck_assert_int_eq(status_of(exchange(ports[0], "POST /api/secret", fields, "")), 403);
	snprintf(fields, sizeof(fields), "Host: %s\r\nAuthorization: Bearer " TOKEN "\r\n", host);
	ck_assert_int_eq(status_of(exchange(ports[0], "POST /api/secret", fields, "")), 418);
	ck_assert_int_eq(status_of(exchange(ports[1], "POST /api/secret", fields, "")), 418);
	ck_assert_int_eq(status_of(exchange(ports[1], "POST /api/secret", "Host: x\r\n", "")), 401);
	ck_assert_int_eq(status_of(exchange(0, "POST /api/secret", "Host: testing\r\n", "")), 418);
	end();
}
END_TEST

/* --- whom it refuses ------------------------------------------------------------------------------------------- */

START_TEST(loopback_door)
{
	char fields[200];

	begin();
	ck_assert_int_eq(status_of(exchange(ports[0], "GET /metrics", "Host: localhost\r\n", "")), 200);
	ck_assert_int_eq(status_of(exchange(ports[0], "GET /metrics", "Host: evil.example\r\n", "")), 403);
	ck_assert_int_eq(status_of(exchange(ports[0], "GET /metrics", "", "")), 403);
	snprintf(fields, sizeof(fields), "Host: %s\r\nOrigin: http://evil.example\r\n", host);
	ck_assert_int_eq(status_of(exchange(ports[0], "POST /api/services/acts/scale", fields, "{\"wanted\":2}")), 403);
	ck_assert_int_eq(supervisor_scaler(supervisors_at(supervisors, 0))->wanted, 1);
	snprintf(fields, sizeof(fields), "Host: %s\r\nOrigin: http://%s\r\n", host, host);
	ck_assert_int_eq(status_of(exchange(ports[0], "POST /api/services/acts/scale", fields, "{\"wanted\":2}")), 202);
	end();
}
END_TEST

START_TEST(door_with_a_token)
{
	begin();
	const char *reply = exchange(ports[1], "GET /metrics", "Host: localhost\r\n", "");
	ck_assert_int_eq(status_of(reply), 401);
	ck_assert(strstr(reply, "WWW-Authenticate: Bearer") != NULL);
	ck_assert_int_eq(
	        status_of(exchange(ports[1], "POST /api/services/acts/roll", "Authorization: Bearer x\r\n", "")), 401);
	ck_assert_int_eq(status_of(exchange(ports[1], "GET /metrics",
	                                    "Host: metrics.example\r\nAuthorization: Bearer " TOKEN "\r\n", "")),
	                 200);
	ck_assert_int_eq(
	        status_of(exchange(ports[1], "POST /api/services/acts/scale",
	                           "Host: a.example\r\nOrigin: http://b.example\r\nAuthorization: Bearer " TOKEN "\r\n",
	                           "{\"wanted\":2}")),
	        403);
	end();
}
END_TEST

static bool is_refused(void)
{
	struct sockaddr_in in = {.sin_family = AF_INET,
	                         .sin_port = htons((uint16_t)ports[2]),
	                         .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	bool refused = connect(fd, (struct sockaddr *)&in, sizeof(in)) == -1 && errno == ECONNREFUSED;

	close(fd);
	return refused;
}

static bool is_refused_now(void *arg)
{
	(void)arg;
	return is_refused();
}

static bool is_open(void *arg)
{
	(void)arg;
	return !is_refused();
}

static bool was_tried(void *arg)
{
	(void)arg;
	return backoff_retries(RETRY_ADMIN) > 0;
}

static void tell_host(const char *own)
{
	const struct engine_node node = {.host = "own", .address = own, .state = "ready", .self = true};

	bench.engine->observer.on_nodes(&node, 1, bench.engine->observer.arg);
}

/* As any address that is not loopback: by whatever name, with the token. */
START_TEST(the_nodes_door_opens_once_its_address_is_known)
{
	begin();
	ck_assert(is_refused());
	tell_host("127.0.0.1");
	ck_assert(bench_until(&bench, is_open, NULL, 5000));
	ck_assert_int_eq(status_of(exchange(ports[2], "GET /api/fleet", "Host: node.example\r\n", "")), 401);
	ck_assert_int_eq(status_of(exchange(ports[2], "GET /api/fleet",
	                                    "Host: node.example\r\nAuthorization: Bearer " TOKEN "\r\n", "")),
	                 200);
	tell_host("127.0.0.2");
	ck_assert(bench_until(&bench, is_refused_now, NULL, 5000));
	ck_assert_int_eq(status_of(ask("GET /api/fleet", "")), 200);
	end();
}
END_TEST

/* Somebody else has it, and lets go of it later: the loop does not wait for that, and it is tried again. */
START_TEST(the_nodes_door_is_tried_again)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	begin();
	in.sin_port = htons((uint16_t)ports[2]);
	ck_assert(bind(fd, (struct sockaddr *)&in, sizeof(in)) == 0);
	tell_host("127.0.0.1");
	ck_assert(bench_until(&bench, was_tried, NULL, 5000));
	ck_assert(is_refused());
	close(fd);
	ck_assert(bench_until(&bench, is_open, NULL, 5000));
	ck_assert_uint_ge(backoff_retries(RETRY_ADMIN), 1);
	end();
}
END_TEST

/* Whoever has a stream there is let go before the door is closed. */
START_TEST(the_nodes_door_moves_under_a_stream)
{
	struct client client;

	begin();
	tell_host("127.0.0.1");
	ck_assert(bench_until(&bench, is_open, NULL, 5000));
	client_open(&client, ports[2]);
	client_send(&client, "GET /api/events HTTP/1.0\r\nConnection: keep-alive\r\nHost: localhost\r\n"
	                     "Authorization: Bearer " TOKEN "\r\n\r\n");
	client_await(&client, "event: fleet");
	tell_host("127.0.0.2");
	ck_assert(bench_until(&bench, has_ended, &client, 5000));
	client_close(&client);
	ck_assert_int_eq(status_of(ask("GET /api/fleet", "")), 200);
	end();
}
END_TEST

START_TEST(a_large_body)
{
	static char body[70000];

	begin();
	memset(body, ' ', sizeof(body) - 1);
	ck_assert_int_eq(status_of(ask("POST /api/services/acts/scale", body)), 413);
	end();
}
END_TEST

START_TEST(other_addresses_need_a_token_file)
{
	struct admin *other = NULL;
	struct err err;

	begin();
	struct config config = bench.config;
	config.admin_token_file = "";
	struct admin_settings settings = {.base = bench.base, .config = &config, .supervisors = supervisors};
	ck_assert(!admin_new(&settings, &other, &err));
	ck_assert(strstr(err.message, "127.0.0.1") != NULL); /* in use: the doors are opened in order */
	config.admin = (struct strings){0};
	strings_add(&config.admin, "0.0.0.0:1");
	ck_assert(!admin_new(&settings, &other, &err));
	ck_assert_msg(strstr(err.message, "admin_token_file") != NULL, "%s", err.message);
	strings_clear(&config.admin);
	end();
}
END_TEST

/* --- streams --------------------------------------------------------------------------------------------------- */

static void open_stream(struct client *client)
{
	char request[100];

	client_open(client, ports[0]);
	snprintf(request, sizeof(request), "GET /api/events HTTP/1.1\r\nHost: %s\r\n\r\n", host);
	client_send(client, request);
	client_await(client, "\n\n\r\n");
}

START_TEST(stream_tells_what_happens)
{
	struct client client;

	begin();
	open_stream(&client);
	const char *text = buf_text(&client.got);
	ck_assert(strstr(text, "Content-Type: text/event-stream\r\n") != NULL);
	ck_assert(strstr(text, "event: fleet\ndata: {\"time_ms\":") != NULL);
	ck_assert_int_eq(status_of(ask("POST /api/services/acts/scale", "{\"wanted\":2}")), 202);
	client_await(&client, "event: backend\ndata: {");
	client_await(&client, "\"slot\":1,\"from\":\"starting\",\"state\":\"ready\"");
	client_await(&client, "event: scale\ndata: {");
	client_await(&client, "\"from\":1,\"wanted\":2");
	bench.engine->observer.on_down("gone", bench.engine->observer.arg);
	client_await(&client, "event: engine\ndata: {");
	ck_assert(strstr(buf_text(&client.got), "\"up\":false") != NULL);
	client_close(&client);
	bench_run(&bench, 50);
	end();
}
END_TEST

/* No backend, so nobody tells: a slot whose container cannot be made. */
START_TEST(stream_tells_of_a_slot_without_a_container)
{
	struct client client;

	begin();
	open_stream(&client);
	bench.engine->fail_times[FAKE_CREATE] = 100;
	bench.engine->fail_with[FAKE_CREATE] = ENGINE_NO_IMAGE;
	ck_assert_int_eq(status_of(ask("POST /api/services/acts/scale", "{\"wanted\":2}")), 202);
	client_await(&client, "event: service\ndata: {");
	client_await(&client, "\"state\":\"backing-off\"");
	client_await(&client, "\"reason\":\"no-image\"");
	client_close(&client);
	bench_run(&bench, 50);
	end();
}
END_TEST

START_TEST(stream_tells_the_numbers_and_the_story)
{
	struct client client;

	begin();
	log_info("event=before incident=0000000a line=%s", log_quote("<b>"));
	open_stream(&client);
	client_await(&client, "event: story\ndata: {");
	ck_assert(strstr(buf_text(&client.got), "\"whole\":true") != NULL);
	ck_assert(strstr(buf_text(&client.got), "\"event\":\"before\",\"incident\":\"0000000a\",\"line\":\"<b>\"") !=
	          NULL);
	log_info("event=after");
	client_await(&client, "\"whole\":false,");
	client_await(&client, "\"lines\":[{\"number\":");
	client_await(&client, "\"event\":\"after\"");
	stats[0].bucket[1] = 12345;
	client_await(&client, "event: numbers\ndata: {");
	client_await(&client, "\"requests\":12345");
	client_close(&client);
	bench_run(&bench, 50);
	end();
}
END_TEST

static bool step_ended(void *arg)
{
	(void)arg;
	return strstr(body_of(ask("GET /api/curves", "")), "\"steps\":0") == NULL;
}

START_TEST(curves_are_kept_and_told)
{
	struct client client;

	begin();
	const char *reply = ask("GET /api/curves", "");
	ck_assert_int_eq(status_of(reply), 200);
	ck_assert(strstr(reply, "\"step_ms\":5000,\"steps\":0,\"ended_ms_ago\":") != NULL);
	ck_assert(bench_until(&bench, step_ended, NULL, 8000));
	reply = ask("GET /api/curves", "");
	ck_assert_msg(strstr(reply, "{\"name\":\"acts\",\"requests\":[0],\"counted\":[0],\"ready\":[1],\"wanted\":[1],"
	                            "\"slots\":[{\"slot\":0,\"probe_us\":[") != NULL,
	              "%s", reply);
	open_stream(&client);
	client_await(&client, "event: curves\ndata: {");
	ck_assert(strstr(buf_text(&client.got), "\"whole\":true,\"step_ms\":5000,\"steps\":1,") != NULL);
	bench_run(&bench, 2000);
	client_await(&client, "\"whole\":false,\"step_ms\":5000,\"steps\":2,");
	client_await(&client, "\"requests\":[0],");
	client_close(&client);
	bench_run(&bench, 50);
	end();
}
END_TEST

START_TEST(page_is_given_without_a_token)
{
	begin();
	const char *reply = exchange(ports[1], "GET /", "Host: a.example\r\n", "");
	ck_assert_int_eq(status_of(reply), 200);
	ck_assert(strstr(reply, "Content-Type: text/html; charset=utf-8\r\n") != NULL);
	ck_assert(strstr(reply, "Content-Security-Policy: default-src 'none'; script-src 'self';") != NULL);
	ck_assert(strstr(reply, "</html>\n") != NULL);
	ck_assert_int_eq(status_of(exchange(ports[1], "GET /main.js", "", "")), 200);
	ck_assert_int_eq(status_of(exchange(ports[1], "POST /", "", "")), 401);
	ck_assert_int_eq(status_of(exchange(ports[1], "GET /nothing.js", "", "")), 401);
	ck_assert_int_eq(status_of(exchange(ports[0], "GET /", "Host: evil.example\r\n", "")), 403);
	ck_assert_int_eq(status_of(ask("HEAD /style.css", "")), 200);
	ck_assert_int_eq(status_of(ask("POST /", "")), 404);
	end();
}
END_TEST

START_TEST(stream_of_an_old_client)
{
	struct client client;

	begin();
	client_open(&client, ports[0]);
	client_send(&client, "GET /api/events HTTP/1.0\r\nConnection: keep-alive\r\nHost: localhost\r\n\r\n");
	client_await(&client, "event: fleet\n");
	ck_assert(strstr(buf_text(&client.got), "Content-Length") == NULL);
	client_close(&client);
	end();
}
END_TEST

/* A state change as main's observer would tell of it. */
static void tell(void)
{
	struct backend *backend = fleet_at(supervisor_fleet(supervisors_at(supervisors, 0)), 0);

	admin_backend_changed(admin, backend, BACKEND_STARTING, REASON_PROBE_GOOD);
}

START_TEST(one_that_does_not_read_is_dropped)
{
	struct client deaf, other;

	begin();
	open_stream(&deaf);
	open_stream(&other);
	for (int i = 0; i < 60000; i++) {
		tell();
		if (i % 100 == 0) {
			event_base_loop(bench.base, EVLOOP_NONBLOCK);
			client_read(&other);
		}
	}
	ck_assert(bench_until(&bench, has_ended, &deaf, 5000));
	ck_assert_uint_lt(deaf.got.len, 60000u * 200);
	ck_assert(!other.ended);
	client_await(&other, "event: backend");
	client_close(&deaf);
	client_close(&other);
	end();
}
END_TEST

START_TEST(a_client_that_talks_on_is_not_stored)
{
	struct client client;
	static char noise[1 << 20];
	size_t sent = 0;

	begin();
	open_stream(&client);
	for (int i = 0; i < 200; i++) {
		ssize_t len = send(client.fd, noise, sizeof(noise), MSG_NOSIGNAL);
		sent += len > 0 ? (size_t)len : 0;
		bench_run(&bench, 1);
	}
	ck_assert_uint_lt(sent, 16u << 20); /* what the kernel's buffers hold */
	tell();
	client_await(&client, "event: backend");
	client_close(&client);
	bench_run(&bench, 50);
	end();
}
END_TEST

START_TEST(streams_are_limited_and_given_back)
{
	struct client clients[STREAMS_MAX];

	begin();
	for (int i = 0; i < STREAMS_MAX; i++)
		open_stream(&clients[i]);
	ck_assert_int_eq(status_of(ask("GET /api/events", "")), 503);
	for (int i = 0; i < STREAMS_MAX; i += 2)
		client_close(&clients[i]);
	bench_run(&bench, 100);
	tell();
	for (int i = 1; i < STREAMS_MAX; i += 2)
		client_await(&clients[i], "event: backend");
	for (int i = 0; i < STREAMS_MAX; i += 2)
		open_stream(&clients[i]);
	ck_assert_int_eq(status_of(ask("GET /api/events", "")), 503);
	end(); /* with streams open */
	for (int i = 0; i < STREAMS_MAX; i++)
		client_close(&clients[i]);
}
END_TEST

UNIT_MAIN("admin", fleet, metrics, metrics_are_all_documented, head_has_the_length_and_no_body, scales,
          refuses_bad_orders, replaces_and_rolls, drains_once_it_is_asked_properly, reloads_when_it_is_told_to,
          socket_answers_as_the_addresses_do, socket_of_another_says_so, goes_on_without_a_socket, what_needs_trust,
          loopback_door, door_with_a_token, the_nodes_door_opens_once_its_address_is_known,
          the_nodes_door_is_tried_again, the_nodes_door_moves_under_a_stream, a_large_body,
          other_addresses_need_a_token_file, stream_tells_what_happens, stream_tells_of_a_slot_without_a_container,
          stream_tells_the_numbers_and_the_story, curves_are_kept_and_told, page_is_given_without_a_token,
          stream_of_an_old_client, one_that_does_not_read_is_dropped, a_client_that_talks_on_is_not_stored,
          streams_are_limited_and_given_back)
