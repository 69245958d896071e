/* The Docker engine against a fake one: version, first connection, losses, events, what is asked again. */
#include "orchestrator/engine/docker/docker_engine.h"
#include "tests/unit/orchestrator/engine/engine_watch.h"
#include "tests/unit/orchestrator/engine/fake_docker.h"

#include "orchestrator/base/backoff.h"

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ID "66c9fbe5e15ee922e97472f82fa939857be0c4936fd346c32d97e4285826f254"
#define SOON_MS 3000

static char folder[] = "/tmp/selfless-fake-XXXXXX";
static char path[sizeof(folder) + 16];
static struct watch watch;
static struct fake_docker fake;
static struct outcome outcome;

static void set_up(void)
{
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/docker.sock", folder);
	memset(&fake, 0, sizeof(fake));
	memset(&outcome, 0, sizeof(outcome));
	watch_open(&watch, "selfless", path, "/nowhere");
}

static void tear_down(void)
{
	fake_close(&fake);
	watch_close(&watch);
	unlink(path);
	rmdir(folder);
}

static void connect_to_fake(void)
{
	fake_open(&fake, watch.base, path);
	ck_assert_msg(watch_until(&watch, &watch.ups, 1, SOON_MS), "not up: %s", watch.down_message);
}

static void list(void)
{
	outcome.count = 0;
	watch.engine->verbs->list(watch.engine, outcome_take, &outcome);
	ck_assert_int_eq(outcome.count, 0);
}

START_TEST(speaks_the_version_of_the_engine)
{
	connect_to_fake();
	list();
	ck_assert(watch_until(&watch, &outcome.count, 1, SOON_MS));
	ck_assert_str_eq(outcome.message, "");
	ck_assert_str_eq(fake.last_path,
	                 "/v1.41/containers/json?all=1&filters=%7B%22label%22:%5B%22selfless.name%3Dselfless"
	                 "%22%5D%7D");
	ck_assert_ptr_nonnull(strstr(fake.events_path, "/v1.41/events?since="));
	ck_assert_int_eq(watch.downs, 0);
}
END_TEST

START_TEST(speaks_no_newer_version_than_it_knows)
{
	fake.api_version = "1.99";
	fake.min_version = "1.44";
	connect_to_fake();
	ck_assert_ptr_nonnull(strstr(fake.events_path, "/v1.55/events?"));
}
END_TEST

START_TEST(refuses_versions_outside)
{
	static const struct {
		const char *most, *least, *message;
	} rows[] = {
	        {"1.23", "1.12", "Docker speaks API 1.23 at most, needed is 1.24"},
	        {"1.70", "1.56", "Docker speaks API 1.56 at least, known is 1.55"},
	};

	fake.api_version = rows[_i].most;
	fake.min_version = rows[_i].least;
	fake_open(&fake, watch.base, path);
	ck_assert(watch_until(&watch, &watch.downs, 1, SOON_MS));
	ck_assert_ptr_nonnull(strstr(watch.down_message, rows[_i].message));
	ck_assert_int_eq(watch.ups, 0);
}
END_TEST

START_TEST(verbs_wait_for_the_first_connection)
{
	list();
	ck_assert(watch_until(&watch, &watch.downs, 1, SOON_MS));
	ck_assert_ptr_nonnull(strstr(watch.down_message, "is dockerd running?"));
	watch_run(&watch, 300);
	ck_assert_int_eq(outcome.count, 0);
	ck_assert_int_eq(watch.downs, 1);
	fake_open(&fake, watch.base, path);
	ck_assert(watch_until(&watch, &outcome.count, 1, SOON_MS));
	ck_assert_int_eq(outcome.fault, ENGINE_OK);
	ck_assert_int_eq(watch.ups, 1);
}
END_TEST

START_TEST(verbs_give_up_at_their_deadline)
{
	list();
	ck_assert(watch_until(&watch, &outcome.count, 1, 12000));
	ck_assert_int_eq(outcome.fault, ENGINE_UNREACHABLE);
	ck_assert_ptr_nonnull(strstr(outcome.message, "cannot connect to"));
}
END_TEST

