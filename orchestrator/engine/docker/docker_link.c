/* docker_link: the way to the engine, step by step; each step is one request.
 *
 *   WAITING --timer--> PINGING --> ASKING (version, then log driver) --> SUBSCRIBING --> UP
 *      ^                  |           |                                       |           |
 *      +------------------+-----------+---------------------------------------+-----------+   link_lose, the only way back
 *
 * UP: a ping now and then, because a hung engine ends no stream. on_down comes once a loss, however many tries follow.
 */
#include "orchestrator/engine/docker/docker_link.h"

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "orchestrator/base/backoff.h"
#include "orchestrator/base/excerpt.h"
#include "orchestrator/engine/docker/docker_events.h"
#include "orchestrator/engine/docker/docker_http.h"
#include "orchestrator/engine/docker/docker_json.h"
#include "orchestrator/base/loop.h"

#include <assert.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define API_LOWEST 24  /* 1.24: Docker 1.12 */
#define API_HIGHEST 55 /* 1.55: the newest whose changes we have read */
#define STEP_TIMEOUT_MS 10000
#define INFO_TIMEOUT_MS 2000 /* it can be done without */
#define PING_EVERY_MS 5000
#define STEADY_MS 5000 /* up that long: the next loss starts with the shortest wait again */

/* A try is one connect to a local socket, and until the engine is back nothing is replaced: shorter waits than usual. */
static const struct backoff_pace pace = {.first_us = 100000, .most_us = 500000};

enum link_state { LINK_WAITING, LINK_PINGING, LINK_ASKING, LINK_SUBSCRIBING, LINK_UP };

struct docker_link {
	struct docker_link_settings settings;
	struct docker_events *events;
	struct docker_http_request *request; /* of the step, or the ping */
	struct event *timer;                 /* WAITING: next try. SUBSCRIBING: its end. UP: next ping */
	enum link_state state;
	bool was_up;
	bool down_told;
	int max_minor; /* from the ping */
	int minor;
	char log_driver[64]; /* the daemon's own; "" unknown */
	struct backoff retry;
	int64_t up_since_ms;
	char message[512];
};

static void link_set_timer(struct docker_link *link, int wait_ms)
{
	struct timeval wait = clock_timeval(wait_ms * INT64_C(1000));

	evtimer_add(link->timer, &wait);
}

static void link_cancel(struct docker_link *link)
{
	if (link->request != NULL)
		docker_http_cancel(link->request);
	link->request = NULL;
	docker_events_stop(link->events);
}

static void link_lose(struct docker_link *link, const char *message)
{
	const struct engine_observer *observer = &link->settings.observer;

	link_cancel(link);
	excerpt_write(link->message, sizeof(link->message), "%s", message);
	if (link->state == LINK_UP && clock_ms() - link->up_since_ms >= STEADY_MS)
		backoff_reset(&link->retry);
	link->state = LINK_WAITING;
	link_set_timer(link, (int)(backoff_fail_at(&link->retry, pace, RETRY_LINK) / 1000));
	if (link->down_told)
		return;
	link->down_told = true;
	observer->on_down(link->message, observer->arg);
}

static void link_get(struct docker_link *link, const char *path, int timeout_ms, docker_http_reply *on_reply)
{
	struct docker_http_ask ask = {.method = "GET", .path = path, .timeout_ms = timeout_ms};

	link->request = docker_http_send(link->settings.http, &ask, on_reply, link);
}

/* True for a 200; else the link is lost. */
static bool link_replied(struct docker_link *link, const struct docker_reply *reply)
{
	char message[512];
	char text[400];

	link->request = NULL;
	if (reply->end == DOCKER_HTTP_REPLIED && reply->status == 200)
		return true;
	docker_json_message(reply->body, reply->len, text, sizeof(text));
	excerpt_write(message, sizeof(message), "Docker answered %d: %s", reply->status, text);
	link_lose(link, reply->end == DOCKER_HTTP_REPLIED ? message : reply->message);
	return false;
}

static bool versions_agree(int max_minor, int min_minor, struct err *err)
{
	if (max_minor < API_LOWEST)
		return err_set(err, "Docker speaks API 1.%d at most, needed is 1.%d: install Docker 1.12 or newer",
		               max_minor, API_LOWEST);
	if (min_minor > API_HIGHEST)
		return err_set(err,
		               "Docker speaks API 1.%d at least, known is 1.%d: set \"min-api-version\": \"1.%d\" in "
		               "/etc/docker/daemon.json, or install a newer release of this program",
		               min_minor, API_HIGHEST, API_HIGHEST);
	return true;
}

