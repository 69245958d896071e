/* The Swarm engine against a fake manager: verbs and their answers, and when it is up. */
#include "tests/unit/orchestrator/engine/engine_watch.h"
#include "tests/unit/orchestrator/engine/fake_docker.h"
#include "orchestrator/engine/swarm/swarm.h"
#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SOON_MS 5000
#define SERVICES                                                                                          \
	"[{\"ID\":\"s1\",\"Spec\":{\"Labels\":{\"selfless.container\":\"web_0\",\"selfless.slot\":\"0\"," \
	"\"selfless.generation\":\"4\",\"selfless.service\":\"web\"}}}]"
#define TASK(state, desired, rest)                                                                                                  \
	"[{\"ID\":\"t1\",\"ServiceID\":\"s1\",\"NodeID\":\"n1\",\"CreatedAt\":\"2026-01-02T03:04:05Z\",\"DesiredState\":\"" desired \
	"\",\"Status\":{\"State\":\"" state "\"" rest "}}]"
#define RUNS TASK("running", "running", ",\"PortStatus\":{\"Ports\":[{\"PublishedPort\":32768}]}")
#define NODES "[{\"ID\":\"n1\",\"Status\":{\"Addr\":\"10.0.0.1\",\"State\":\"ready\"}}]"

#define INFO "{\"LoggingDriver\":\"json-file\",\"Swarm\":{\"NodeID\":\"n1\",\"ControlAvailable\":true}}"
#define TWO_NODES_AT(address1, leader1, leader2)                                                                        \
	"[{\"ID\":\"n1\",\"Description\":{\"Hostname\":\"one\"},\"Status\":{\"Addr\":\"" address1                       \
	"\",\"State\":\"ready\"},"                                                                                      \
	"\"ManagerStatus\":{" leader1 "\"Addr\":\"" address1 ":2377\"}},"                                               \
	"{\"ID\":\"n2\",\"Description\":{\"Hostname\":\"two\"},\"Status\":{\"Addr\":\"10.0.0.2\",\"State\":\"ready\"}," \
	"\"ManagerStatus\":{" leader2 "\"Addr\":\"10.0.0.2:2377\"}}]"
#define TWO_NODES(leader1, leader2) TWO_NODES_AT("10.0.0.1", leader1, leader2)
#define LEADS "\"Leader\":true,"

/* {"owner":"ff...","key":"ee..."} */
#define SHARED                                                                                       \
	"{\"ID\":\"c1\",\"Spec\":{\"Name\":\"sw-identity\",\"Data\":\""                              \
	"eyJvd25lciI6ImZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmIiwia2V5IjoiZWVlZWVlZWVlZWVlZWVlZW" \
	"VlZWVlZWVlZWVlZWVlZWVlZWVlZWVlZWVlZWVlZWVlZWVlZWVlZWVlZWVlZWVlZSJ9\"}}"

static char folder[] = "/tmp/selfless-swarm-XXXXXX";
static char path[sizeof(folder) + 16];
static struct watch watch;
static struct fake_docker fake;
static struct outcome outcome;
static const struct engine_spec spec = {.service = "web", .image = "web:1", .port = 8000, .hash = "h"};
static const struct engine_place place = {.name = "web_0", .slot = 0};
static struct fake_page pages[] = {
        {"/services?", {200, SERVICES}},
        {"/tasks?", {200, RUNS}},
        {"/nodes", {200, NODES}},
        {"/info", {200, INFO}},
        {"/configs/sw-identity", {200, SHARED}},
};
static struct fake_reply reply; /* to all others */

enum { SERVICES_PAGE, TASKS_PAGE, NODES_PAGE, INFO_PAGE, SHARED_PAGE };

static void set_up(void)
{
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/docker.sock", folder);
	fake.pages = pages;
	fake.page_count = sizeof(pages) / sizeof(pages[0]);
	fake.replies = &reply;
	fake.reply_count = 1;
	watch_open_swarm(&watch, "sw", path, folder, 250);
	fake_open(&fake, watch.base, path);
}

static void tear_down(void)
{
	fake_close(&fake);
	watch_close(&watch);
	unlink(path);
	ck_assert_int_eq(rmdir(folder), 0);
}

static void be_up(void)
{
	ck_assert_msg(watch_until(&watch, &watch.ups, 1, SOON_MS), "not up: %s", watch.down_message);
}