/* An engine that accepts and does not answer: the subscription at first (0), a ping later on (1). */
START_TEST(one_that_hangs_is_lost)
{
	if (_i == 1)
		connect_to_fake();
	fake.mute = _i == 0 ? "/events" : "/_ping";
	if (_i == 0)
		fake_open(&fake, watch.base, path);
	ck_assert(watch_until(&watch, &watch.downs, 1, 17000));
	ck_assert_int_eq(watch.ups, _i);
	fake.mute = NULL;
	ck_assert(watch_until(&watch, &watch.ups, _i + 1, SOON_MS));
}
END_TEST

/* More than there are connections, each for as long as its program takes to end: nothing else waits for them. */
START_TEST(stops_hold_nothing_up)
{
	struct outcome stopped = {0};

	connect_to_fake();
	fake.mute = "/stop";
	for (int i = 0; i < 100; i++)
		watch.engine->verbs->stop(watch.engine, ID, 5000, outcome_take, &stopped);
	watch_run(&watch, 200);
	list();
	ck_assert(watch_until(&watch, &outcome.count, 1, SOON_MS));
	ck_assert_int_eq(outcome.fault, ENGINE_OK);
	ck_assert_int_eq(stopped.count, 0);
}
END_TEST

START_TEST(a_loss_is_told_once_and_mended)
{
	connect_to_fake();
	fake_close(&fake);
	ck_assert(watch_until(&watch, &watch.downs, 1, SOON_MS));
	list();
	ck_assert(watch_until(&watch, &outcome.count, 1, 1000)); /* at once: the supervisor waits for on_up */
	ck_assert_int_eq(outcome.fault, ENGINE_UNREACHABLE);
	uint64_t tried = backoff_retries(RETRY_LINK);
	watch_run(&watch, 500);
	ck_assert_int_eq(watch.downs, 1);
	ck_assert_uint_ge(backoff_retries(RETRY_LINK), tried + 1); /* after 100 ms, and 200 more */
	ck_assert_uint_le(backoff_retries(RETRY_LINK), tried + 3);
	fake_open(&fake, watch.base, path);
	ck_assert(watch_until(&watch, &watch.ups, 2, SOON_MS));
	list();
	ck_assert(watch_until(&watch, &outcome.count, 1, SOON_MS));
	ck_assert_int_eq(outcome.fault, ENGINE_OK);
}
END_TEST

START_TEST(an_ended_event_stream_is_a_loss)
{
	connect_to_fake();
	fake_end_events(&fake);
	ck_assert(watch_until(&watch, &watch.downs, 1, SOON_MS));
	ck_assert(watch_until(&watch, &watch.ups, 2, SOON_MS));
	ck_assert_int_eq(fake.subscriptions, 2);
}
END_TEST

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static int print_die(char *text, size_t size, int64_t time_ns)
{
	return snprintf(text, size,
	                "{\"Type\":\"container\",\"Action\":\"die\",\"Actor\":{\"ID\":\"" ID "\",\"Attributes\":"
	                "{\"exitCode\":\"137\",\"name\":\"a{\\\"}\"}},\"timeNano\":%" PRId64 "}\n",
	                time_ns);
}

START_TEST(events_are_found_wherever_the_pieces_end)
{
	char text[400];
	int len = print_die(text, sizeof(text), now_ns());
	int count = 0;

	connect_to_fake();
	for (int cut = 1; cut < len; cut += 7) {
		watch.event_count = 0;
		fake_tell(&fake, text, (size_t)cut);
		watch_run(&watch, 6);
		ck_assert_uint_eq(watch.event_count, cut == len - 1); /* the line's end is not needed */
		fake_tell(&fake, text + cut, (size_t)(len - cut));
		ck_assert_ptr_nonnull(watch_event(&watch, ENGINE_EVENT_DIE, SOON_MS));
		ck_assert_str_eq(watch.events[0].id, ID);
		ck_assert_int_eq(watch.events[0].exit_code, 137);
		count++;
	}
	ck_assert_int_gt(count, 10);
}
END_TEST

