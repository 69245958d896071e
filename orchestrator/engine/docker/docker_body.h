/* docker_body: what we tell the Docker Engine: JSON bodies, filters, escaped query values. Pure.
 *
 * All write into a buf of the caller's and return false where it is full.
 */
#pragma once

#include "common/buf.h"
#include "common/json.h"
#include "orchestrator/engine/engine.h"

#include <stdbool.h>

#define DOCKER_BODY_MAX (4u << 20)          /* more than a whole configuration can make */
#define DOCKER_SOCKET_MOUNT "/run/selfless" /* REACH_SOCKET: where the host directory appears inside */

/* Labels on what we make. */
#define DOCKER_LABEL_NAME "selfless.name"
#define DOCKER_LABEL_OWNER "selfless.owner" /* containers: the orchestrator that made it */
#define DOCKER_LABEL_IDENTITY "selfless.id"
#define DOCKER_LABEL_SERVICE "selfless.service"
#define DOCKER_LABEL_SLOT "selfless.slot"
#define DOCKER_LABEL_SPEC "selfless.spec"
#define DOCKER_LABEL_PORT "selfless.port"     /* on the host; 0 = not published */
#define DOCKER_LABEL_SOCKET "selfless.socket" /* REACH_SOCKET: the host directory; "" without */
#define DOCKER_LABEL_REACH "selfless.reach"   /* "published", "bridge", "socket"; those of earlier releases have none */
#define DOCKER_LABEL_INSIDE "selfless.inside" /* port inside, so that inspect can name the bridge address */

extern const char *const docker_reach_words[]; /* of DOCKER_LABEL_REACH, by enum engine_reach; NULL ends them */

/* Where the output of our containers is kept on a host's disk. */
#define DOCKER_LOG_DRIVER "json-file"

/* What a container is given besides its spec and place. */
struct docker_gift {
	const char *name;       /* the orchestrator's: a label, and its network's name */
	const char *owner;      /* a label */
	const char *identity;   /* a label and ENGINE_IDENTITY_KEY; "": none */
	const char *socket_dir; /* REACH_SOCKET: mounted at DOCKER_SOCKET_MOUNT; "" else */
	const char *
	        await_file; /* with which it is to wait for its network, mounted at DOCKER_AWAIT_MOUNT; NULL: it is not to */
	bool unpublished; /* its place's host_port is not to be published, only remembered */
	bool log_files;   /* its output goes to files that we bound; else where the daemon's configuration says */
};

/* POST /containers/create. */
bool docker_body_create(struct buf *buf, const struct docker_gift *gift, const struct engine_spec *spec,
                        const struct engine_place *place) MUST_CHECK;

/* The same for one that is to wait, from what that wrote: with the program and the arguments that it runs then. */
bool docker_body_create_await(struct buf *buf, const char *create, const struct strings *words) MUST_CHECK;

/* POST /networks/create: a bridge called name. */
bool docker_body_network(struct buf *buf, const char *name) MUST_CHECK;

/* POST /networks/NAME/disconnect and connect; the path; verb is one of the two. */
bool docker_body_disconnect(struct buf *buf, const char *id) MUST_CHECK;
bool docker_body_connect(struct buf *buf, const char *id, const char *service) MUST_CHECK;
bool docker_body_network_path(struct buf *buf, const char *name, const char *verb) MUST_CHECK;

/* GET /images/NAME/json: the path. */
bool docker_body_image_path(struct buf *buf, const char *image) MUST_CHECK;

/* The volume's name in "volume:/path[:options]": its length, 0 where the source is a host path or there is none. */
size_t docker_body_volume_name(const char *volume);

/* POST /volumes/create. */
bool docker_body_volume(struct buf *buf, const char *name, const struct engine_spec *spec,
                        const char *volume) MUST_CHECK;

/* Into an open object: the driver's options, under that key ("Config" of a container, "Options" of a Swarm service), so that what it
 * keeps stays small. */
void docker_body_log_options(struct json_writer *w, const char *key);

/* filters of GET /containers/json and GET /events: only what carries our label. */
bool docker_body_list_filters(struct buf *buf, const char *name) MUST_CHECK;
bool docker_body_event_filters(struct buf *buf, const char *name) MUST_CHECK;

/* Adds text percent-encoded, all but unreserved characters, '/' and ':' (RFC 3986 sections 2.3 and 3.4). */
bool docker_body_escape(struct buf *buf, const char *text) MUST_CHECK;
