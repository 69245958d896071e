/* The Docker engine against a fake one: what a container has on this host, and what start says of where it is reached. */
#include "orchestrator/engine/docker/docker_engine.h"
#include "orchestrator/engine/docker/docker_refusals.h"
#include "orchestrator/engine/socket_dir.h"
#include "tests/unit/orchestrator/engine/engine_watch.h"
#include "tests/unit/orchestrator/engine/fake_docker.h"
#include "tests/unit/unit.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ID "66c9fbe5e15ee922e97472f82fa939857be0c4936fd346c32d97e4285826f254"
#define SOON_MS 3000
#define ALLOCATED                                                                                                     \
	"{\"message\":\"driver failed programming external connectivity on endpoint acts_0: Bind for 127.0.0.1:8001 " \
	"failed: port is already allocated\"}"
#define NAME_TAKEN \
	"{\"message\":\"Conflict. The container name \\\"/acts_0\\\" is already in use by container \\\"66\\\".\"}"
#define INSPECTED                                                                                                  \
	"{\"State\":{\"Status\":\"running\",\"ExitCode\":0},\"Config\":{\"Labels\":{\"selfless.inside\":\"8000\"," \
	"\"selfless.reach\":\"bridge\"}},\"NetworkSettings\":{\"Networks\":{\"selfless\":{\"IPAddress\":"          \
	"\"172.18.0.2\"}}}}"

static char folder[] = "/tmp/selfless-life-XXXXXX";
static char path[sizeof(folder) + 16], sockets[sizeof(folder) + 16];
static char *publish_items[] = {"0.0.0.0"};
static const struct strings publish = {publish_items, 1};
static struct watch watch;
static struct fake_docker fake;
static struct outcome outcome;
static struct engine_spec spec;
static struct engine_place place;

static void set_up(void)
{
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/docker.sock", folder);
	snprintf(sockets, sizeof(sockets), "%s/sockets", folder);
	memset(&fake, 0, sizeof(fake));
	watch_open(&watch, "selfless", path, folder);
	spec = (struct engine_spec){
	        .service = "acts", .image = "i", .publish = &publish, .port = 8000, .reach = REACH_SOCKET, .hash = "1"};
	place = (struct engine_place){.name = "acts_0", .host_port = 8001};
}

static void tear_down(void)
{
	fake_close(&fake);
	watch_close(&watch);
	unlink(path);
	rmdir(sockets);
	ck_assert_int_eq(rmdir(folder), 0);
}

static void answer_with(const struct fake_reply *replies, size_t count)
{
	fake.replies = replies;
	fake.reply_count = count;
	fake.calls = 0;
	if (fake.http != NULL)
		return;
	fake_open(&fake, watch.base, path);
	ck_assert_msg(watch_until(&watch, &watch.ups, 1, SOON_MS), "not up: %s", watch.down_message);
}

#define ANSWERS(...)                                                        \
	do {                                                                \
		static const struct fake_reply replies[] = {__VA_ARGS__};   \
		answer_with(replies, sizeof(replies) / sizeof(replies[0])); \
	} while (false)

static void wait_for(enum engine_fault fault)
{
	ck_assert_int_eq(outcome.count, 0);
	ck_assert(watch_until(&watch, &outcome.count, 1, SOON_MS));
	ck_assert_msg(outcome.fault == fault, "%s: %s", engine_fault_text(outcome.fault), outcome.message);
}

static void create(enum engine_fault fault)
{
	outcome = (struct outcome){0};
	watch.engine->verbs->create(watch.engine, &spec, &place, outcome_take, &outcome);
	wait_for(fault);
}

static void start(enum engine_fault fault)
{
	outcome = (struct outcome){0};
	watch.engine->verbs->start(watch.engine, &spec, &place, ID, outcome_take, &outcome);
	wait_for(fault);
}

static void list(void)
{
	outcome = (struct outcome){0};
	watch.engine->verbs->list(watch.engine, outcome_take, &outcome);
	wait_for(ENGINE_OK);
}