START_TEST(subscribes_again_after_the_last_event)
{
	int64_t time_ns;
	char since[64];
	char text[400];
	int len;

	connect_to_fake();
	time_ns = now_ns();
	len = print_die(text, sizeof(text), time_ns);
	fake_tell(&fake, text, (size_t)len);
	ck_assert_ptr_nonnull(watch_event(&watch, ENGINE_EVENT_DIE, SOON_MS));
	fake_end_events(&fake);
	ck_assert(watch_until(&watch, &watch.ups, 2, SOON_MS));
	snprintf(since, sizeof(since), "since=%" PRId64 ".%09" PRId64 "&", (time_ns + 1) / 1000000000,
	         (time_ns + 1) % 1000000000);
	ck_assert_msg(strstr(fake.events_path, since) != NULL, "%s not in %s", since, fake.events_path);
}
END_TEST

/* A clock set back must not make us ask for events of the future only. */
START_TEST(subscribes_from_now_if_the_last_event_is_of_the_future)
{
	int64_t time_ns = now_ns() + INT64_C(3600000000000);
	char since[64];
	char text[400];
	int len = print_die(text, sizeof(text), time_ns);

	connect_to_fake();
	fake_tell(&fake, text, (size_t)len);
	ck_assert_ptr_nonnull(watch_event(&watch, ENGINE_EVENT_DIE, SOON_MS));
	fake_end_events(&fake);
	ck_assert(watch_until(&watch, &watch.ups, 2, SOON_MS));
	snprintf(since, sizeof(since), "since=%" PRId64, now_ns() / 100000000000);
	ck_assert_msg(strstr(fake.events_path, since) != NULL, "%s not in %s", since, fake.events_path);
}
END_TEST

START_TEST(nonsense_on_the_event_stream_is_a_loss)
{
	connect_to_fake();
	fake_tell(&fake, "<html>", 6);
	ck_assert(watch_until(&watch, &watch.downs, 1, SOON_MS));
	ck_assert(watch_until(&watch, &watch.ups, 2, SOON_MS));
}
END_TEST

START_TEST(a_removal_under_way_is_waited_for)
{
	static const struct fake_reply replies[] = {
	        {409, "{\"message\":\"removal of container 66 is already in progress\"}"},
	        {409, "{\"message\":\"removal of container 66 is already in progress\"}"},
	        {404, "{\"message\":\"No such container: 66\"}"},
	};

	fake.replies = replies;
	fake.reply_count = 3;
	connect_to_fake();
	watch.engine->verbs->remove(watch.engine, ID, outcome_take, &outcome);
	ck_assert(watch_until(&watch, &outcome.count, 1, SOON_MS));
	ck_assert_msg(outcome.fault == ENGINE_OK, "%s", outcome.message);
	ck_assert_int_eq(fake.calls, 3);
	ck_assert_str_eq(outcome.id, ID);
	ck_assert_str_eq(fake.last_path, "/v1.41/containers/" ID "?force=1&v=1");
}
END_TEST

START_TEST(a_stop_gives_whole_seconds)
{
	static const struct fake_reply reply = {204, ""};

	fake.replies = &reply;
	fake.reply_count = 1;
	connect_to_fake();
	watch.engine->verbs->stop(watch.engine, ID, 1001, outcome_take, &outcome);
	ck_assert(watch_until(&watch, &outcome.count, 1, SOON_MS));
	ck_assert_int_eq(outcome.fault, ENGINE_OK);
	ck_assert_str_eq(fake.last_path, "/v1.41/containers/" ID "/stop?t=2");
}
END_TEST

START_TEST(many_calls_share_few_connections)
{
	connect_to_fake();
	for (int i = 1; i <= 20; i++) {
		list();
		ck_assert(watch_until(&watch, &outcome.count, 1, SOON_MS));
	}
	ck_assert_int_eq(fake.calls, 20);
	ck_assert_int_le(fake.connections, 2); /* one of them has the events */
}
END_TEST

