/* docker_call: see the header.
 *
 *   docker_call_refuse -> done
 *   docker_call -> WAITING (link not up for the first time) -> SENT -> done
 *                                           ^                   |
 *                                           +-- PAUSED (again) <+
 *
 * Once the link was up, a call made while it is down fails at once: the supervisor is told when to come back (on_up).
 * Invariant: a call has either a request or a pending timer, and is in `all` until its done starts.
 */
#include "orchestrator/engine/docker/docker_call.h"

#include "common/clock.h"
#include "common/mem.h"
#include "orchestrator/engine/docker/docker_fault.h"
#include "orchestrator/engine/docker/docker_json.h"
#include "orchestrator/engine/docker/docker_link.h"
#include "orchestrator/base/loop.h"

#include <assert.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#define AGAIN_MS 25
#define NOT_ENOUGH_MS 5

struct docker_call {
	struct docker_calls *calls;
	LIST_ENTRY(docker_call) in_all;
	struct docker_ask ask; /* its texts are copies */
	int64_t deadline_ms;
	char *refusal; /* it is not made; NULL: it is */
	bool waiting;  /* for the first connection */
	struct event *timer;
	struct docker_http_request *request;
	docker_call_done *done;
	void (*drop)(void *arg);
	void *arg;
};

struct docker_calls {
	struct event_base *base;
	struct docker_http *http, *lasting;
	struct docker_link *link;
	LIST_HEAD(, docker_call) all;
};

static void call_free(struct docker_call *call)
{
	if (call->request != NULL)
		docker_http_cancel(call->request);
	event_free(call->timer);
	free((char *)call->ask.path);
	free((char *)call->ask.body);
	free((char *)call->ask.image);
	free(call->refusal);
	free(call);
}

/* The only way a call ends. */
static void call_finish(struct docker_call *call, const struct docker_answer *answer)
{
	LIST_REMOVE(call, in_all);
	call->done(answer, call->arg);
	call_free(call);
}

static void call_fail(struct docker_call *call, enum engine_fault fault, const char *message)
{
	struct docker_answer answer = {.fault = fault, .message = message, .body = ""};

	call_finish(call, &answer);
}

static void call_set_timer(struct docker_call *call, int64_t wait_ms)
{
	struct timeval wait = clock_timeval(wait_ms * INT64_C(1000));

	evtimer_add(call->timer, &wait);
}

static bool words_match(const struct docker_words *words, int status, const char *text)
{
	return words->status != 0 && words->status == status && strcasestr(text, words->words) != NULL;
}

/* Asked again a little later, where there is time for it. */
static bool call_again(struct docker_call *call, int wait_ms)
{
	if (clock_ms() + wait_ms >= call->deadline_ms)
		return false;
	call_set_timer(call, wait_ms);
	return true;
}

static void call_refused(struct docker_call *call, const struct docker_reply *reply)
{
	struct docker_answer answer = {.message = "", .body = ""};
	char text[DOCKER_WORDS_SIZE];
	char message[sizeof(text) + 160];

	docker_json_message(reply->body, reply->len, text, sizeof(text));
	if (words_match(&call->ask.fine, reply->status, text)) {
		call_finish(call, &answer);
		return;
	}
	if (words_match(&call->ask.again, reply->status, text) && call_again(call, AGAIN_MS))
		return;
	answer.fault = docker_fault_read(reply->status, text);
	docker_fault_explain(answer.fault, text, call->ask.image, message, sizeof(message));
	answer.message = message;
	call_finish(call, &answer);
}

static void on_reply(const struct docker_reply *reply, void *arg)
{
	static const enum engine_fault faults[] = {
	        [DOCKER_HTTP_REPLIED] = ENGINE_OK,
	        [DOCKER_HTTP_UNREACHABLE] = ENGINE_UNREACHABLE,
	        [DOCKER_HTTP_TIMED_OUT] = ENGINE_TIMEOUT,
	        [DOCKER_HTTP_TOO_LARGE] = ENGINE_REFUSED,
	};
	struct docker_call *call = arg;
	struct docker_answer answer = {.message = "", .body = ""};

	call->request = NULL;
	if (reply->end != DOCKER_HTTP_REPLIED) {
		call_fail(call, faults[reply->end], reply->message);
		return;
	}
	if (reply->status != 304 && (reply->status < 200 || reply->status > 299)) {
		call_refused(call, reply);
		return;
	}
	if (reply->status != 304) {
		answer.body = reply->body;
		answer.len = reply->len;
	}
	if (call->ask.enough != NULL && !call->ask.enough(&answer, call->arg) && call_again(call, NOT_ENOUGH_MS))
		return;
	call_finish(call, &answer);
}

