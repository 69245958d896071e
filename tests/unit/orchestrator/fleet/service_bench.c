/* service_bench: see the header. */
#include "tests/unit/orchestrator/fleet/service_bench.h"

#include "common/clock.h"
#include "common/log.h"

#include <event2/event.h>
#include <stdio.h>
#include <string.h>

static void on_look(void *arg)
{
	(void)arg;
}

int service_bench_forgone;

static void forgo_port(struct engine *engine, int port)
{
	(void)engine;
	service_bench_forgone = port;
}

char service_bench_lost[ENGINE_ID_SIZE];

static void host_lost(struct engine *engine, const char *id)
{
	(void)engine;
	snprintf(service_bench_lost, sizeof(service_bench_lost), "%s", id);
}

static void take(const struct engine_listing *listing, void *arg)
{
	(void)listing;
	(void)arg;
}

struct revision *service_bench_revision(struct service_bench *bench, const char *image)
{
	static const unsigned char key[CONFIG_KEY_SIZE];

	bench->service.image = (char *)image;
	return revision_new(&bench->config, &bench->service, key, ++bench->serial);
}

void service_bench_open(struct service_bench *bench)
{
	static const struct engine_can can = {.rename = true,
	                                      .ahead = true,
	                                      .pause = true,
	                                      .late_network = true,
	                                      .local_ports = true,
	                                      .one_host = true,
	                                      .gone_ended = true};
	static const struct engine_verbs verbs = {.forgo_port = forgo_port, .host_lost = host_lost};
	static struct engine engine = {.verbs = &verbs, .can = &can};

	memset(bench, 0, sizeof(*bench));
	log_set_level(LOG_ERROR);
	clock_fake(1000000);
	bench->base = event_base_new();
	bench->config = (struct config){.name = "testing", .drain_ms = 300, .stop_ms = 100};
	bench->service = (struct config_service){.name = "acts",
	                                         .image = "one",
	                                         .first_port = 8000,
	                                         .roll_port = 8010,
	                                         .reach = REACH_PUBLISHED,
	                                         .scale = {.min = 1, .max = 4, .spares = 2}};
	strings_add(&bench->service.publish, "127.0.0.1");
	harbour_init(&bench->harbour, lists_new(&(struct lists_settings){.base = bench->base, .taker = take}));
	bench->containers = (struct containers){
	        .harbour = &bench->harbour,
	        .step = step_new(&(struct step_settings){.base = bench->base, .look = on_look}),
	        .engine = &engine,
	        .config = &bench->config,
	        .service = &bench->service,
	};
	containers_init(&bench->containers);
	TAILQ_INIT(&bench->berths);
	revisions_init(&bench->revisions, &bench->containers, service_bench_revision(bench, "one"));
}

void service_bench_close(struct service_bench *bench)
{
	containers_clear(&bench->containers);
	revisions_clear(&bench->revisions);
	step_free(bench->containers.step);
	harbour_clear(&bench->harbour);
	lists_free(bench->harbour.lists);
	strings_clear(&bench->service.publish);
	event_base_free(bench->base);
	clock_fake(-1);
}

struct container *service_bench_container(struct service_bench *bench, int slot, int spare)
{
	struct engine_container listed = {.slot = slot, .state = ENGINE_CREATED};
	struct container_place place = {.revision = bench->revisions.newest, .slot = slot, .spare = spare};

	snprintf(listed.id, sizeof(listed.id), "c%u", ++bench->serial);
	snprintf(listed.name, sizeof(listed.name), "acts_%d", slot);
	return container_found(&bench->containers, &place, &listed, true);
}