static void wait_for(enum engine_fault fault)
{
	ck_assert(watch_until(&watch, &outcome.count, 1, SOON_MS));
	ck_assert_msg(outcome.fault == fault, "%s: %s", engine_fault_text(outcome.fault), outcome.message);
}

START_TEST(lists_its_containers)
{
	be_up();
	watch.engine->verbs->list(watch.engine, outcome_take, &outcome);
	wait_for(ENGINE_OK);
	ck_assert_uint_eq(outcome.listed, 1);
	ck_assert_str_eq(outcome.first.name, "web_0");
	ck_assert_str_eq(outcome.first_address, "10.0.0.1:32768");
}
END_TEST

/* Its node was restarted with another address: no event need tell of it. */
START_TEST(goes_by_the_addresses_that_nodes_have_now)
{
	be_up();
	pages[NODES_PAGE].reply.body = "[{\"ID\":\"n1\",\"Status\":{\"Addr\":\"10.0.0.9\"}}]";
	watch.engine->verbs->list(watch.engine, outcome_take, &outcome);
	wait_for(ENGINE_OK);
	ck_assert_str_eq(outcome.first_address, "10.0.0.9:32768");
}
END_TEST

START_TEST(creates_by_the_id_that_all_nodes_know)
{
	reply = (struct fake_reply){200, "{\"Id\":\"sha256:12\"}"};
	be_up();
	watch.engine->verbs->prepare(watch.engine, &spec, outcome_take, &outcome);
	wait_for(ENGINE_OK);
	ck_assert_str_eq(fake.last_path, "/v1.41/images/web:1/json");
	reply = (struct fake_reply){201, "{\"ID\":\"s9\"}"};
	outcome = (struct outcome){0};
	watch.engine->verbs->create(watch.engine, &spec, &place, outcome_take, &outcome);
	wait_for(ENGINE_OK);
	ck_assert_str_eq(outcome.id, "s9");
	ck_assert_ptr_nonnull(strstr(fake.last_body, "\"Name\":\"web_0-5\"")); /* the listed one is of generation 4 */
	ck_assert_ptr_nonnull(strstr(fake.last_body, "\"Image\":\"sha256:12\""));
}
END_TEST

/* What the other one made may be what we meant to make. */
static void create_what_is_there(const char *holder, enum engine_fault fault)
{
	static struct fake_reply replies[2];

	replies[0] = (struct fake_reply){
	        409, "{\"message\":\"name conflicts with an existing object: service web_0-5 already exists\"}"};
	replies[1] = (struct fake_reply){200, holder};
	fake.replies = replies;
	fake.reply_count = 2;
	be_up();
	watch.engine->verbs->create(watch.engine, &spec, &place, outcome_take, &outcome);
	wait_for(fault);
	ck_assert_str_eq(fake.last_path, "/v1.41/services/web_0-5");
}

#define HOLDER(spec)                                                                                      \
	"{\"ID\":\"s7\",\"Spec\":{\"Labels\":{\"selfless.container\":\"web_0\",\"selfless.spec\":\"" spec \
	"\",\"selfless.owner\":\"ffffffffffffffffffffffffffffffff\"}}}"

START_TEST(of_two_that_make_the_same_one_container_comes)
{
	create_what_is_there(HOLDER("h"), ENGINE_OK);
	ck_assert_str_eq(outcome.id, "s7");
}
END_TEST

START_TEST(a_name_that_another_has_is_taken)
{
	create_what_is_there(HOLDER("other"), ENGINE_NAME_TAKEN);
}
END_TEST

/* Its nodes may pull it. */
START_TEST(a_digest_is_sent_as_it_is)
{
	const struct engine_spec by_digest = {
	        .service = "web", .image = "registry.example/web@sha256:34", .port = 8000, .hash = "h"};

	reply = (struct fake_reply){404, "{\"message\":\"No such image: registry.example/web\"}"};
	be_up();
	watch.engine->verbs->prepare(watch.engine, &by_digest, outcome_take, &outcome);
	wait_for(ENGINE_OK);
	reply = (struct fake_reply){201, "{\"ID\":\"s9\"}"};
	outcome = (struct outcome){0};
	watch.engine->verbs->create(watch.engine, &by_digest, &place, outcome_take, &outcome);
	wait_for(ENGINE_OK);
	ck_assert_ptr_nonnull(strstr(fake.last_body, "\"Image\":\"registry.example/web@sha256:34\""));
}
END_TEST