/* An engine that does not say, or that cannot, is served all the same. */
static void on_info(const struct docker_reply *reply, void *arg)
{
	struct docker_link *link = arg;
	struct err err = {.message = ""};

	link->request = NULL;
	link->log_driver[0] = '\0';
	if (reply->end == DOCKER_HTTP_REPLIED && reply->status == 200 &&
	    !docker_json_log_driver(reply->body, reply->len, link->log_driver, sizeof(link->log_driver), &err))
		log_warn("event=log-driver-unknown error=%s", log_quote(err.message));
	link->state = LINK_SUBSCRIBING;
	link_set_timer(link, STEP_TIMEOUT_MS);
	docker_events_subscribe(link->events, link->minor);
}

static void on_version(const struct docker_reply *reply, void *arg)
{
	struct docker_link *link = arg;
	struct err err = {.message = ""};
	int max_minor;
	int min_minor;

	if (!link_replied(link, reply))
		return;
	if (!docker_json_version(reply->body, reply->len, &max_minor, &min_minor, &err)) {
		link_lose(link, err.message);
		return;
	}
	if (link->max_minor == -1) /* old engines do not say so in a ping */
		link->max_minor = max_minor;
	if (!versions_agree(link->max_minor, min_minor, &err)) {
		link_lose(link, err.message);
		return;
	}
	link->minor = link->max_minor < API_HIGHEST ? link->max_minor : API_HIGHEST;
	link_get(link, "/info", INFO_TIMEOUT_MS, on_info);
}

static void on_ping(const struct docker_reply *reply, void *arg)
{
	struct docker_link *link = arg;

	if (!link_replied(link, reply))
		return;
	link->max_minor = docker_json_api_minor(reply->api_version);
	link->state = LINK_ASKING;
	link_get(link, "/version", STEP_TIMEOUT_MS, on_version);
}

static void on_subscribed(void *arg)
{
	struct docker_link *link = arg;

	assert(link->state == LINK_SUBSCRIBING);
	link->state = LINK_UP;
	link->was_up = true;
	link->down_told = false;
	link->up_since_ms = clock_ms();
	link_set_timer(link, PING_EVERY_MS);
	log_info("event=engine-up engine=%s api=1.%d", link->settings.word, link->minor);
	link->settings.on_ready(link->settings.arg);
	link->settings.observer.on_up(link->settings.observer.arg);
}

static void on_event(const struct engine_event *event, void *arg)
{
	struct docker_link *link = arg;

	link->settings.observer.on_event(event, link->settings.observer.arg);
}

static void on_closed(const char *message, void *arg)
{
	link_lose(arg, message);
}

static void on_still_there(const struct docker_reply *reply, void *arg)
{
	struct docker_link *link = arg;

	if (link_replied(link, reply))
		link_set_timer(link, PING_EVERY_MS);
}

static void on_link_timer(evutil_socket_t fd, short what, void *arg)
{
	struct docker_link *link = arg;

	(void)fd;
	(void)what;
	assert(link->request == NULL);
	if (link->state == LINK_SUBSCRIBING) {
		link_lose(link, "Docker does not answer the request for its events");
		return;
	}
	if (link->state == LINK_UP) {
		link_get(link, "/_ping", STEP_TIMEOUT_MS, on_still_there);
		return;
	}
	link->state = LINK_PINGING;
	link_get(link, "/_ping", STEP_TIMEOUT_MS, on_ping);
}

struct docker_link *docker_link_new(const struct docker_link_settings *settings)
{
	struct docker_link *link = mem_zero(sizeof(*link));
	struct docker_events_observer observer = {
	        .on_open = on_subscribed, .on_event = on_event, .on_close = on_closed, .arg = link};

	link->settings = *settings;
	link->settings.filters = NULL; /* docker_events has its copy */
	link->events = docker_events_new(settings->http, settings->filters, settings->read, &observer);
	link->timer = loop_event_new(settings->base, LOOP_URGENT, -1, 0, on_link_timer, link);
	snprintf(link->message, sizeof(link->message), "not connected to Docker yet");
	link_set_timer(link, 0);
	return link;
}

void docker_link_free(struct docker_link *link)
{
	link_cancel(link);
	docker_events_free(link->events);
	event_free(link->timer);
	free(link);
}

bool docker_link_is_up(const struct docker_link *link)
{
	return link->state == LINK_UP;
}

bool docker_link_was_up(const struct docker_link *link)
{
	return link->was_up;
}

int docker_link_minor(const struct docker_link *link)
{
	assert(link->state == LINK_UP);
	return link->minor;
}

bool docker_link_logs_to_files(const struct docker_link *link)
{
	return link->log_driver[0] == '\0' || strcmp(link->log_driver, "json-file") == 0;
}

const char *docker_link_message(const struct docker_link *link)
{
	return link->message;
}
