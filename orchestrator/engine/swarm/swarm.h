/* swarm: what the files of the Swarm engine share. Outside of them, engine.h is all there is. */
#pragma once

#include "orchestrator/engine/docker/docker_call.h"
#include "orchestrator/engine/docker/docker_http.h"
#include "orchestrator/engine/docker/docker_link.h"
#include "orchestrator/engine/engine.h"
#include "orchestrator/engine/swarm/swarm_images.h"
#include "orchestrator/engine/swarm/swarm_knock.h"
#include "orchestrator/engine/swarm/swarm_members.h"
#include "orchestrator/engine/swarm/swarm_poll.h"
#include "orchestrator/engine/swarm/swarm_revival.h"
#include "orchestrator/engine/swarm/swarm_role.h"
#include "orchestrator/engine/swarm/swarm_shared.h"
#include "orchestrator/engine/swarm/swarm_sites.h"
#include "orchestrator/engine/swarm/swarm_spread.h"
#include "orchestrator/engine/swarm/swarm_view.h"
#include "orchestrator/engine/swarm/swarm_waits.h"

struct swarm {
	struct engine engine; /* first: a struct engine * of ours is a struct swarm * */
	char *name;
	char *owner; /* what is shared, once that is known */
	struct docker_http *http;
	struct docker_link *link;
	struct docker_calls *calls;
	struct swarm_poll *poll;
	struct swarm_view *view;
	struct swarm_waits *waits;
	struct swarm_images images;
	struct swarm_role role;
	struct swarm_sites sites;
	struct swarm_knocks *knocks;
	struct swarm_plans plans;
	struct swarm_members members;
	struct swarm_shared *shared;
	struct swarm_revival *revival;
	struct engine_observer observer; /* the settings' */
	bool up;                         /* on_up was told last */
	bool told;                       /* on_up or on_down was */
	char down[512];                  /* with these words, cut short */
};

/* The verbs prepare and create (swarm_create.c). */
void swarm_prepare(struct engine *engine, const struct engine_spec *spec, engine_done *done, void *arg);
void swarm_create(struct engine *engine, const struct engine_spec *spec, const struct engine_place *place,
                  engine_done *done, void *arg);

/* Nodes that do not answer (swarm_doubt.c): the verb host_lost, and a look's nodes before its items. */
void swarm_host_lost(struct engine *engine, const char *id);
void swarm_doubt_sites(struct swarm *swarm, const struct swarm_lists *lists);
void swarm_doubt_items(struct swarm *swarm);
void swarm_doubt_no_more(const char *node, void *arg); /* arg: the swarm; as a callback */

/* swarm_alone.c; is_managed: by these words of the engine's this node is no manager, so that others see to what is on it. */
bool swarm_alone_is_managed(const char *message);
struct swarm_revival *swarm_alone_new(struct swarm *swarm, const struct engine_settings *settings);
