/* service_bench: the containers of one service without an engine that does anything, for tests of what is made of them. */
#pragma once

#include "orchestrator/fleet/berth.h"
#include "orchestrator/fleet/revisions.h"

struct service_bench {
	struct event_base *base;
	struct config config;
	struct config_service service;
	struct harbour harbour;
	struct containers containers;
	struct berths berths;
	struct revisions revisions;
	unsigned serial;
};

/* Slots 0 to 3, ports 8000 to 8003, spares from 8004 on, the roll's 8010. */
void service_bench_open(struct service_bench *bench);
void service_bench_close(struct service_bench *bench); /* berths must have no backend */

/* Made from this image. One reference. */
struct revision *service_bench_revision(struct service_bench *bench, const char *image);

/* As if it had been made: CREATED. */
struct container *service_bench_container(struct service_bench *bench, int slot, int spare);

extern int service_bench_forgone;               /* the last port that the engine was told to do without */
extern char service_bench_lost[ENGINE_ID_SIZE]; /* the last container whose host was told to be lost; "": none was */
