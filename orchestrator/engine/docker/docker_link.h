/* docker_link: are we connected to the Docker Engine, and which API version do we speak?
 *
 * Finds the version, subscribes to the events, watches that the engine answers, and after each loss starts over with
 * back-off until it does. Sends no verbs.
 */
#pragma once

#include "orchestrator/engine/docker/docker_events.h"
#include "orchestrator/engine/engine.h"

#include <stdbool.h>

struct docker_http;
struct docker_link;

struct docker_link_settings {
	struct event_base *base;
	struct docker_http *http;
	const char *word;            /* the engine's, for the log */
	const char *filters;         /* of the events we hear of (docker_events.h) */
	docker_event_read *read;
	void (*on_ready)(void *arg); /* verbs may go; runs just before observer.on_up */
	void *arg;
	struct engine_observer observer;
};

/* Starts at the next turn of the loop. */
struct docker_link *docker_link_new(const struct docker_link_settings *settings);
void docker_link_free(struct docker_link *link);

bool docker_link_is_up(const struct docker_link *link);
bool docker_link_was_up(const struct docker_link *link); /* is, or was once */
int docker_link_minor(const struct docker_link *link);   /* of the version spoken; only when up */
/* Is the daemon's own log driver json-file, or unknown? Then we bound its files; any other was chosen, and stays. */
bool docker_link_logs_to_files(const struct docker_link *link);
const char *docker_link_message(const struct docker_link *link); /* why it is not up */
