/* fleet_bench: see the header. */
#include "tests/unit/orchestrator/fleet/fleet_bench.h"

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "orchestrator/base/timer.h"

#include <ftw.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void bench_rehash(struct fleet_bench *bench)
{
	config_spec_hash(&bench->config, &bench->service, bench->identity.key, bench->hash);
}

static void fill_config(struct fleet_bench *bench)
{
	bench->config = (struct config){
	        .name = mem_dup("testing"),
	        .socket_dir = mem_dup(bench->dir),
	        .drain_ms = 300,
	        .stop_ms = 100,
	        .swarm = {.token_file = ""},
	        .services = {.items = &bench->service, .count = 1},
	};
	bench->service = (struct config_service){
	        .name = mem_dup("acts"),
	        .image = mem_dup("actscontainer"),
	        .port = 8000,
	        .reach = REACH_SOCKET,
	        .health = {.path = mem_dup("/api/v1/_health"),
	                   .interval_ms = 50,
	                   .timeout_ms = 150,
	                   .fall = 2,
	                   .start_ms = 400},
	        .scale = {.window_s = 120, .requests_per_container = 20, .early = true, .min = 1, .max = 4},
	};
	bench_rehash(bench);
}

void bench_open(struct fleet_bench *bench)
{
	if (getenv("VERBOSE") == NULL)
		log_set_level(LOG_ERROR);
	memset(bench, 0, sizeof(*bench));
	snprintf(bench->dir, sizeof(bench->dir), "/tmp/selfless-fleet-XXXXXX");
	if (mkdtemp(bench->dir) == NULL)
		abort();
	bench->base = mem_must(event_base_new());
	bench->engine = fake_engine_new(bench->base);
	bench->engine->socket_dir = bench->dir;
	for (int i = 0; i < FAKE_VERBS; i++)
		bench->engine->delay_us[i] = 1000;
	snprintf(bench->identity.owner, sizeof(bench->identity.owner), "%032x", 1);
	fill_config(bench);
}

static int on_file(const char *path, const struct stat *status, int type, struct FTW *ftw)
{
	(void)status;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void remove_tree(const char *dir)
{
	if (nftw(dir, on_file, 8, FTW_DEPTH | FTW_PHYS) == -1)
		abort();
}

void bench_close(struct fleet_bench *bench)
{
	event_base_free(bench->base);
	remove_tree(bench->dir);
	free(bench->config.name);
	free(bench->config.socket_dir);
	free(bench->service.name);
	free(bench->service.image);
	free(bench->service.health.path);
	strings_clear(&bench->identity.taken);
	strings_clear(&bench->service.publish);
	strings_clear(&bench->service.env);
}

static void on_tick(void *arg)
{
	timer_set(*(struct timer **)arg, 500);
}

bool bench_until(struct fleet_bench *bench, bool (*condition)(void *arg), void *arg, int timeout_ms)
{
	int64_t until_ms = clock_ms() + timeout_ms;
	struct timer *tick = timer_new(bench->base, on_tick, &tick);
	bool ok;

	timer_set(tick, 500);
	while (!(ok = condition(arg)) && clock_ms() < until_ms)
		event_base_loop(bench->base, EVLOOP_ONCE);
	timer_free(tick);
	return ok;
}

static bool never(void *arg)
{
	(void)arg;
	return false;
}

void bench_run(struct fleet_bench *bench, int ms)
{
	(void)bench_until(bench, never, NULL, ms);
}

/* 0: any. Returns the port, -1 if it is taken. */
static int try_port(int port)
{
	struct sockaddr_in in = {
	        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(in);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	bool ok = bind(fd, (struct sockaddr *)&in, len) == 0 && getsockname(fd, (struct sockaddr *)&in, &len) == 0;

	close(fd);
	return ok ? ntohs(in.sin_port) : -1;
}

int bench_free_port(void)
{
	int port = try_port(0);

	if (port == -1)
		abort();
	return port;
}

/* Below the ephemeral ones, so that nobody's outgoing connection sits on them. */
int bench_free_ports(int count)
{
	int first = 12000 + getpid() % 1000 * 18; /* tests run side by side, and their numbers follow each other */
	int found = 0;

	for (int port = first; port < 32000; port++) {
		found = try_port(port) == port ? found + 1 : 0;
		if (found == count)
			return port - count + 1;
	}
	abort();
}
