/* curl_loop: libcurl tells which descriptors it waits for and until when; libevent tells it what happened.
 *
 *   libcurl -> on_socket, on_timeout: keep events up to date, nothing else (it may not be called back from there)
 *   libevent -> on_ready, on_timer -> curl_multi_socket_action -> on_turn
 *
 * Events are level-triggered, as libcurl needs them.
 */
#include "orchestrator/base/curl_loop.h"

#include "common/clock.h"
#include "common/mem.h"
#include "orchestrator/base/loop.h"

#include <assert.h>
#include <event2/event.h>
#include <stdbool.h>
#include <stdlib.h>

struct curl_loop {
	struct event_base *base;
	enum loop_priority priority;
	CURLM *multi;
	struct event *timer;
	void (*on_turn)(void *arg);
	void *arg;
	bool turning;
};

static void loop_turn(struct curl_loop *loop, curl_socket_t fd, int what)
{
	int running;
	CURLMcode code = curl_multi_socket_action(loop->multi, fd, what, &running);

	assert(code == CURLM_OK);
	assert(!loop->turning);
	loop->turning = true;
	loop->on_turn(loop->arg);
	loop->turning = false;
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	loop_turn(arg, CURL_SOCKET_TIMEOUT, 0);
}

static void on_ready(evutil_socket_t fd, short what, void *arg)
{
	int mask = ((what & EV_READ) ? CURL_CSELECT_IN : 0) | ((what & EV_WRITE) ? CURL_CSELECT_OUT : 0);

	loop_turn(arg, fd, mask);
}

static int on_timeout(CURLM *multi, long timeout_ms, void *arg)
{
	struct curl_loop *loop = arg;
	struct timeval wait = clock_timeval(timeout_ms * INT64_C(1000));
	int failed = timeout_ms == -1 ? evtimer_del(loop->timer) : evtimer_add(loop->timer, &wait);

	(void)multi;
	assert(!failed);
	return 0;
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_arg)
{
	struct curl_loop *loop = arg;
	struct event *event = socket_arg;
	short mask = EV_PERSIST;

	(void)easy;
	if (event != NULL)
		event_free(event);
	event = NULL;
	if (what & CURL_POLL_IN)
		mask |= EV_READ;
	if (what & CURL_POLL_OUT)
		mask |= EV_WRITE;
	if (what != CURL_POLL_REMOVE && mask != EV_PERSIST) {
		event = loop_event_new(loop->base, loop->priority, fd, mask, on_ready, loop);
		if (event_add(event, NULL) == -1)
			return -1;
	}
	curl_multi_assign(loop->multi, fd, event);
	return 0;
}

struct curl_loop *curl_loop_new(struct event_base *base, enum loop_priority priority, void (*on_turn)(void *arg),
                                void *arg)
{
	struct curl_loop *loop = mem_zero(sizeof(*loop));

	loop->base = base;
	loop->priority = priority;
	loop->on_turn = on_turn;
	loop->arg = arg;
	loop->timer = loop_event_new(base, priority, -1, 0, on_timer, loop);
	loop->multi = mem_must(curl_multi_init());
	curl_multi_setopt(loop->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(loop->multi, CURLMOPT_SOCKETDATA, loop);
	curl_multi_setopt(loop->multi, CURLMOPT_TIMERFUNCTION, on_timeout);
	curl_multi_setopt(loop->multi, CURLMOPT_TIMERDATA, loop);
	return loop;
}

void curl_loop_free(struct curl_loop *loop)
{
	assert(!loop->turning);
	curl_multi_cleanup(loop->multi);
	event_free(loop->timer);
	free(loop);
}

CURLM *curl_loop_multi(struct curl_loop *loop)
{
	return loop->multi;
}