static void call_send(struct docker_call *call)
{
	int64_t left_ms = call->deadline_ms - clock_ms();
	char *path = mem_format("/v1.%d%s", docker_link_minor(call->calls->link), call->ask.path);
	struct docker_http_ask ask = {
	        .method = call->ask.method,
	        .path = path,
	        .body = call->ask.body,
	        .body_len = call->ask.body_len,
	        .timeout_ms = left_ms > 0 ? (int)left_ms : 1,
	};

	call->waiting = false;
	call->request =
	        docker_http_send(call->ask.lasts ? call->calls->lasting : call->calls->http, &ask, on_reply, call);
	free(path);
}

static void on_call_timer(evutil_socket_t fd, short what, void *arg)
{
	struct docker_call *call = arg;

	(void)fd;
	(void)what;
	if (call->refusal != NULL)
		call_fail(call, ENGINE_REFUSED, call->refusal);
	else if (docker_link_is_up(call->calls->link))
		call_send(call);
	else
		call_fail(call, ENGINE_UNREACHABLE, docker_link_message(call->calls->link));
}

static struct docker_call *call_new(struct docker_calls *calls, docker_call_done *done, void (*drop)(void *arg),
                                    void *arg)
{
	struct docker_call *call = mem_zero(sizeof(*call));

	call->calls = calls;
	call->done = done;
	call->drop = drop;
	call->arg = arg;
	call->timer = loop_event_new(calls->base, LOOP_URGENT, -1, 0, on_call_timer, call);
	LIST_INSERT_HEAD(&calls->all, call, in_all);
	return call;
}

void docker_call_refuse(struct docker_calls *calls, const char *why, docker_call_done *done, void (*drop)(void *arg),
                        void *arg)
{
	struct docker_call *call = call_new(calls, done, drop, arg);

	call->refusal = mem_dup(why);
	call_set_timer(call, 0);
}

void docker_call(struct docker_calls *calls, const struct docker_ask *ask, docker_call_done *done,
                 void (*drop)(void *arg), void *arg)
{
	struct docker_call *call = call_new(calls, done, drop, arg);

	call->ask = *ask;
	call->ask.path = mem_dup(ask->path);
	call->ask.body = ask->body != NULL ? mem_dup_n(ask->body, ask->body_len) : NULL;
	call->ask.image = mem_dup(ask->image);
	call->deadline_ms = clock_ms() + ask->timeout_ms;
	if (docker_link_is_up(calls->link)) {
		call_send(call);
		return;
	}
	call->waiting = !docker_link_was_up(calls->link);
	call_set_timer(call, call->waiting ? ask->timeout_ms : 0);
}

/* Newest first in the list, so the oldest is sent first by walking it to its end each time: few ever wait. */
static struct docker_call *calls_oldest_waiting(struct docker_calls *calls)
{
	struct docker_call *oldest = NULL;
	struct docker_call *call;

	LIST_FOREACH (call, &calls->all, in_all)
		if (call->waiting)
			oldest = call;
	return oldest;
}

void docker_calls_release(struct docker_calls *calls)
{
	struct docker_call *call;

	while ((call = calls_oldest_waiting(calls)) != NULL) {
		event_del(call->timer);
		call_send(call);
	}
}

struct docker_calls *docker_calls_new(struct event_base *base, struct docker_http *http, struct docker_http *lasting,
                                      struct docker_link *link)
{
	struct docker_calls *calls = mem_zero(sizeof(*calls));

	calls->base = base;
	calls->http = http;
	calls->lasting = lasting;
	calls->link = link;
	LIST_INIT(&calls->all);
	return calls;
}

void docker_calls_free(struct docker_calls *calls)
{
	struct docker_call *call;

	while ((call = LIST_FIRST(&calls->all)) != NULL) {
		LIST_REMOVE(call, in_all);
		call->drop(call->arg);
		call_free(call);
	}
	free(calls);
}