START_TEST(a_callback_may_call_again)
{
	struct outcome outcomes[30];

	memset(outcomes, 0, sizeof(outcomes));
	connect_to_fake();
	for (size_t i = 0; i < 30; i++)
		watch.engine->verbs->list(watch.engine, outcome_take, &outcomes[i]);
	for (size_t i = 0; i < 30; i++) {
		ck_assert(watch_until(&watch, &outcomes[i].count, 1, SOON_MS));
		ck_assert_int_eq(outcomes[i].fault, ENGINE_OK);
	}
}
END_TEST

static struct engine_spec bare_spec(void)
{
	return (struct engine_spec){.service = "acts", .image = "actscontainer", .port = 8000, .hash = "0"};
}

/* The deadline of the first is that of all. */
START_TEST(prepares_give_up_together)
{
	struct engine_spec spec = bare_spec();
	struct outcome outcomes[3];

	memset(outcomes, 0, sizeof(outcomes));
	for (size_t i = 0; i < 3; i++)
		watch.engine->verbs->prepare(watch.engine, &spec, outcome_take, &outcomes[i]);
	ck_assert(watch_until(&watch, &outcomes[2].count, 1, 12000));
	for (size_t i = 0; i < 3; i++) {
		ck_assert_int_eq(outcomes[i].count, 1);
		ck_assert_int_eq(outcomes[i].fault, ENGINE_UNREACHABLE);
	}
}
END_TEST

START_TEST(prepares_follow_each_other)
{
	static const struct fake_reply replies[] = {
	        {404, "{\"message\":\"no such image: x: No such image: x\"}"},
	        {200, "{}"},
	        {409, "{\"message\":\"network with name selfless already exists\"}"},
	};
	struct engine_spec spec = bare_spec();
	struct outcome outcomes[2];

	memset(outcomes, 0, sizeof(outcomes));
	fake.replies = replies;
	fake.reply_count = 3;
	connect_to_fake();
	for (size_t i = 0; i < 2; i++)
		watch.engine->verbs->prepare(watch.engine, &spec, outcome_take, &outcomes[i]);
	ck_assert(watch_until(&watch, &outcomes[1].count, 1, SOON_MS));
	ck_assert_int_eq(outcomes[0].fault, ENGINE_NO_IMAGE);
	ck_assert_msg(outcomes[1].fault == ENGINE_OK, "%s", outcomes[1].message);
	ck_assert_int_eq(fake.calls, 3);
	ck_assert_str_eq(fake.last_path, "/v1.41/networks/create");
}
END_TEST

/* Only json-file, whose files grow without end, gets bounds of ours; an engine that does not say which it has is taken for one
 * of those. */
START_TEST(a_log_driver_of_the_daemons_stays)
{
	static const struct {
		const char *info;
		bool ours;
	} rows[] = {{"{\"LoggingDriver\":\"json-file\"}", true},
	            {"{\"LoggingDriver\":\"\"}", true},
	            {"{}", true},
	            {"no json", true},
	            {"{\"LoggingDriver\":\"local\"}", false},
	            {"{\"LoggingDriver\":\"none\"}", false}};
	static const struct fake_reply made = {201, "{\"Id\":\"" ID "\"}"};
	struct engine_spec spec = bare_spec();
	struct engine_place place = {.name = "acts_0", .slot = 0};

	fake.replies = &made;
	fake.reply_count = 1;
	fake.info = rows[_i].info;
	connect_to_fake();
	watch.engine->verbs->create(watch.engine, &spec, &place, outcome_take, &outcome);
	ck_assert(watch_until(&watch, &outcome.count, 1, SOON_MS));
	ck_assert_msg(outcome.fault == ENGINE_OK, "%s", outcome.message);
	ck_assert_ptr_nonnull(strstr(fake.last_path, "/containers/create"));
	ck_assert_int_eq(strstr(fake.last_body, "\"LogConfig\"") != NULL, rows[_i].ours);
}
END_TEST

