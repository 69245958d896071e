/* engine_watch: runs an engine's loop until something was heard, and keeps what was heard for a test to look at. */
#pragma once

#include "orchestrator/engine/engine.h"

#include <stdbool.h>

#define WATCH_EVENTS 64

struct watch {
	struct event_base *base;
	struct engine *engine;
	int ups;
	int downs;
	char down_message[512];
	char owner[ENGINE_OWNER_SIZE], key[ENGINE_KEY_SIZE]; /* shared; "": not told */
	int roles;
	bool leads;
	char leader[ENGINE_HOST_SIZE];
	int nodes_told;
	char nodes[300]; /* "one 10.0.0.1 ready self manager reachable leader, ..." */
	char moved_to[ADDRESS_TEXT_SIZE]; /* of the last MOVED */
	size_t event_count;
	struct engine_event events[WATCH_EVENTS]; /* id and sources point to those below */
	char ids[WATCH_EVENTS][ENGINE_ID_SIZE];
	struct engine_sources sources[WATCH_EVENTS];
};

/* What one verb answered. */
struct outcome {
	int count; /* how often its callback ran */
	enum engine_fault fault;
	char message[700];
	char id[ENGINE_ID_SIZE];
	char text[2000];
	size_t listed;
	struct engine_container first; /* of the list */
	char first_address[ADDRESS_TEXT_SIZE];
	char address[ADDRESS_TEXT_SIZE]; /* start, inspect; "" = it is not known */
	struct engine_result result;     /* its pointers are dead */
};

/* Sockets of containers: under state_dir/sockets. */
void watch_open(struct watch *watch, const char *name, const char *socket_path, const char *state_dir);
#define WATCH_OWNER "00112233445566778899aabbccddeeff"
#define WATCH_KEY WATCH_OWNER WATCH_OWNER
void watch_open_swarm(struct watch *watch, const char *name, const char *socket_path, const char *state_dir,
                      int poll_ms);
void watch_open_process(struct watch *watch, const char *state_dir);
void watch_close(struct watch *watch); /* frees the engine first, if there is still one */

/* Runs the loop until the number is at least `want`, at most timeout_ms. */
bool watch_until(struct watch *watch, const int *number, int want, int timeout_ms);
void watch_run(struct watch *watch, int ms);

/* The first event of this type, waited for. NULL if none came. */
const struct engine_event *watch_event(struct watch *watch, enum engine_event_type type, int timeout_ms);

/* The callback of verbs; arg is a struct outcome. */
void outcome_take(const struct engine_result *result, void *arg);
