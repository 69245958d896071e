/* swarm_json: what Docker's Swarm mode tells us, replies as structs. Pure.
 *
 * Reads what the API versions 1.25 to 1.55 have in common and ignores the rest. On false, err says what was missing.
 */
#pragma once

#include "common/err.h"
#include "orchestrator/engine/docker/docker_json.h"
#include "orchestrator/engine/engine.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SWARM_TIME_SIZE 40 /* RFC 3339 with nanoseconds, and more */
#define SWARM_WORDS_SIZE 256
#define SWARM_HOST_SIZE 65 /* what Linux allows a host, and a NUL */
#define SWARM_STATE_SIZE 16

/* A Swarm service is one container of ours: it has one task at a time. */
struct swarm_service {
	struct engine_container container; /* what its labels say; no state, no address */
	int generation;
};

/* Where a task is in its life: task states of the API from "new" to "starting"; "running"; those of which its node has not said that
 * it ended; and those that its node says behind that: "complete", "shutdown", "failed", and "rejected" before it ran. */
enum swarm_phase { SWARM_WAITING, SWARM_RUNNING, SWARM_LOST, SWARM_ENDED };

struct swarm_task {
	char id[ENGINE_ID_SIZE];
	char service[ENGINE_ID_SIZE]; /* id */
	char node[ENGINE_ID_SIZE];    /* id; "" while it has none */
	char created[SWARM_TIME_SIZE];
	enum swarm_phase phase;
	bool wanted;                  /* Swarm means it to run; else it ends it, or its node is lost */
	int exit_code;                /* SWARM_ENDED; -1: not known */
	int port;                     /* on its node; 0: none yet */
	int64_t since_s;              /* Unix time of its phase */
	bool untaken;                 /* its node was given it, and has not said that it has it */
	bool impeded;                 /* the words are of what keeps it from running; else of what is being done */
	char words[SWARM_WORDS_SIZE]; /* why it waits, or ended */
};

struct swarm_node {
	char id[ENGINE_ID_SIZE];
	char address[INET6_ADDRSTRLEN];
	char host[SWARM_HOST_SIZE]; /* its name */
	char state
	        [SWARM_STATE_SIZE]; /* "ready", or what it is instead: "drain" or "pause" of one that takes no tasks */
	bool ready;                 /* it tells Swarm what becomes of its tasks */
	bool active;                /* its operator lets it have tasks */
	bool manager, reachable;    /* it is one, and its fellows hear of it */
	bool leader;                /* the manager that its fellows have elected */
};

/* A container on this node, by its dockerd alone. */
struct swarm_local {
	char container[ENGINE_ID_SIZE]; /* id */
	char task[ENGINE_ID_SIZE];      /* id of its task */
	bool ended;
};

/* GET /services, /tasks, /nodes: *items is allocated, the caller frees it. */
bool swarm_json_services(const char *text, size_t len, struct swarm_service **items, size_t *count,
                         struct err *err) MUST_CHECK;
bool swarm_json_tasks(const char *text, size_t len, struct swarm_task **items, size_t *count,
                      struct err *err) MUST_CHECK;
bool swarm_json_nodes(const char *text, size_t len, struct swarm_node **items, size_t *count,
                      struct err *err) MUST_CHECK;

/* GET /services/NAME. */
bool swarm_json_service(const char *text, size_t len, struct swarm_service *service, struct err *err) MUST_CHECK;

/* GET /info: the id of the node that answers; "" where it is in no swarm. */
bool swarm_json_self(const char *text, size_t len, char id[ENGINE_ID_SIZE], struct err *err) MUST_CHECK;

/* GET /containers/json: of tasks; *items is allocated, the caller frees it. GET /containers/ID/json: the port that it has on its node; 0:
 * none. */
bool swarm_json_locals(const char *text, size_t len, struct swarm_local **items, size_t *count,
                       struct err *err) MUST_CHECK;
bool swarm_json_local_port(const char *text, size_t len, int *port, struct err *err) MUST_CHECK;

/* GET /configs/NAME: what is in it. Refused where that is not what swarm_body_config writes. */
bool swarm_json_config(const char *text, size_t len, char owner[ENGINE_OWNER_SIZE], char key[ENGINE_KEY_SIZE],
                       struct err *err) MUST_CHECK;

/* POST /services/create. */
bool swarm_json_created(const char *text, size_t len, char id[ENGINE_ID_SIZE], struct err *err) MUST_CHECK;

/* GET /images/NAME/json: by which all nodes know it, "sha256:...". */
bool swarm_json_image_id(const char *text, size_t len, char *id, size_t size, struct err *err) MUST_CHECK;

/* One object of GET /events, whatever it tells: all that counts is that something happened, and when. */
bool swarm_json_event(const struct json_value *value, struct docker_event *event) MUST_CHECK;