static void create(int slot, const char *id)
{
	static char body[40], name[40];
	const struct engine_place at = {.name = name, .slot = slot, .apart = true};

	snprintf(body, sizeof(body), "{\"ID\":\"%s\"}", id);
	snprintf(name, sizeof(name), "web_%d", slot);
	reply = (struct fake_reply){201, body};
	outcome = (struct outcome){0};
	watch.engine->verbs->create(watch.engine, &spec, &at, outcome_take, &outcome);
	wait_for(ENGINE_OK);
}

#define CONSTRAINT(id) "\"Constraints\":[\"node.id!=" id "\"]"

START_TEST(slots_come_to_different_nodes)
{
	pages[NODES_PAGE].reply.body = TWO_NODES(LEADS, "");
	be_up(); /* web_0 is on n1 */
	create(1, "s2");
	ck_assert_ptr_nonnull(strstr(fake.last_body, CONSTRAINT("n1")));
	create(2, "s3"); /* no look has shown web_1 yet: there is one on each */
	ck_assert_ptr_nonnull(strstr(fake.last_body, CONSTRAINT("n2")));
}
END_TEST

/* Nobody accepts, and the kernel has no room for more: connections to it wait. */
static void be_silent(const char *address, int fds[3])
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(SWARM_KNOCK_PORT)};

	ck_assert_int_eq(inet_pton(AF_INET, address, &in.sin_addr), 1);
	for (int i = 0; i < 3; i++)
		fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	ck_assert(bind(fds[0], (struct sockaddr *)&in, sizeof(in)) == 0 && listen(fds[0], 0) == 0);
	for (int i = 1; i < 3; i++)
		(void)connect(fds[i], (struct sockaddr *)&in, sizeof(in));
}

START_TEST(a_node_that_is_lost_gets_none)
{
	int fds[3];

	be_silent("127.9.9.9", fds);
	pages[NODES_PAGE].reply.body = TWO_NODES_AT("127.9.9.9", "", LEADS);
	pages[INFO_PAGE].reply.body = "{\"Swarm\":{\"NodeID\":\"n2\"}}";
	be_up();
	watch.engine->verbs->host_lost(watch.engine, "s1");
	create(1, "s2");
	watch_run(&watch, SWARM_KNOCK_MS + 200);
	create(2, "s3");
	ck_assert_ptr_nonnull(strstr(fake.last_body, CONSTRAINT("n1")));
	for (int i = 0; i < 3; i++)
		close(fds[i]);
}
END_TEST

/* It was its container alone. web_0 runs there; without it, n2 would have both. */
START_TEST(a_node_that_answers_is_not_lost)
{
	pages[NODES_PAGE].reply.body = TWO_NODES_AT("127.9.9.8", "", LEADS);
	pages[INFO_PAGE].reply.body = "{\"Swarm\":{\"NodeID\":\"n2\"}}";
	be_up();
	watch.engine->verbs->host_lost(watch.engine, "s1");
	watch_run(&watch, 100);
	create(1, "s2");
	create(2, "s3");
	ck_assert_ptr_null(strstr(fake.last_body, CONSTRAINT("n1")));
	ck_assert_ptr_nonnull(strstr(fake.last_body, CONSTRAINT("n2")));
}
END_TEST

/* A task that its node does not take, and one that may come nowhere: another service is the way out. */
START_TEST(start_does_not_wait_for_a_node_that_is_lost)
{
	pages[NODES_PAGE].reply.body = TWO_NODES(LEADS, "");
	pages[TASKS_PAGE].reply.body = TASK("assigned", "running", "");
	be_up();
	watch.engine->verbs->start(watch.engine, &spec, &place, "s1", outcome_take, &outcome);
	watch_run(&watch, 1500);
	ck_assert_int_eq(outcome.count, 0);
	wait_for(ENGINE_REFUSED);
	ck_assert_ptr_nonnull(strstr(outcome.message, "does not answer"));
}
END_TEST

/* Our own is never lost, but its agent may not have found the swarm's new leader: others are taken before it. */
START_TEST(the_own_node_that_takes_nothing_comes_last)
{
	pages[INFO_PAGE].reply.body = "{\"Swarm\":{\"NodeID\":\"n1\"}}";
	pages[NODES_PAGE].reply.body = TWO_NODES(LEADS, "");
	pages[TASKS_PAGE].reply.body = TASK("assigned", "running", "");
	be_up();
	watch_run(&watch, 3000);
	create(1, "s2");
	create(2, "s3"); /* there is one on each */
	ck_assert_ptr_nonnull(strstr(fake.last_body, CONSTRAINT("n1")));
}
END_TEST

