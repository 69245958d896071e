/* Without a leader: what ended on this node is started again by its own dockerd. */
#include "tests/unit/orchestrator/engine/engine_watch.h"
#include "tests/unit/orchestrator/engine/fake_docker.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SOON_MS 8000
#define SERVICES                                                                                          \
	"[{\"ID\":\"s1\",\"Spec\":{\"Labels\":{\"selfless.container\":\"web_0\",\"selfless.slot\":\"0\"," \
	"\"selfless.service\":\"web\"}}}]"
#define TASK(state, desired)                                                                                                        \
	"[{\"ID\":\"t1\",\"ServiceID\":\"s1\",\"NodeID\":\"n1\",\"CreatedAt\":\"2026-01-02T03:04:05Z\",\"DesiredState\":\"" desired \
	"\",\"Status\":{\"State\":\"" state "\",\"PortStatus\":{\"Ports\":[{\"PublishedPort\":32768}]}}}]"
#define NODES "[{\"ID\":\"n1\",\"Status\":{\"Addr\":\"10.0.0.1\",\"State\":\"ready\"}}]"
#define SHARED                                                                                       \
	"{\"ID\":\"c1\",\"Spec\":{\"Name\":\"sw-identity\",\"Data\":\""                              \
	"eyJvd25lciI6ImZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmIiwia2V5IjoiZWVlZWVlZWVlZWVlZWVlZW" \
	"VlZWVlZWVlZWVlZWVlZWVlZWVlZWVlZWVlZWVlZWVlZWVlZWVlZWVlZWVlZWVlZSJ9\"}}"
#define CONTAINERS(state, task)                                                                    \
	"[{\"Id\":\"c1\",\"State\":\"" state "\",\"Labels\":{\"com.docker.swarm.task.id\":\"" task \
	"\"}},{\"Id\":\"c2\",\"State\":\"exited\"}]"
#define NO_LEADER "The swarm does not have a leader"

static char folder[] = "/tmp/selfless-alone-XXXXXX";
static char path[sizeof(folder) + 16];
static struct watch watch;
static struct fake_docker fake;
static struct fake_page pages[] = {
        {"/services?", {200, SERVICES}},
        {"/tasks?", {200, TASK("running", "running")}},
        {"/nodes", {200, NODES}},
        {"/info", {200, "{\"Swarm\":{\"NodeID\":\"n1\"}}"}},
        {"/configs/sw-identity", {200, SHARED}},
        {"/containers/json?all=1&filters=", {200, CONTAINERS("exited", "t1")}},
        {"/containers/c1/json",
         {200, "{\"NetworkSettings\":{\"Ports\":{\"8000/tcp\":[{\"HostIp\":\"10.0.0.1\",\"HostPort\":\"32769\"}]}}}"}},
};
static struct fake_reply started = {204, ""}; /* to all others: POST start */

enum { SERVICES_PAGE, TASKS_PAGE, NODES_PAGE, INFO_PAGE, SHARED_PAGE, CONTAINERS_PAGE };

static void set_up(void)
{
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/docker.sock", folder);
	fake.pages = pages;
	fake.page_count = sizeof(pages) / sizeof(pages[0]);
	fake.replies = &started;
	fake.reply_count = 1;
	watch_open_swarm(&watch, "sw", path, folder, 250);
	fake_open(&fake, watch.base, path);
	ck_assert_msg(watch_until(&watch, &watch.ups, 1, SOON_MS), "not up: %s", watch.down_message);
}

static void tear_down(void)
{
	fake_close(&fake);
	watch_close(&watch);
	unlink(path);
	ck_assert_int_eq(rmdir(folder), 0);
}

static void lose_leader(const char *words)
{
	static char body[200];

	snprintf(body, sizeof(body), "{\"message\":\"%s\"}", words);
	pages[SERVICES_PAGE].reply = (struct fake_reply){500, body};
	ck_assert(watch_until(&watch, &watch.downs, 1, SOON_MS));
}