/* What an image says it runs is others' text, and may be longer than a request of ours ever is. */
START_TEST(an_image_with_too_much_to_run)
{
	static const char end[] = "\"]}}";
	static char image[5 << 20] = "{\"Config\":{\"Cmd\":[\"";
	struct fake_reply says = {200, image};
	struct engine_spec spec = bare_spec();
	struct engine_place place = {.name = "acts_0", .slot = 0, .late_network = true};
	char program[sizeof(path) + 16];

	memset(image + strlen(image), 'x', sizeof(image) - sizeof(end) - strlen(image));
	memcpy(image + sizeof(image) - sizeof(end), end, sizeof(end));
	fake.replies = &says;
	fake.reply_count = 1;
	watch_close(&watch);
	watch_open(&watch, "selfless", path, folder);
	connect_to_fake();
	watch.engine->verbs->create(watch.engine, &spec, &place, outcome_take, &outcome);
	ck_assert(watch_until(&watch, &outcome.count, 1, SOON_MS));
	ck_assert_int_eq(outcome.fault, ENGINE_REFUSED);
	ck_assert_ptr_nonnull(strstr(outcome.message, "Entrypoint and Cmd"));
	snprintf(program, sizeof(program), "%s/selfless-await", folder);
	unlink(program);
}
END_TEST

START_TEST(nothing_is_told_after_free)
{
	static const struct fake_reply silence = {0, NULL};
	struct engine_spec spec = bare_spec();

	list(); /* waits */
	watch.engine->verbs->prepare(watch.engine, &spec, outcome_take, &outcome);
	watch.engine->verbs->prepare(watch.engine, &spec, outcome_take, &outcome);
	fake.replies = &silence;
	fake.reply_count = 1;
	connect_to_fake();
	list();
	ck_assert(watch_until(&watch, &fake.calls, 2, SOON_MS));
	watch.engine->verbs->free(watch.engine);
	watch.engine = NULL;
	watch_run(&watch, 50);
	ck_assert_int_eq(outcome.count, 0);
}
END_TEST

START_TEST(a_socket_path_that_is_too_long_is_refused)
{
	char long_path[200];
	struct engine_settings settings = {.base = watch.base, .name = "x", .docker_socket = long_path};
	struct engine *engine;
	struct err err;

	memset(long_path, 'x', sizeof(long_path) - 1);
	long_path[sizeof(long_path) - 1] = '\0';
	ck_assert(!docker_engine_new(&settings, &engine, &err));
	ck_assert_ptr_nonnull(strstr(err.message, "docker_socket"));
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
	        speaks_the_version_of_the_engine,
	        speaks_no_newer_version_than_it_knows,
	        verbs_wait_for_the_first_connection,
	        verbs_give_up_at_their_deadline,
	        a_loss_is_told_once_and_mended,
	        an_ended_event_stream_is_a_loss,
	        events_are_found_wherever_the_pieces_end,
	        subscribes_again_after_the_last_event,
	        subscribes_from_now_if_the_last_event_is_of_the_future,
	        nonsense_on_the_event_stream_is_a_loss,
	        a_removal_under_way_is_waited_for,
	        a_stop_gives_whole_seconds,
	        many_calls_share_few_connections,
	        a_callback_may_call_again,
	        prepares_give_up_together,
	        prepares_follow_each_other,
	        nothing_is_told_after_free,
	        an_image_with_too_much_to_run,
	        a_socket_path_that_is_too_long_is_refused,
	};
	Suite *suite = suite_create("docker_link");
	TCase *cases = tcase_create("link");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(cases, 30);
	tcase_add_checked_fixture(cases, set_up, tear_down);
	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		tcase_add_test(cases, tests[i]);
	tcase_add_loop_test(cases, refuses_versions_outside, 0, 2);
	tcase_add_loop_test(cases, a_log_driver_of_the_daemons_stays, 0, 6);
	tcase_add_loop_test(cases, one_that_hangs_is_lost, 0, 2);
	tcase_add_test(cases, stops_hold_nothing_up);
	suite_add_tcase(suite, cases);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
