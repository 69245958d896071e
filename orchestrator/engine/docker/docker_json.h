/* docker_json: what the Docker Engine tells us: replies and events as structs. Pure.
 *
 * Reads what the API versions 1.24 to 1.55 have in common and ignores the rest. On false, err says what was missing.
 */
#pragma once

#include "common/json.h"
#include "orchestrator/base/options.h"
#include "orchestrator/engine/engine.h"

/* {"message": ...} of an error reply; the body itself where it is no such object. An excerpt (base/excerpt.h) where it is longer
 * than size, which DOCKER_WORDS_SIZE is enough for. */
#define DOCKER_WORDS_SIZE 800
void docker_json_message(const char *text, size_t len, char *message, size_t size);

/* An API version "1.MINOR"; -1 for anything else. */
int docker_json_api_minor(const char *version);

/* GET /version: highest and lowest minor the engine speaks. min_minor is 0 where it does not say. */
bool docker_json_version(const char *text, size_t len, int *max_minor, int *min_minor, struct err *err) MUST_CHECK;

/* Reply to GET /info: the log driver that a container gets which names none; "" if it does not say. */
bool docker_json_log_driver(const char *text, size_t len, char *driver, size_t size, struct err *err) MUST_CHECK;

/* POST /containers/create. */
bool docker_json_created(const char *text, size_t len, char id[ENGINE_ID_SIZE], struct err *err) MUST_CHECK;

/* GET /images/NAME/json: adds the program and its arguments that a container of it runs, where command (if that has any)
 * takes the place of the image's own. None are added where there is nothing to run. */
bool docker_json_image(const char *text, size_t len, const struct strings *command, struct strings *words,
                       struct err *err) MUST_CHECK;

/* GET /containers/json: *containers is allocated, the caller frees it. network: ours. */
bool docker_json_list(const char *text, size_t len, const char *network, struct engine_container **containers,
                      size_t *count, struct err *err) MUST_CHECK;

/* The same: does another one than `id` publish host port `port` on an address that meets one of these (as 0.0.0.0 and ::
 * meet all)? False, too, for what is no list. */
bool docker_json_port_held(const char *text, size_t len, const char *id, int port, const struct strings *addresses);

/* GET /containers/ID/json: state, exit_code, oom_killed, pid, no_network and address of result. */
bool docker_json_inspect(const char *text, size_t len, const char *network, struct engine_result *result,
                         struct err *err) MUST_CHECK;

/* The same: what is known of one that runs. */
struct docker_running {
	int pid; /* on this host; 0: it does not run */
	struct engine_sources sources;
};
void docker_json_running(const char *text, size_t len, struct docker_running *running);

struct docker_event {
	struct engine_event event; /* its id points to id */
	char id[ENGINE_ID_SIZE];
};

/* One object of GET /events. False for one that is of no interest. */
bool docker_json_event(const struct json_value *value, struct docker_event *event) MUST_CHECK;