START_TEST(what_ended_is_started_again_and_reached_there)
{
	lose_leader(NO_LEADER);
	ck_assert_str_eq(watch.down_message, NO_LEADER);
	ck_assert_ptr_nonnull(watch_event(&watch, ENGINE_EVENT_MOVED, SOON_MS));
	ck_assert_str_eq(fake.last_path, "/v1.41/containers/c1/start");
	ck_assert_str_eq(watch.moved_to, "10.0.0.1:32769");
	ck_assert_int_eq(fake.calls, 1); /* nothing is known of the other one's task */
}
END_TEST

/* The answer to the start was late, or lost: the next round finds it. */
START_TEST(what_runs_after_all_is_reached)
{
	started = (struct fake_reply){500, "{\"message\":\"context deadline exceeded\"}"};
	lose_leader(NO_LEADER);
	ck_assert(watch_until(&watch, &fake.calls, 1, SOON_MS));
	ck_assert_ptr_null(watch_event(&watch, ENGINE_EVENT_MOVED, 0));
	pages[CONTAINERS_PAGE].reply.body = CONTAINERS("running", "t1");
	ck_assert_ptr_nonnull(watch_event(&watch, ENGINE_EVENT_MOVED, SOON_MS));
	ck_assert_str_eq(watch.moved_to, "10.0.0.1:32769");
	ck_assert_int_eq(fake.calls, 1);
}
END_TEST

/* Ended again and again: 1 s, 2 s, 4 s. */
START_TEST(again_and_again_with_pauses)
{
	lose_leader(NO_LEADER);
	ck_assert(watch_until(&watch, &fake.calls, 1, SOON_MS));
	ck_assert(watch_until(&watch, &fake.calls, 2, SOON_MS));
	watch_run(&watch, 4000);
	ck_assert_int_ge(fake.calls, 3);
	ck_assert_int_le(fake.calls, 4);
}
END_TEST

static void check_left_alone(void)
{
	watch_run(&watch, 3000);
	ck_assert_int_eq(fake.calls, 0);
	ck_assert_ptr_null(watch_event(&watch, ENGINE_EVENT_MOVED, 0));
}

START_TEST(what_runs_is_left_alone)
{
	pages[CONTAINERS_PAGE].reply.body = CONTAINERS("running", "t1");
	lose_leader(NO_LEADER);
	check_left_alone();
}
END_TEST

START_TEST(what_was_not_to_run_is_left_alone)
{
	pages[CONTAINERS_PAGE].reply.body = CONTAINERS("exited", "t0");
	lose_leader(NO_LEADER);
	check_left_alone();
}
END_TEST

/* Its managers see to it. */
START_TEST(a_worker_starts_nothing)
{
	lose_leader("This node is not a swarm manager. Use docker swarm init");
	check_left_alone();
}
END_TEST

START_TEST(while_there_is_a_leader_swarm_does_it)
{
	check_left_alone();
}
END_TEST

/* It runs, and may be at work: no end, but on its way out. */
START_TEST(what_the_swarm_says_of_its_end_is_no_end)
{
	lose_leader(NO_LEADER);
	ck_assert_ptr_nonnull(watch_event(&watch, ENGINE_EVENT_MOVED, SOON_MS));
	pages[SERVICES_PAGE].reply = (struct fake_reply){200, SERVICES};
	pages[TASKS_PAGE].reply.body = TASK("failed", "shutdown");
	ck_assert(watch_until(&watch, &watch.ups, 2, SOON_MS));
	ck_assert_ptr_nonnull(watch_event(&watch, ENGINE_EVENT_EVICT, SOON_MS));
	ck_assert_ptr_null(watch_event(&watch, ENGINE_EVENT_DIE, 0));
	ck_assert_int_eq(fake.calls, 1);
}
END_TEST

UNIT_MAIN_WITH("swarm_alone", set_up, tear_down, what_ended_is_started_again_and_reached_there,
               what_runs_after_all_is_reached, again_and_again_with_pauses, what_runs_is_left_alone,
               what_was_not_to_run_is_left_alone, a_worker_starts_nothing, while_there_is_a_leader_swarm_does_it,
               what_the_swarm_says_of_its_end_is_no_end)
