/* docker: what the files of the Docker engine share. Outside of them, engine.h is all there is. */
#pragma once

#include "orchestrator/engine/docker/docker_await.h"
#include "orchestrator/engine/docker/docker_call.h"
#include "orchestrator/engine/docker/docker_exits.h"
#include "orchestrator/engine/docker/docker_link.h"
#include "orchestrator/engine/docker/docker_refusals.h"
#include "orchestrator/engine/docker/docker_sockets.h"
#include "orchestrator/engine/docker/lost_ports.h"
#include "orchestrator/engine/engine.h"

struct prepare;

struct docker {
	struct engine engine; /* first: a struct engine * of ours is a struct docker * */
	char *name;
	char *owner;
	struct docker_http *http;
	struct docker_http *stops; /* their own connections: one is held for the whole grace */
	struct docker_link *link;
	struct docker_calls *calls;
	struct docker_exits *exits;
	struct docker_await *await;
	struct docker_sockets *sockets;
	struct docker_refusals refusals;
	struct lost_ports lost_ports;
	struct engine_observer observer; /* the settings' */
	struct prepare *prepare;         /* the one under way, then those that wait (docker_prepare.c) */
};

/* The verb prepare (docker_prepare.c). */
void docker_prepare(struct engine *engine, const struct engine_spec *spec, engine_done *done, void *arg);

/* The verb create (docker_create.c). */
void docker_create(struct engine *engine, const struct engine_spec *spec, const struct engine_place *place,
                   engine_done *done, void *arg);

/* Is this port, which Docker holds for nobody, not published and only remembered? So where the service is reached otherwise. */
bool docker_does_without(const struct docker *docker, const struct engine_spec *spec, int port);

/* The verbs start and forgo_port (docker_start.c). */
void docker_forgo_port(struct engine *engine, int port);
void docker_start(struct engine *engine, const struct engine_spec *spec, const struct engine_place *place,
                  const char *id, engine_done *done, void *arg);
