/* The loop: urgent events go first, others a bounded number at a time; and those that the beat needs are urgent. */
#include "orchestrator/engine/docker/docker_engine.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "orchestrator/engine/docker/docker.h"
#include "orchestrator/fleet/probe.h"
#include "orchestrator/base/timer.h"
#include "orchestrator/base/loop.h"

#include "tests/unit/orchestrator/engine/fake_docker.h"
#include "tests/unit/unit.h"

#include <event2/event_struct.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define CROWD 2000

static struct event_base *base;
static char folder[64], path[96];

static void set_up(void)
{
	log_set_level(LOG_ERROR);
	base = loop_new();
	snprintf(folder, sizeof(folder), "/tmp/selfless-loop-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/socket", folder);
}

static void tear_down(void)
{
	event_base_free(base);
	unlink(path);
	rmdir(folder);
}

/* --- the order ------------------------------------------------------------------------------------------------- */

static int pipe_ends[2]; /* what is written to the second is urgent */
static int served, served_before_urgent;

static void on_urgent(evutil_socket_t fd, short what, void *arg)
{
	char byte;

	(void)what;
	(void)arg;
	ck_assert_int_eq(read(fd, &byte, 1), 1);
	served_before_urgent = served;
}

static void on_client(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	if (++served == 10)
		ck_assert_int_eq(write(pipe_ends[1], "!", 1), 1);
}

START_TEST(a_crowd_of_clients_is_interrupted)
{
	struct event *crowd[CROWD];

	ck_assert_int_eq(pipe(pipe_ends), 0);
	struct event *urgent = loop_event_new(base, LOOP_URGENT, pipe_ends[0], EV_READ, on_urgent, NULL);
	event_add(urgent, NULL);
	served = 0;
	served_before_urgent = -1;
	for (int i = 0; i < CROWD; i++) {
		crowd[i] = loop_event_new(base, LOOP_CLIENTS, -1, 0, on_client, NULL);
		event_active(crowd[i], EV_TIMEOUT, 0);
	}
	while (served < CROWD)
		event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	ck_assert_int_ge(served_before_urgent, 10);
	ck_assert_int_le(served_before_urgent, LOOP_CLIENTS_AT_ONCE);
	for (int i = 0; i < CROWD; i++)
		event_free(crowd[i]);
	event_free(urgent);
	close(pipe_ends[0]);
	close(pipe_ends[1]);
}
END_TEST

/* --- who is urgent --------------------------------------------------------------------------------------------- */

static int others, events;

static int look(const struct event_base *of, const struct event *event, void *arg)
{
	(void)of;
	(void)arg;
	events++;
	others += event_get_priority(event) != LOOP_URGENT;
	return 0;
}

/* At least so many events wait, all of them urgent. */
static void expect_urgent(int at_least)
{
	events = others = 0;
	event_base_foreach_event(base, look, NULL);
	ck_assert_int_ge(events, at_least);
	ck_assert_int_eq(others, 0);
}

static void on_probe(const struct probe_finding *finding, void *arg)
{
	(void)finding;
	(void)arg;
	ck_abort_msg("nobody answers it");
}

/* It writes, then waits for an answer, with a deadline each time. */
START_TEST(a_probe_is_urgent)
{
	struct sockaddr_un *name;
	struct address address = {.len = sizeof(*name)};
	int listener = socket(AF_UNIX, SOCK_STREAM, 0);

	name = (struct sockaddr_un *)&address.addr;
	name->sun_family = AF_UNIX;
	snprintf(name->sun_path, sizeof(name->sun_path), "%s", path);
	ck_assert_int_eq(bind(listener, (struct sockaddr *)name, sizeof(*name)), 0);
	ck_assert_int_eq(listen(listener, 1), 0);
	const struct probe_question question = {
	        .address = &address, .host = "acts", .path = "/", .identity = "", .timeout_ms = 5000};
	struct probe *probe = probe_start(base, &question, on_probe, NULL);
	expect_urgent(2);
	event_base_loop(base, EVLOOP_NONBLOCK);
	expect_urgent(2);
	probe_cancel(probe);
	close(listener);
}
END_TEST

static void on_timer(void *arg)
{
	(void)arg;
}

START_TEST(a_timer_is_urgent)
{
	struct timer *timer = timer_new(base, on_timer, NULL);

	timer_set(timer, 1000000);
	expect_urgent(1);
	timer_free(timer);
}
END_TEST

static int ups;

static void on_up(void *arg)
{
	(void)arg;
	ups++;
}

static void on_down(const char *message, void *arg)
{
	(void)message;
	(void)arg;
}

static void on_event(const struct engine_event *event, void *arg)
{
	(void)event;
	(void)arg;
}

static void on_list(const struct engine_result *result, void *arg)
{
	(void)result;
	(void)arg;
}

/* Its events, the stream of the engine's news, and a call under way. The fake at the other end has evhttp's priority. */
START_TEST(an_engine_is_urgent)
{
	static const struct fake_reply mute = {0, ""};
	struct event_base *other = event_base_new();
	struct fake_docker fake = {.replies = &mute, .reply_count = 1};
	struct engine_settings settings = {.base = base,
	                                   .name = "selfless",
	                                   .docker_socket = path,
	                                   .state_dir = folder,
	                                   .observer = {.on_up = on_up, .on_down = on_down, .on_event = on_event}};
	struct engine *engine;
	struct err err;

	fake_open(&fake, other, path);
	ck_assert(docker_engine_new(&settings, &engine, &err));
	for (int64_t until_ms = clock_ms() + 5000; ups == 0 && clock_ms() < until_ms;) {
		expect_urgent(1);
		event_base_loop(base, EVLOOP_NONBLOCK);
		event_base_loop(other, EVLOOP_NONBLOCK);
	}
	ck_assert_int_eq(ups, 1);
	engine->verbs->list(engine, on_list, NULL);
	for (int i = 0; i < 100; i++) {
		expect_urgent(2);
		event_base_loop(base, EVLOOP_NONBLOCK);
		event_base_loop(other, EVLOOP_NONBLOCK);
	}
	engine->verbs->free(engine);
	fake_close(&fake);
	event_base_free(other);
}
END_TEST

UNIT_MAIN_WITH("loop", set_up, tear_down, a_crowd_of_clients_is_interrupted, a_probe_is_urgent, a_timer_is_urgent,
               an_engine_is_urgent)
