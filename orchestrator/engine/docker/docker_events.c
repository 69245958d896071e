/* docker_events: GET /events without end, cut into objects wherever the objects end (a chunk is not an object).
 *
 * `since` is the last event's time plus one, or the time of the first subscription: an engine answers before it
 * listens, and `since` makes it tell what happened in between. What it forgot (a restart) the supervisor finds by
 * listing. Invariant: request and stream are there, or not, together.
 */
#include "orchestrator/engine/docker/docker_events.h"

#include "common/buf.h"
#include "common/json.h"
#include "common/mem.h"
#include "orchestrator/base/excerpt.h"
#include "orchestrator/engine/docker/docker_body.h"
#include "orchestrator/engine/docker/docker_http.h"
#include "orchestrator/engine/docker/docker_json.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define EVENT_MAX (1u << 20) /* bytes of one event: it carries all labels of its container */
#define NS INT64_C(1000000000)

struct docker_events {
	struct docker_http *http;
	char *filters;
	docker_event_read *read;
	struct docker_events_observer observer;
	struct docker_http_request *request;
	struct json_stream *stream;
	int64_t since_ns;
};

static void on_head(void *arg)
{
	struct docker_events *events = arg;

	events->observer.on_open(events->observer.arg);
}

static void on_value(const struct json_value *value, void *arg)
{
	struct docker_events *events = arg;
	struct docker_event event;

	if (!events->read(value, &event))
		return;
	if (event.event.engine_time_ns >= events->since_ns)
		events->since_ns = event.event.engine_time_ns + 1;
	events->observer.on_event(&event.event, events->observer.arg);
}

static void on_bytes(const char *bytes, size_t len, void *arg)
{
	struct docker_events *events = arg;
	struct err err;

	if (json_stream_feed(events->stream, bytes, len, &err))
		return;
	docker_events_stop(events);
	events->since_ns = 0; /* else the same bytes would be told again, for ever */
	err_prefix(&err, "events of Docker");
	events->observer.on_close(err.message, events->observer.arg);
}

static void on_end(const struct docker_reply *reply, void *arg)
{
	struct docker_events *events = arg;
	char message[480];
	char text[400];

	events->request = NULL; /* it is gone already */
	docker_events_stop(events);
	docker_json_message(reply->body, reply->len, text, sizeof(text));
	if (reply->end != DOCKER_HTTP_REPLIED)
		excerpt_write(message, sizeof(message), "%s", reply->message);
	else if (reply->status == 200)
		snprintf(message, sizeof(message), "Docker ended the event stream: it is stopping");
	else
		excerpt_write(message, sizeof(message), "Docker refused to tell events: %d %s", reply->status, text);
	events->observer.on_close(message, events->observer.arg);
}

static char *events_path(const struct docker_events *events, int minor)
{
	struct buf path;
	char *copy;
	bool fits;

	buf_init(&path, DOCKER_BODY_MAX);
	fits = buf_add_format(&path, "/v1.%d/events?since=%" PRId64 ".%09" PRId64 "&filters=", minor,
	                      events->since_ns / NS, events->since_ns % NS) &&
	       docker_body_escape(&path, events->filters);
	assert(fits);
	copy = mem_dup(buf_text(&path));
	buf_clear(&path);
	return copy;
}

void docker_events_subscribe(struct docker_events *events, int minor)
{
	static const struct docker_http_stream callbacks = {.on_head = on_head, .on_data = on_bytes, .on_end = on_end};
	struct timespec now;
	int64_t now_ns;
	char *path;

	assert(events->request == NULL);
	clock_gettime(CLOCK_REALTIME, &now);
	now_ns = now.tv_sec * NS + now.tv_nsec;
	if (events->since_ns == 0 || events->since_ns > now_ns) /* the clock may have been set back */
		events->since_ns = now_ns;
	path = events_path(events, minor);
	events->stream = json_stream_new(EVENT_MAX, on_value, events);
	events->request = docker_http_open(events->http, path, &callbacks, events);
	free(path);
}

void docker_events_stop(struct docker_events *events)
{
	if (events->request != NULL)
		docker_http_cancel(events->request);
	events->request = NULL;
	json_stream_free(events->stream);
	events->stream = NULL;
}

struct docker_events *docker_events_new(struct docker_http *http, const char *filters, docker_event_read *read,
                                        const struct docker_events_observer *observer)
{
	struct docker_events *events = mem_zero(sizeof(*events));

	events->http = http;
	events->filters = mem_dup(filters);
	events->read = read;
	events->observer = *observer;
	return events;
}

void docker_events_free(struct docker_events *events)
{
	docker_events_stop(events);
	free(events->filters);
	free(events);
}
