/* draft: what is written reads back as what is known, with every comment and every odd letter in it. */
#include "orchestrator/cli/init/draft.h"

#include "orchestrator/config/config_doubts.h"
#include "orchestrator/config/config_file.h"
#include "tests/unit/unit.h"

#include <string.h>

static struct buf text;
static struct config *config;
static const struct strings nothing;

static const struct config_service *write_and_read(const struct draft_facts *facts)
{
	struct err err;

	buf_init(&text, DRAFT_MAX);
	ck_assert(draft_write(facts, &text));
	ck_assert_msg(config_read("draft", buf_text(&text), text.len, &config, &err), "%s\n%s", err.message,
	              buf_text(&text));
	ck_assert_uint_eq(config_service_count(config), 1);
	return config_service_at(config, 0);
}

static void done(void)
{
	config_free(config);
	buf_clear(&text);
}

static struct draft_facts plain(void)
{
	return (struct draft_facts){.image = "team/hello:2",
	                            .service = "hello",
	                            .listen = "127.0.0.1:8088",
	                            .port = 8080,
	                            .path = "/healthz",
	                            .ready_ms = 250,
	                            .end_ms = 12,
	                            .volumes = &nothing,
	                            .env = &nothing};
}

static void on_doubt(const char *doubt, void *arg)
{
	(void)arg;
	ck_abort_msg("%s", doubt);
}

START_TEST(it_heals_and_scales)
{
	struct draft_facts facts = plain();
	const struct config_service *service = write_and_read(&facts);

	ck_assert_str_eq(config->listen.items[0], "127.0.0.1:8088");
	ck_assert_str_eq(service->name, "hello");
	ck_assert_str_eq(service->image, "team/hello:2");
	ck_assert_int_eq(service->port, 8080);
	ck_assert_int_eq(service->reach, REACH_BRIDGE);
	ck_assert_uint_eq(service->publish.count, 0);
	ck_assert_str_eq(service->health.path, "/healthz");
	ck_assert_int_eq(service->health.start_ms, 30000);
	ck_assert_int_lt(service->scale.min, service->scale.max);
	ck_assert(strings_equal(&service->scale.count, &service->routes));
	ck_assert_int_eq(config->stop_ms, 5000);
	config_doubts(config, on_doubt, NULL);
	ck_assert_ptr_nonnull(strstr(buf_text(&text), "found listening; it answered there 0.2 s"));
	done();
}
END_TEST

START_TEST(what_is_known_of_the_image)
{
	const struct strings volumes = {(char *[]){"/var/lib/x y", "/d"}, 2};
	const struct strings env = {(char *[]){"A=1", "B=x=\"y\"\\", "C="}, 3};
	struct draft_facts facts = plain();

	facts.volumes = &volumes;
	facts.env = &env;
	facts.ready_ms = 12345;
	facts.exposed = true;
	facts.any_path = true;
	facts.end_ms = -1;
	const struct config_service *service = write_and_read(&facts);
	ck_assert_uint_eq(service->volumes.count, 2);
	ck_assert_str_eq(service->volumes.items[0], "hello_var_lib_x_y:/var/lib/x y");
	ck_assert_str_eq(service->volumes.items[1], "hello_d:/d");
	ck_assert_uint_eq(service->env.count, 3);
	ck_assert_str_eq(service->env.items[1], "B=x=\"y\"\\");
	ck_assert_str_eq(service->env.items[2], "C=");
	ck_assert_int_eq(service->health.start_ms, 49380);
	ck_assert_int_eq(config->stop_ms, 2000);
	ck_assert_ptr_nonnull(strstr(buf_text(&text), "exposes it; it answered there 12.3 s"));
	ck_assert_ptr_nonnull(strstr(buf_text(&text), "to any path"));
	done();
}
END_TEST

START_TEST(no_room)
{
	struct draft_facts facts = plain();

	for (size_t max = 0; max < 1000; max += 50) {
		buf_init(&text, max);
		ck_assert(!draft_write(&facts, &text));
		buf_clear(&text);
	}
}
END_TEST

UNIT_MAIN("draft", it_heals_and_scales, what_is_known_of_the_image, no_room)
