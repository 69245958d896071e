/* exchange_bench: sockets in an abstract name space, so that nothing is left behind. */
#include "tests/unit/orchestrator/proxy/exchange_bench.h"

#include "common/mem.h"
#include "orchestrator/config/config_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/un.h>

struct bench bench;

/* --- the supervisor and health --------------------------------------------------------------------------------- */

void supervisor_count_request(struct supervisor *supervisor)
{
	(void)supervisor;
	bench.counted++;
}

void supervisor_set_waiting(struct supervisor *supervisor, size_t requests)
{
	(void)supervisor;
	bench.waiting = requests;
}

bool supervisor_is_short(const struct supervisor *supervisor)
{
	(void)supervisor;
	return bench.is_short;
}

bool supervisor_is_obstructed(const struct supervisor *supervisor, struct supervisor_obstacle *obstacle)
{
	(void)supervisor;
	(void)obstacle;
	return false;
}

struct health *supervisor_health(struct supervisor *supervisor)
{
	(void)supervisor;
	return NULL;
}

void health_exchange_failed(struct backend *backend)
{
	bench.failures++;
	if (backend_state(backend) == BACKEND_READY)
		backend_set_state(backend, BACKEND_SUSPECT, REASON_EXCHANGE_FAILED);
}

void health_silent(struct backend *backend)
{
	(void)backend;
}

struct health_question *health_ask(struct health *health, struct backend *backend, health_answer *answer, void *arg)
{
	(void)health;
	ck_assert_ptr_null(bench.answer);
	bench.answer = answer;
	bench.answer_arg = arg;
	bench.asked = backend;
	return (struct health_question *)&bench;
}

void health_ask_cancel(struct health_question *question)
{
	ck_assert_ptr_eq(question, &bench);
	bench.answer = NULL;
}

void bench_say_well(bool well)
{
	health_answer *answer = bench.answer;

	ck_assert_ptr_nonnull(answer);
	bench.answer = NULL;
	answer(well, bench.answer_arg);
	bench_turn();
}

/* --- backends -------------------------------------------------------------------------------------------------- */

int bench_add(void)
{
	struct address address = {.addr = {.ss_family = AF_UNIX}, .len = sizeof(sa_family_t)};
	char id[ENGINE_ID_SIZE];
	int index = 0;

	while (bench.backends[index] != NULL)
		index++;
	ck_assert_int_lt(index, BACKENDS);
	int fd = bench.listening[index] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address.addr, address.len), 0); /* the kernel finds a name */
	ck_assert_int_eq(listen(fd, 8), 0);
	address.len = sizeof(address.addr);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address.addr, &address.len), 0);
	snprintf(id, sizeof(id), "container%d", index);
	struct backend *backend = backend_new(fleet_group(bench.service->fleet), index, id, &address);
	fleet_add(bench.service->fleet, backend);
	backend_unref(backend);
	backend_set_state(backend, BACKEND_READY, REASON_PROBE_GOOD);
	bench.backends[index] = backend;
	return index;
}

static void close_peer(int index)
{
	if (bench.peers[index] != -1)
		close(bench.peers[index]);
	bench.peers[index] = -1;
}

void bench_turn(void)
{
	turn(bench.base);
}

static bool is_whole(const char *text)
{
	const char *end = strstr(text, "\r\n\r\n"), *length = strstr(text, "Content-Length: ");

	if (end == NULL)
		return false;
	return length == NULL || strlen(end + 4) >= strtoul(length + 16, NULL, 10);
}

const char *bench_hear(int index)
{
	static char text[65536];
	size_t len = 0;

	for (int i = 0; i < 100; i++) {
		bench_turn();
		int fd = accept4(bench.listening[index], NULL, NULL, SOCK_NONBLOCK);
		if (fd != -1) {
			close_peer(index);
			bench.peers[index] = fd;
		}
		ssize_t got = recv(bench.peers[index], text + len, sizeof(text) - 1 - len, 0);
		len += got > 0 ? (size_t)got : 0;
		text[len] = '\0';
		if (is_whole(text))
			return text;
	}
	ck_abort_msg("no request came to backend %d", index);
}

void bench_hear_nothing(int index)
{
	char byte;

	bench_turn();
	ck_assert_int_eq(accept4(bench.listening[index], NULL, NULL, SOCK_NONBLOCK), -1);
	if (bench.peers[index] != -1)
		ck_assert_int_le(recv(bench.peers[index], &byte, 1, MSG_PEEK), 0);
}

