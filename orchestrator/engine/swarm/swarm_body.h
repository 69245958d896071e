/* swarm_body: what we tell Docker's Swarm mode: JSON bodies, filters, names. Pure.
 *
 * All write into a buf of the caller's and return false where it is full.
 */
#pragma once

#include "common/buf.h"
#include "orchestrator/engine/engine.h"

#include <stdbool.h>

#define SWARM_NAME_SIZE 64 /* a Swarm service's: a DNS label, 63 bytes, and a NUL */

/* Labels besides those of docker_body.h. */
#define SWARM_LABEL_CONTAINER "selfless.container"   /* the name that fleet gave; a Swarm service has another one */
#define SWARM_LABEL_IMAGE "selfless.image"           /* as the configuration names it */
#define SWARM_LABEL_GENERATION "selfless.generation" /* in the Swarm service's name, too */

/* What a container is given besides its spec and place. */
struct swarm_gift {
	const char *name;     /* the orchestrator's, a label */
	const char *owner;    /* a label */
	const char *image_id; /* by which all nodes know the spec's image */
	int generation;
	const struct strings *avoid; /* ids of nodes that it is not to come to; may be empty */
	bool log_files; /* its output goes to files that we bound; else where the node's configuration says */
};

/* The Swarm service for a container: its name, letters, digits, - and _ alone, and the generation. False: too long. */
bool swarm_body_name(const char *container, int generation, char name[SWARM_NAME_SIZE]) MUST_CHECK;

/* POST /services/create: one task, its port on the node that it comes to, no network of Swarm's. */
bool swarm_body_create(struct buf *buf, const struct swarm_gift *gift, const struct engine_spec *spec,
                       const struct engine_place *place) MUST_CHECK;

/* The Swarm config that orchestrators of one name share: what it is called, and POST /configs/create. */
#define SWARM_CONFIG_SIZE 80
#define SWARM_SHARED_MAX 256 /* bytes of its content */
void swarm_body_config_name(const char *name, char config[SWARM_CONFIG_SIZE]);
bool swarm_body_config(struct buf *buf, const char *name, const struct engine_shared *shared) MUST_CHECK;

/* filters of GET /events: services and nodes of the whole swarm. Those of GET /services and /tasks are docker_body_list_filters. */
#define SWARM_EVENT_FILTERS "{\"type\":[\"service\",\"node\"]}"