static unsigned directories(void)
{
	const struct dirent *entry;
	DIR *dir = opendir(sockets);
	unsigned count = 0;

	while (dir != NULL && (entry = readdir(dir)) != NULL)
		count += strncmp(entry->d_name, "acts_0.", 7) == 0;
	if (dir != NULL)
		closedir(dir);
	return count;
}

/* --- the directory of its socket ------------------------------------------------------------------------------- */

START_TEST(has_a_directory_until_it_is_removed)
{
	ANSWERS({201, "{\"Id\":\"" ID "\"}"}, {204, ""});
	create(ENGINE_OK);
	ck_assert_uint_eq(directories(), 1);
	ck_assert_ptr_nonnull(strstr(fake.last_body, sockets));
	start(ENGINE_OK);
	ck_assert_ptr_eq(strstr(outcome.address, "unix:/tmp/"), outcome.address);
	outcome = (struct outcome){0};
	watch.engine->verbs->remove(watch.engine, ID, outcome_take, &outcome);
	wait_for(ENGINE_OK);
	ck_assert_uint_eq(directories(), 0);
}
END_TEST

static const char destroyed[] =
        "{\"Type\":\"container\",\"Action\":\"destroy\",\"Actor\":{\"ID\":\"" ID "\"},\"timeNano\":1}";

START_TEST(has_none_once_somebody_destroyed_it)
{
	ANSWERS({201, "{\"Id\":\"" ID "\"}"});
	create(ENGINE_OK);
	fake_tell(&fake, destroyed, sizeof(destroyed) - 1);
	ck_assert_ptr_nonnull(watch_event(&watch, ENGINE_EVENT_DESTROY, SOON_MS));
	ck_assert_uint_eq(directories(), 0);
}
END_TEST

START_TEST(a_refused_create_leaves_none)
{
	ANSWERS({409, NAME_TAKEN});
	create(ENGINE_NAME_TAKEN);
	ck_assert_uint_eq(directories(), 0);
}
END_TEST

/* The list that comes after it has no such container. */
START_TEST(a_create_in_doubt_leaves_one_until_the_next_list)
{
	ANSWERS({0, NULL});
	outcome = (struct outcome){0};
	watch.engine->verbs->create(watch.engine, &spec, &place, outcome_take, &outcome);
	while (fake.calls == 0)
		watch_run(&watch, 5);
	fake_close(&fake);
	wait_for(ENGINE_UNREACHABLE);
	ck_assert_uint_eq(directories(), 1);
	fake.http = NULL;
	fake.replies = NULL;
	fake_open(&fake, watch.base, path);
	ck_assert(watch_until(&watch, &watch.ups, 2, SOON_MS));
	list();
	ck_assert_uint_eq(directories(), 0);
}
END_TEST

START_TEST(nothing_is_created_without_its_directory)
{
	int fd = open(sockets, O_CREAT | O_WRONLY, 0600);

	ck_assert_int_ne(fd, -1);
	close(fd);
	ANSWERS({500, "{}"});
	create(ENGINE_REFUSED);
	ck_assert_ptr_nonnull(strstr(outcome.message, "sockets"));
	ck_assert_int_eq(fake.calls, 0);
	ck_assert_int_eq(unlink(sockets), 0);
}
END_TEST

/* Whose directory is gone, as after a reboot, is not to be started. */
START_TEST(a_list_tells_who_is_spoilt)
{
	ANSWERS({200, "[{\"Id\":\"" ID
	              "\",\"State\":\"created\",\"Labels\":{\"selfless.socket\":\"/nowhere/a_0.01234567\"}}]"});
	list();
	ck_assert(outcome.first.spoilt);
	ck_assert_str_eq(outcome.first_address, "unix:/nowhere/a_0.01234567/http");
	ANSWERS({200, "[{\"Id\":\"" ID "\",\"State\":\"created\",\"Labels\":{\"selfless.socket\":\"\"}}]"});
	list();
	ck_assert(!outcome.first.spoilt);
}
END_TEST

/* --- where it is reached --------------------------------------------------------------------------------------- */