/* There is nowhere else to go. */
START_TEST(start_waits_for_the_only_node)
{
	pages[TASKS_PAGE].reply.body = TASK("assigned", "running", "");
	be_up();
	watch.engine->verbs->start(watch.engine, &spec, &place, "s1", outcome_take, &outcome);
	watch_run(&watch, 4000);
	ck_assert_int_eq(outcome.count, 0);
	pages[TASKS_PAGE].reply.body = RUNS;
	wait_for(ENGINE_OK);
}
END_TEST

START_TEST(start_waits_until_it_runs)
{
	pages[TASKS_PAGE].reply.body = TASK("preparing", "running", "");
	be_up();
	watch.engine->verbs->start(watch.engine, &spec, &place, "s1", outcome_take, &outcome);
	watch_run(&watch, 700);
	ck_assert_int_eq(outcome.count, 0);
	pages[TASKS_PAGE].reply.body = RUNS;
	wait_for(ENGINE_OK);
	ck_assert_str_eq(outcome.address, "10.0.0.1:32768");
	ck_assert_ptr_nonnull(watch_event(&watch, ENGINE_EVENT_START, SOON_MS));
}
END_TEST

START_TEST(start_says_why_it_cannot_run)
{
	pages[TASKS_PAGE].reply.body = TASK("rejected", "shutdown", ",\"Err\":\"No such image: x\"");
	be_up();
	watch.engine->verbs->start(watch.engine, &spec, &place, "s1", outcome_take, &outcome);
	wait_for(ENGINE_REFUSED);
	ck_assert_ptr_nonnull(strstr(outcome.message, "docker save"));
}
END_TEST

/* The deadline is START_MS, in the wait's own hands: here it is had sooner. */
static bool look_never(const struct swarm_view *view, const char *id, struct engine_result *result)
{
	(void)view;
	(void)id;
	(void)result;
	return false;
}

/* Its words begin with these. */
static void wait_for_deadline(const char *tasks, enum engine_fault fault, const char *words)
{
	const struct swarm *swarm;

	pages[TASKS_PAGE].reply.body = tasks;
	be_up();
	swarm = (const struct swarm *)watch.engine;
	swarm_waits_add(swarm->waits, look_never, "s1", swarm_poll_next(swarm->poll), 700, outcome_take, &outcome);
	swarm_poll_hurry(swarm->poll);
	wait_for(fault);
	ck_assert_msg(strstr(outcome.message, words) == outcome.message, "%s", outcome.message);
}

START_TEST(what_swarm_says_is_in_the_way_is_a_refusal)
{
	wait_for_deadline(
	        TASK("pending", "running", ",\"Err\":\"no suitable node (max replicas per node limit exceed)\""),
	        ENGINE_REFUSED,
	        "Swarm has not done it in time: no suitable node (max replicas per node limit exceed): "
	        "`docker node ls`");
}
END_TEST

START_TEST(what_is_only_under_way_is_in_doubt)
{
	wait_for_deadline(TASK("preparing", "running", ",\"Message\":\"preparing\""), ENGINE_TIMEOUT,
	                  "Swarm has not done it in time: preparing");
}
END_TEST

START_TEST(start_of_one_that_is_gone_is_not_found)
{
	be_up();
	watch.engine->verbs->start(watch.engine, &spec, &place, "s2", outcome_take, &outcome);
	wait_for(ENGINE_NOT_FOUND);
}
END_TEST

START_TEST(an_event_of_the_swarm_brings_a_look_at_once)
{
	static const char event[] = "{\"Type\":\"service\",\"Action\":\"remove\",\"timeNano\":1}";

	be_up();
	watch_run(&watch, 50);
	pages[SERVICES_PAGE].reply.body = "[]";
	pages[TASKS_PAGE].reply.body = "[]";
	fake_tell(&fake, event, strlen(event));
	ck_assert_ptr_nonnull(watch_event(&watch, ENGINE_EVENT_DESTROY, 500)); /* by itself after a second */
	ck_assert_int_eq(watch.events[0].type, ENGINE_EVENT_DIE);
}
END_TEST

