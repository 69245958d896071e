/* fleet_bench: what the tests of health, supervisor and supervisors share: a loop, waiting, a configuration. */
#pragma once

#include "tests/unit/orchestrator/fleet/fake_engine.h"
#include "orchestrator/config/config.h"
#include "orchestrator/config/identity.h"

#include <stdbool.h>

struct fleet_bench {
	struct event_base *base;
	struct fake_engine *engine;
	struct config config;
	struct config_service service; /* the one of config */
	char dir[64];                  /* socket_dir, under /tmp */
	char hash[ENGINE_SPEC_SIZE];   /* of service; bench_rehash after a change */
	struct identity identity;
};

/* A service "acts" reached by unix sockets, min 1, max 4, probes every 50 ms with a timeout of 150, engine verbs of 1 ms. */
void bench_open(struct fleet_bench *bench);
void bench_close(struct fleet_bench *bench);
void bench_rehash(struct fleet_bench *bench);

/* Runs the loop until condition(arg) holds; false after timeout_ms. */
bool bench_until(struct fleet_bench *bench, bool (*condition)(void *arg), void *arg, int timeout_ms);
void bench_run(struct fleet_bench *bench, int ms); /* for things that must not happen */

int bench_free_port(void);
int bench_free_ports(int count); /* the first of so many neighbours */