/* Which process it is, and from where it calls, says one reply. */
START_TEST(where_it_calls_from_is_told)
{
	static const unsigned char v4[16] = {[10] = 0xff, [11] = 0xff, 172, 18, 0, 2};
	const struct engine_event *event;

	spec.reach = REACH_PUBLISHED;
	ANSWERS({204, ""},
	        {200, "{\"State\":{\"Pid\":1},\"NetworkSettings\":{\"Networks\":{\"selfless\":{\"IPAddress\":"
	              "\"172.18.0.2\"}}}}"});
	start(ENGINE_OK);
	event = watch_event(&watch, ENGINE_EVENT_SOURCES, SOON_MS);
	ck_assert_ptr_nonnull(event);
	ck_assert_str_eq(event->id, ID);
	ck_assert_uint_eq(event->sources->count, 1);
	ck_assert_mem_eq(&event->sources->items[0], v4, sizeof(v4));
}
END_TEST

START_TEST(a_published_port_is_known)
{
	spec.reach = REACH_PUBLISHED;
	ANSWERS({204, ""});
	start(ENGINE_OK);
	ck_assert_str_eq(outcome.address, "127.0.0.1:8001");
}
END_TEST

START_TEST(on_the_bridge_it_is_looked_up)
{
	spec.reach = REACH_BRIDGE;
	ANSWERS({204, ""}, {200, INSPECTED});
	start(ENGINE_OK);
	ck_assert_str_eq(outcome.address, "172.18.0.2:8000");
}
END_TEST

/* It runs all the same: whoever wants to know asks again. */
START_TEST(a_look_that_fails_is_no_failed_start)
{
	spec.reach = REACH_BRIDGE;
	ANSWERS({204, ""}, {500, "{}"});
	start(ENGINE_OK);
	ck_assert_str_eq(outcome.address, "");
}
END_TEST

/* --- a lost port ----------------------------------------------------------------------------------------------- */

/* Refused for long, and no container has it. */
static void lose_port(void)
{
	ANSWERS({500, ALLOCATED});
	start(ENGINE_PORT_TAKEN);
	watch_run(&watch, DOCKER_REFUSALS_US / 1000 + 50);
	ANSWERS({500, ALLOCATED}, {200, "[]"});
	start(ENGINE_PORT_LOST);
}

static bool publishes(void)
{
	return strstr(fake.last_body, "HostPort") != NULL;
}

START_TEST(a_lost_port_is_done_without)
{
	lose_port();
	ck_assert(outcome.result.remake);
	ANSWERS({409, NAME_TAKEN});
	create(ENGINE_NAME_TAKEN);
	ck_assert(publishes()); /* nobody has said so yet */
	watch.engine->verbs->forgo_port(watch.engine, place.host_port);
	create(ENGINE_NAME_TAKEN);
	ck_assert(!publishes());
	spec.reach = REACH_PUBLISHED; /* a reload may want it */
	create(ENGINE_NAME_TAKEN);
	ck_assert(publishes());
	spec.reach = REACH_SOCKET;
	fake_close(&fake); /* Docker is started again */
	ck_assert(watch_until(&watch, &watch.downs, 1, SOON_MS));
	fake.http = NULL;
	ANSWERS({409, NAME_TAKEN});
	ck_assert(watch_until(&watch, &watch.ups, 2, SOON_MS));
	create(ENGINE_NAME_TAKEN);
	ck_assert(publishes());
}
END_TEST

START_TEST(a_lost_port_that_is_the_way_in_is_not)
{
	spec.reach = REACH_PUBLISHED;
	lose_port();
	ck_assert(!outcome.result.remake);
	ANSWERS({409, NAME_TAKEN});
	create(ENGINE_NAME_TAKEN);
	ck_assert(publishes());
}
END_TEST

UNIT_MAIN_WITH("docker_life", set_up, tear_down, has_a_directory_until_it_is_removed,
               has_none_once_somebody_destroyed_it, a_refused_create_leaves_none,
               a_create_in_doubt_leaves_one_until_the_next_list, nothing_is_created_without_its_directory,
               a_list_tells_who_is_spoilt, where_it_calls_from_is_told, a_published_port_is_known,
               on_the_bridge_it_is_looked_up, a_look_that_fails_is_no_failed_start, a_lost_port_is_done_without,
               a_lost_port_that_is_the_way_in_is_not)