/* Its service is gone at once, its task when the node says so. */
START_TEST(a_stop_waits_for_the_end)
{
	reply = (struct fake_reply){200, ""};
	be_up();
	watch.engine->verbs->stop(watch.engine, "s1", 1000, outcome_take, &outcome);
	pages[SERVICES_PAGE].reply.body = "[]";
	pages[TASKS_PAGE].reply.body = TASK("running", "remove", "");
	watch_run(&watch, 700);
	ck_assert_str_eq(fake.last_path, "/v1.41/services/s1");
	ck_assert_int_eq(outcome.count, 0);
	pages[TASKS_PAGE].reply.body = "[]";
	wait_for(ENGINE_OK);
	ck_assert_ptr_nonnull(watch_event(&watch, ENGINE_EVENT_DIE, 0));
}
END_TEST

START_TEST(a_stop_does_not_wait_for_a_node_that_is_away)
{
	reply = (struct fake_reply){200, ""};
	be_up();
	pages[SERVICES_PAGE].reply.body = "[]";
	pages[TASKS_PAGE].reply.body = TASK("running", "remove", "");
	pages[NODES_PAGE].reply.body = "[]";
	watch.engine->verbs->stop(watch.engine, "s1", 1000, outcome_take, &outcome);
	wait_for(ENGINE_TIMEOUT);
	ck_assert_ptr_null(watch_event(&watch, ENGINE_EVENT_DIE, 0));
}
END_TEST

START_TEST(a_removal_takes_the_service_away)
{
	be_up();
	reply = (struct fake_reply){404, "{\"message\":\"service s1 not found\"}"};
	outcome = (struct outcome){0};
	watch.engine->verbs->remove(watch.engine, "s1", outcome_take, &outcome);
	wait_for(ENGINE_OK);
}
END_TEST

START_TEST(a_manager_without_a_leader_is_down)
{
	be_up();
	pages[SERVICES_PAGE].reply = (struct fake_reply){500, "{\"message\":\"The swarm does not have a leader\"}"};
	watch.engine->verbs->inspect(watch.engine, "s1", outcome_take, &outcome);
	wait_for(ENGINE_UNREACHABLE);
	ck_assert_int_eq(watch.downs, 1);
	ck_assert_str_eq(watch.down_message, "The swarm does not have a leader");
	pages[SERVICES_PAGE].reply = (struct fake_reply){200, SERVICES};
	ck_assert(watch_until(&watch, &watch.ups, 2, SOON_MS));
}
END_TEST

/* A manager whose leader has died lets calls hang. */
START_TEST(a_swarm_that_says_nothing_is_not_taken_for_a_docker_that_is_away)
{
	be_up();
	fake.mute = "/services?";
	ck_assert(watch_until(&watch, &watch.downs, 1, SOON_MS));
	ck_assert_ptr_nonnull(strstr(watch.down_message, "no manager leads"));
}
END_TEST

START_TEST(a_docker_without_a_swarm_says_what_to_do)
{
	pages[SERVICES_PAGE].reply = (struct fake_reply){503, "{\"message\":\"This node is not a swarm manager.\"}"};
	ck_assert(watch_until(&watch, &watch.downs, 1, SOON_MS));
	ck_assert_ptr_nonnull(strstr(watch.down_message, "docker swarm init"));
	ck_assert_int_eq(watch.ups, 0);
}
END_TEST

START_TEST(the_node_that_leads_the_swarm_leads)
{
	pages[NODES_PAGE].reply.body = TWO_NODES(LEADS, "");
	be_up();
	ck_assert_int_eq(watch.roles, 1);
	ck_assert(watch.leads);
	ck_assert_str_eq(watch.leader, "one (10.0.0.1)");
	pages[NODES_PAGE].reply.body = TWO_NODES("", LEADS);
	ck_assert(watch_until(&watch, &watch.roles, 2, 1500)); /* a round a second */
	ck_assert(!watch.leads);
	ck_assert_str_eq(watch.leader, "two (10.0.0.2)");
	watch_run(&watch, 1200);
	ck_assert_int_eq(watch.roles, 2);
}
END_TEST

static void open_again(int poll_ms)
{
	fake_close(&fake);
	watch_close(&watch);
	watch_open_swarm(&watch, "sw", path, folder, poll_ms);
	fake_open(&fake, watch.base, path);
}

