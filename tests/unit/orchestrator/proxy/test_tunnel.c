/* tunnel: bytes both ways, ends passed on, and nobody waits for a backend that is gone. */
#include "orchestrator/proxy/tunnel.h"

#include "common/mem.h"
#include "orchestrator/base/loop.h"
#include "orchestrator/config/config_file.h"
#include "orchestrator/fleet/fleet.h"
#include "orchestrator/proxy/service.h"
#include "tests/unit/orchestrator/proxy/scripted_turn.h"
#include "tests/unit/orchestrator/wire/pairs.h"
#include "tests/unit/unit.h"

#define HEAD "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"

static struct event_base *base;
static struct config *config;
static struct tunnels tunnels;
static struct service service;
static struct backend *backend;
static struct scripted client;
static int peer; /* the backend's end */

static void make(void)
{
	struct err err;
	struct address address = {.addr = {.ss_family = AF_UNIX}, .len = sizeof(sa_family_t)};
	int pair[2];

	base = loop_new();
	ck_assert(config_load(NULL, &config, &err));
	config->idle_timeout_ms = 5000;
	config->stop_ms = 200;
	tunnels = (struct tunnels){
	        .base = base, .deadlines = deadlines_new(base, 40), .defer = defer_new(base), .config = config};
	LIST_INIT(&tunnels.list);
	service = (struct service){.config = config_service_at(config, 0), .fleet = fleet_new("acts", NULL)};
	backend = backend_new(fleet_group(service.fleet), 0, "container", &address);
	fleet_add(service.fleet, backend);
	backend_set_state(backend, BACKEND_READY, REASON_PROBE_GOOD);
	ck_assert_ptr_eq(fleet_acquire(service.fleet, NULL), backend);
	pair_unix(pair);
	peer = pair[0];
	scripted_begin(&client, HEAD, "");
	client.status = 101;
	tunnel_start(&tunnels, &(struct tunnel_end){.service = &service, .backend = backend, .fd = pair[1]},
	             &client.turn);
}

static void clear(void)
{
	turn_tell_gone(&client.turn);
	defer_run(tunnels.defer);
	ck_assert_uint_eq(tunnels.count, 0);
	ck_assert_uint_eq(service.stats.in_flight, 0);
	ck_assert_uint_eq(backend_in_flight(backend), 0);
	if (backend_state(backend) != BACKEND_DOWN)
		backend_set_state(backend, BACKEND_DOWN, REASON_VANISHED);
	fleet_remove(service.fleet, backend);
	backend_unref(backend);
	fleet_free(service.fleet);
	scripted_clear(&client);
	deadlines_free(tunnels.deadlines);
	defer_free(tunnels.defer);
	event_base_free(base);
	config_free(config);
	if (peer != -1)
		close(peer);
}

static void expect_at_backend(const char *text)
{
	char got[256];

	turn(base);
	ck_assert_int_eq(recv(peer, got, sizeof(got), 0), (ssize_t)strlen(text));
	ck_assert_int_eq(memcmp(got, text, strlen(text)), 0);
}

START_TEST(both_ways)
{
	turn_tell_bytes(&client.turn, "ping", 4);
	expect_at_backend("ping");
	ck_assert_int_eq(send(peer, "pong", 4, 0), 4);
	turn(base);
	ck_assert_uint_eq(client.sent_len, 4);
	ck_assert_int_eq(memcmp(client.sent, "pong", 4), 0);
	ck_assert_uint_eq(service.stats.in_flight, 1);
}
END_TEST

START_TEST(one_side_ends_the_other_goes_on)
{
	char byte;

	turn_tell_ended(&client.turn);
	turn(base);
	ck_assert_int_eq(recv(peer, &byte, 1, 0), 0);
	ck_assert(!client.ended);
	ck_assert_int_eq(send(peer, "still", 5, 0), 5);
	turn(base);
	ck_assert_uint_eq(client.sent_len, 5);
	close(peer);
	peer = -1;
	turn(base);
	ck_assert(client.ended);
}
END_TEST

START_TEST(a_slow_client_is_not_flooded)
{
	client.slow = 1;
	ck_assert_int_eq(send(peer, "first", 5, 0), 5);
	turn(base);
	ck_assert_int_eq(send(peer, "second", 6, 0), 6);
	turn(base);
	ck_assert_uint_eq(client.sent_len, 5);
	turn_tell_drained(&client.turn);
	turn(base);
	ck_assert_uint_eq(client.sent_len, 11);
}
END_TEST

START_TEST(a_client_that_leaves)
{
	char byte;

	turn_tell_gone(&client.turn);
	turn(base);
	ck_assert_int_eq(recv(peer, &byte, 1, 0), 0);
	ck_assert_uint_eq(tunnels.count, 0);
}
END_TEST

START_TEST(nothing_moves)
{
	config->idle_timeout_ms = 200;
	turn_tell_bytes(&client.turn, "x", 1);
	turn_for(base, 400);
	ck_assert(client.ended);
}
END_TEST

START_TEST(its_backend_is_gone)
{
	backend_set_state(backend, BACKEND_DOWN, REASON_EXITED);
	tunnel_backend_down(&tunnels, backend);
	turn_tell_bytes(&client.turn, "x", 1); /* what moves does not make it live longer */
	ck_assert(!client.ended);
	turn_for(base, 400);
	ck_assert(client.ended);
}
END_TEST

UNIT_MAIN_WITH("tunnel", make, clear, both_ways, one_side_ends_the_other_goes_on, a_slow_client_is_not_flooded,
               a_client_that_leaves, nothing_moves, its_backend_is_gone)
