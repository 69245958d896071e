/* docker_events: the engine's stream of events as engine_event structs. One subscription at a time. */
#pragma once

#include "orchestrator/engine/engine.h"

struct docker_event;
struct docker_events;
struct docker_http;
struct json_value;

/* One object of the stream, which has the time at which it happened. False for one that is of no interest. */
typedef bool docker_event_read(const struct json_value *value, struct docker_event *event);

struct docker_events_observer {
	void (*on_open)(void *arg); /* subscribed */
	void (*on_event)(const struct engine_event *event, void *arg);
	void (*on_close)(const char *message, void *arg); /* over: subscribe again when you like */
	void *arg;
};

/* filters: JSON, of GET /events; copied. */
struct docker_events *docker_events_new(struct docker_http *http, const char *filters, docker_event_read *read,
                                        const struct docker_events_observer *observer);
void docker_events_free(struct docker_events *events);

/* From the last event seen on, or from now; minor is of the API version. */
void docker_events_subscribe(struct docker_events *events, int minor);
void docker_events_stop(struct docker_events *events); /* without on_close; harmless when not subscribed */