START_TEST(it_looks_as_often_as_is_said)
{
	open_again(1000);
	be_up();
	pages[NODES_PAGE].reply.body = TWO_NODES(LEADS, "");
	watch_run(&watch, 2000); /* nothing is under way: every 4 s */
	ck_assert_int_eq(watch.roles, 1);
	open_again(50);
	pages[NODES_PAGE].reply.body = TWO_NODES("", LEADS);
	be_up();
	pages[NODES_PAGE].reply.body = TWO_NODES(LEADS, "");
	ck_assert(watch_until(&watch, &watch.roles, 2, 900)); /* 200 ms; by itself a second */
}
END_TEST

#define NODE_OF(id, host, address, state, availability, manager)                                                    \
	"{\"ID\":\"" id "\",\"Description\":{\"Hostname\":\"" host "\"},\"Spec\":{\"Availability\":\"" availability \
	"\"},"                                                                                                      \
	"\"Status\":{\"Addr\":\"" address "\",\"State\":\"" state "\"}" manager "}"
#define AMONG(rest) ",\"ManagerStatus\":{" rest "\"Addr\":\"x:2377\"}"

/* In the order of their names, whatever Swarm's; and again where one of them has changed. */
START_TEST(nodes_are_told_when_they_change)
{
	pages[NODES_PAGE].reply.body = "[" NODE_OF("n3", "c", "10.0.0.3", "down", "drain", "") "," NODE_OF(
	        "n2", "b", "10.0.0.2", "ready", "pause",
	        AMONG("\"Reachability\":\"unreachable\",")) "," NODE_OF("n1", "a", "10.0.0.1", "ready", "active",
	                                                                AMONG("\"Reachability\":\"reachable\"," LEADS)) "]";
	be_up();
	ck_assert_int_eq(watch.nodes_told, 1);
	ck_assert_str_eq(watch.nodes, "a 10.0.0.1 ready self manager reachable leader, b 10.0.0.2 pause manager, "
	                              "c 10.0.0.3 down away");
	watch_run(&watch, 1200);
	ck_assert_int_eq(watch.nodes_told, 1);
	pages[NODES_PAGE].reply.body = "[" NODE_OF("n1", "a", "10.0.0.1", "ready", "drain", AMONG("")) "]";
	ck_assert(watch_until(&watch, &watch.nodes_told, 2, 1500));
	ck_assert_str_eq(watch.nodes, "a 10.0.0.1 drain self manager");
}
END_TEST

START_TEST(where_nobody_leads_it_does_not)
{
	pages[NODES_PAGE].reply.body = TWO_NODES("", "");
	be_up();
	ck_assert_int_eq(watch.roles, 1);
	ck_assert(!watch.leads);
	ck_assert_str_eq(watch.leader, "");
}
END_TEST

/* --- what orchestrators share ---------------------------------------------------------------------------------- */

START_TEST(what_the_first_one_brought_is_taken)
{
	be_up();
	ck_assert_str_eq(watch.owner, "ffffffffffffffffffffffffffffffff");
	ck_assert_int_eq(watch.key[0], 'e');
	reply = (struct fake_reply){201, "{\"ID\":\"s9\"}"};
	watch.engine->verbs->create(watch.engine, &spec, &place, outcome_take, &outcome);
	wait_for(ENGINE_OK);
	ck_assert_ptr_nonnull(strstr(fake.last_body, "\"selfless.owner\":\"ffff"));
}
END_TEST

static void bring_own(int status, const char *body)
{
	pages[SHARED_PAGE].reply = (struct fake_reply){404, "{\"message\":\"config sw-identity not found\"}"};
	reply = (struct fake_reply){status, body};
	ck_assert(watch_until(&watch, &fake.calls, 1, SOON_MS));
	ck_assert_str_eq(fake.last_path, "/v1.41/configs/create");
	ck_assert_ptr_nonnull(strstr(fake.last_body, "\"Name\":\"sw-identity\",\"Labels\":{\"selfless.name\":\"sw\"}"));
	pages[SHARED_PAGE].reply = (struct fake_reply){200, SHARED};
	be_up();
	ck_assert_str_eq(watch.owner, "ffffffffffffffffffffffffffffffff");
}

START_TEST(the_first_one_brings_its_own)
{
	bring_own(201, "{\"ID\":\"c1\"}");
}
END_TEST

START_TEST(of_two_at_once_the_first_one_brings_its_own)
{
	bring_own(409, "{\"message\":\"config sw-identity already exists\"}");
}
END_TEST