void bench_say(int index, const char *text)
{
	ck_assert_int_eq(send(bench.peers[index], text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
	bench_turn();
}

void bench_hang_up(int index)
{
	close_peer(index);
	bench_turn();
}

/* A unix socket that is closed with bytes unread says so. */
void bench_reset(int index)
{
	bench_hang_up(index);
}

/* --- requests -------------------------------------------------------------------------------------------------- */

void bench_ask(const char *method, const char *body)
{
	char head[256];

	snprintf(head, sizeof(head), "%s /api/v1/acts HTTP/1.1\r\nHost: acts\r\nContent-Length: %zu\r\n\r\n", method,
	         strlen(body));
	if (body[0] == '\0')
		snprintf(head, sizeof(head), "%s /api/v1/acts HTTP/1.1\r\nHost: acts\r\n\r\n", method);
	scripted_begin(&bench.turn, head, body);
	exchange_start(&bench.core, &bench.turn.turn);
	bench_turn();
}

/* --- the whole ------------------------------------------------------------------------------------------------- */

static void ignore(void *front)
{
	(void)front;
}

static struct service *no_service(size_t index, void *arg)
{
	(void)index;
	(void)arg;
	return NULL;
}

void bench_make(void)
{
	struct err err;
	struct core *core = &bench.core;

	bench = (struct bench){.peers = {-1, -1, -1, -1}};
	ck_assert(config_load(NULL, &bench.config, &err));
	bench.config->response_timeout_ms = bench.config->hold_ms = 5000; /* the machine may be busy */
	bench.base = loop_new();
	core->config = bench.config;
	core->defer = defer_new(bench.base);
	core->deadlines = deadlines_new(bench.base, 40);
	core->routes = routes_new(bench.config);
	core->service_count = config_service_count(bench.config);
	core->services = mem_array(NULL, core->service_count, sizeof(struct service *));
	for (size_t i = 0; i < core->service_count; i++) {
		core->services[i] = mem_zero(sizeof(struct service));
		core->services[i]->config = config_service_at(bench.config, i);
		core->services[i]->fleet = fleet_new(core->services[i]->config->name, NULL);
	}
	core->conns = conns_new(&(struct conns_settings){.base = bench.base,
	                                                 .deadlines = core->deadlines,
	                                                 .defer = core->defer,
	                                                 .config = bench.config,
	                                                 .on_gone = ignore,
	                                                 .on_idle_changed = ignore});
	core->upstream = (struct upstream_settings){.base = bench.base,
	                                            .deadlines = core->deadlines,
	                                            .defer = core->defer,
	                                            .priority = LOOP_CLIENTS,
	                                            .connect_timeout_ms = 200};
	silence_open(&core->silence, bench.base, no_service, NULL);
	core->tunnels = (struct tunnels){
	        .base = bench.base, .deadlines = core->deadlines, .defer = core->defer, .config = bench.config};
	LIST_INIT(&core->tunnels.list);
	bench.service = core->services[0];
}

void bench_clear(void)
{
	struct core *core = &bench.core;

	for (int i = 0; i < BACKENDS && bench.backends[i] != NULL; i++) {
		pool_close(bench.backends[i]);
		if (backend_state(bench.backends[i]) != BACKEND_DOWN)
			backend_set_state(bench.backends[i], BACKEND_DOWN, REASON_VANISHED);
		close(bench.listening[i]);
		close_peer(i);
	}
	bench_turn();
	ck_assert_uint_eq(core->in_flight, 0);
	ck_assert_uint_eq(bench.service->stats.in_flight, 0);
	for (int i = 0; i < BACKENDS && bench.backends[i] != NULL; i++) {
		ck_assert_uint_eq(backend_in_flight(bench.backends[i]), 0);
		fleet_remove(bench.service->fleet, bench.backends[i]);
	}
	scripted_clear(&bench.turn);
	silence_close(&core->silence);
	conns_free(core->conns);
	for (size_t i = 0; i < core->service_count; i++) {
		fleet_free(core->services[i]->fleet);
		free(core->services[i]);
	}
	free(core->services);
	routes_free(core->routes);
	deadlines_free(core->deadlines);
	defer_free(core->defer);
	exchange_free_spares();
	event_base_free(bench.base);
	config_free(bench.config);
}