START_TEST(what_cannot_be_made_is_tried_again_with_pauses)
{
	pages[SHARED_PAGE].reply = (struct fake_reply){404, "{\"message\":\"config sw-identity not found\"}"};
	reply = (struct fake_reply){201, "{\"ID\":\"c1\"}"};
	watch_run(&watch, 800);
	ck_assert_int_ge(fake.calls, 2);
	ck_assert_int_le(fake.calls, 4);
	ck_assert_int_ge(watch.downs, 1);
	ck_assert_int_eq(watch.ups, 0);
}
END_TEST

START_TEST(a_config_that_is_not_ours_is_said)
{
	pages[SHARED_PAGE].reply = (struct fake_reply){200, "{\"Spec\":{\"Data\":\"e30=\"}}"};
	ck_assert(watch_until(&watch, &watch.downs, 1, SOON_MS));
	ck_assert_ptr_nonnull(strstr(watch.down_message, "docker config rm sw-identity"));
}
END_TEST

/* What another one left there is not what is brought once it is removed. */
START_TEST(a_config_that_is_not_ours_leaves_our_own_as_it_is)
{
	pages[SHARED_PAGE].reply =
	        (struct fake_reply){200, "{\"Spec\":{\"Data\":\"eyJvd25lciI6ImFiIiwia2V5IjoiY2QifQ==\"}}"};
	ck_assert(watch_until(&watch, &watch.downs, 1, SOON_MS));
	pages[SHARED_PAGE].reply = (struct fake_reply){404, "{\"message\":\"config sw-identity not found\"}"};
	reply = (struct fake_reply){201, "{\"ID\":\"c1\"}"};
	ck_assert(watch_until(&watch, &fake.calls, 1, SOON_MS));
	ck_assert_str_eq(fake.last_path, "/v1.41/configs/create");
	ck_assert_ptr_null(strstr(fake.last_body, "\"Data\":\"eyJvd25lciI6ImFiI"));
}
END_TEST

/* While it is away, too: an operator goes by the reason that holds. */
START_TEST(another_reason_is_said)
{
	be_up();
	pages[SERVICES_PAGE].reply = (struct fake_reply){503, "{\"message\":\"the swarm does not have a leader\"}"};
	ck_assert(watch_until(&watch, &watch.downs, 1, SOON_MS));
	pages[SERVICES_PAGE].reply = (struct fake_reply){503, "{\"message\":\"this node is not a swarm manager\"}"};
	watch_run(&watch, 1500);
	ck_assert_ptr_nonnull(strstr(watch.down_message, "not a swarm manager"));
	ck_assert_int_eq(watch.downs, 2);
}
END_TEST

UNIT_MAIN_WITH("swarm", set_up, tear_down, lists_its_containers, goes_by_the_addresses_that_nodes_have_now,
               creates_by_the_id_that_all_nodes_know, of_two_that_make_the_same_one_container_comes,
               a_name_that_another_has_is_taken, slots_come_to_different_nodes, a_node_that_is_lost_gets_none,
               a_node_that_answers_is_not_lost, start_does_not_wait_for_a_node_that_is_lost,
               start_waits_for_the_only_node, the_own_node_that_takes_nothing_comes_last, a_digest_is_sent_as_it_is,
               start_waits_until_it_runs, start_says_why_it_cannot_run, what_swarm_says_is_in_the_way_is_a_refusal,
               what_is_only_under_way_is_in_doubt, start_of_one_that_is_gone_is_not_found,
               an_event_of_the_swarm_brings_a_look_at_once, a_stop_waits_for_the_end,
               a_stop_does_not_wait_for_a_node_that_is_away, a_removal_takes_the_service_away,
               a_manager_without_a_leader_is_down, the_node_that_leads_the_swarm_leads, nodes_are_told_when_they_change,
               where_nobody_leads_it_does_not, it_looks_as_often_as_is_said,
               a_swarm_that_says_nothing_is_not_taken_for_a_docker_that_is_away,
               a_docker_without_a_swarm_says_what_to_do, what_the_first_one_brought_is_taken,
               the_first_one_brings_its_own, of_two_at_once_the_first_one_brings_its_own,
               what_cannot_be_made_is_tried_again_with_pauses, a_config_that_is_not_ours_is_said,
               a_config_that_is_not_ours_leaves_our_own_as_it_is, another_reason_is_said)
