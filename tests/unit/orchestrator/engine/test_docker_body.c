/* What we send to the Docker Engine, byte by byte where it is short, else field by field. */
#include "orchestrator/engine/docker/docker_body.h"

#include "common/json.h"

#include "tests/unit/unit.h"
#include <stdlib.h>
#include <string.h>

static char *publish_items[] = {"127.0.0.1", "::1"};
static char *volume_items[] = {"acts_data:/static", "/srv/pictures:/pictures:ro"};
static char *env_items[] = {"USERS_URL=http://users:8000", "MOTTO=a \"b\""};
static char *listen_items[] = {"LISTEN=0.0.0.0:9000"};
static char *command_items[] = {"serve", "--all"};

static const struct strings publish = {publish_items, 2};
static const struct strings volumes = {volume_items, 2};
static const struct strings env = {env_items, 2};
static const struct strings listen_env = {listen_items, 1};
static const struct strings command = {command_items, 2};

static struct engine_spec spec;
static struct engine_place place;
static struct docker_gift gift;
static struct buf body;
static struct json_doc *doc;

static void set_up(void)
{
	spec = (struct engine_spec){
	        .service = "acts",
	        .image = "actscontainer",
	        .publish = &publish,
	        .volumes = &volumes,
	        .env = &env,
	        .port = 8000,
	        .memory_mb = 64,
	        .cpus = 0.5,
	        .reach = REACH_SOCKET,
	        .hash = "0123456789abcdef",
	};
	place = (struct engine_place){.name = "acts_2", .slot = 2, .host_port = 8002};
	gift = (struct docker_gift){
	        .name = "selfless", .owner = "0f", .identity = "", .socket_dir = "/run/selfless/7", .log_files = true};
	buf_init(&body, DOCKER_BODY_MAX);
	doc = NULL;
}

static void tear_down(void)
{
	json_free(doc);
	buf_clear(&body);
}

static const struct json_value *create(void)
{
	struct err err = {.message = ""};

	ck_assert(docker_body_create(&body, &gift, &spec, &place));
	ck_assert_msg(json_parse(buf_text(&body), body.len, NULL, &doc, &err), "%s", err.message);
	return json_root(doc);
}

static void check_text(const struct json_value *value, const char *text)
{
	ck_assert_ptr_nonnull(value);
	ck_assert_msg(json_text_is(value, text), "\"%.*s\" is not \"%s\"", (int)value->len, value->text, text);
}

static void check_texts(const struct json_value *array, const char *const *texts)
{
	const struct json_value *value;

	ck_assert_ptr_nonnull(array);
	for (value = array->first; value != NULL && *texts != NULL; value = value->next)
		check_text(value, *texts++);
	ck_assert_ptr_null(value);
	ck_assert_ptr_null(*texts);
}

START_TEST(create_has_image_and_labels)
{
	const struct json_value *root = create();
	const struct json_value *labels = json_get(root, "Labels");

	check_text(json_get(root, "Image"), "actscontainer");
	ck_assert_ptr_null(json_get(root, "Cmd"));
	check_text(json_get(labels, "selfless.name"), "selfless");
	check_text(json_get(labels, "selfless.owner"), "0f");
	check_text(json_get(labels, "selfless.service"), "acts");
	check_text(json_get(labels, "selfless.slot"), "2");
	check_text(json_get(labels, "selfless.spec"), "0123456789abcdef");
	check_text(json_get(labels, "selfless.port"), "8002");
	check_text(json_get(labels, "selfless.inside"), "8000");
	check_text(json_get(labels, "selfless.socket"), "/run/selfless/7");
	check_text(json_get(labels, "selfless.reach"), "socket");
	ck_assert_uint_eq(labels->count, 9);
}
END_TEST

START_TEST(create_publishes_on_each_address)
{
	const struct json_value *root = create();
	const struct json_value *bindings = json_path(root, "HostConfig", "PortBindings", "8000/tcp", NULL);

	ck_assert_ptr_nonnull(json_path(root, "ExposedPorts", "8000/tcp", NULL));
	ck_assert_ptr_nonnull(bindings);
	ck_assert_uint_eq(bindings->count, 2);
	check_text(json_get(bindings->first, "HostIp"), "127.0.0.1");
	check_text(json_get(bindings->first, "HostPort"), "8002");
	check_text(json_get(bindings->first->next, "HostIp"), "::1");
}
END_TEST

START_TEST(create_without_host_port_publishes_nothing)
{
	place.host_port = 0;
	ck_assert_uint_eq(json_path(create(), "HostConfig", "PortBindings", NULL)->count, 0);
}
END_TEST

/* Its label says the port all the same: it stays the slot's. */
START_TEST(create_publishes_no_lost_port)
{
	const struct json_value *root;

	gift.unpublished = true;
	root = create();
	ck_assert_uint_eq(json_path(root, "HostConfig", "PortBindings", NULL)->count, 0);
	check_text(json_path(root, "Labels", "selfless.port", NULL), "8002");
}
END_TEST

START_TEST(create_mounts_volumes_and_the_socket)
{
	static const char *const binds[] = {"acts_data:/static", "/srv/pictures:/pictures:ro",
	                                    "/run/selfless/7:/run/selfless", NULL};
	static const char *const environment[] = {"USERS_URL=http://users:8000", "MOTTO=a \"b\"",
	                                          "LISTEN=0.0.0.0:8000,unix:/run/selfless/http", NULL};
	const struct json_value *root = create();

	check_texts(json_path(root, "HostConfig", "Binds", NULL), binds);
	check_texts(json_get(root, "Env"), environment);
}
END_TEST

START_TEST(create_without_socket_leaves_the_environment_alone)
{
	static const char *const binds[] = {"acts_data:/static", "/srv/pictures:/pictures:ro", NULL};
	static const char *const environment[] = {"USERS_URL=http://users:8000", "MOTTO=a \"b\"", NULL};
	const struct json_value *root;

	spec.reach = REACH_PUBLISHED;
	gift.socket_dir = "";
	root = create();
	check_texts(json_path(root, "HostConfig", "Binds", NULL), binds);
	check_texts(json_get(root, "Env"), environment);
	check_text(json_path(root, "Labels", "selfless.socket", NULL), "");
}
END_TEST

START_TEST(create_says_who_it_is)
{
	static const char *const environment[] = {"USERS_URL=http://users:8000", "MOTTO=a \"b\"", "SELFLESS_ID=beef",
	                                          NULL};

	spec.reach = REACH_PUBLISHED;
	gift.identity = "beef";
	const struct json_value *root = create();
	check_texts(json_get(root, "Env"), environment);
	check_text(json_path(root, "Labels", "selfless.id", NULL), "beef");
}
END_TEST

START_TEST(create_keeps_a_listen_of_the_configuration)
{
	static const char *const environment[] = {"LISTEN=0.0.0.0:9000", NULL};

	spec.env = &listen_env;
	check_texts(json_get(create(), "Env"), environment);
}
END_TEST

/* The image's own words come later: what is to wait runs no command of its own. */
START_TEST(create_of_one_that_waits_for_its_network)
{
	static const char *const entrypoint[] = {"/.selfless-await", NULL};
	static const char *const words[] = {"serve", "--all", NULL};
	const struct json_value *root, *mount;
	struct err err = {.message = ""};
	struct buf waiting;

	gift.await_file = "/var/lib/selfless/selfless-await";
	spec.command = &command;
	ck_assert_ptr_null(json_get(create(), "Cmd"));
	buf_init(&waiting, DOCKER_BODY_MAX);
	ck_assert(docker_body_create_await(&waiting, buf_text(&body), &command));
	json_free(doc);
	ck_assert_msg(json_parse(buf_text(&waiting), waiting.len, NULL, &doc, &err), "%s", err.message);
	root = json_root(doc);
	check_texts(json_get(root, "Entrypoint"), entrypoint);
	check_texts(json_get(root, "Cmd"), words);
	check_text(json_get(root, "Image"), "actscontainer");
	mount = json_path(root, "HostConfig", "Mounts", NULL)->first;
	check_text(json_get(mount, "Type"), "bind");
	check_text(json_get(mount, "Source"), gift.await_file);
	check_text(json_get(mount, "Target"), "/.selfless-await");
	ck_assert(json_get(mount, "ReadOnly")->boolean);
	buf_clear(&waiting);
}
END_TEST

START_TEST(create_sets_limits_and_network)
{
	const struct json_value *root;
	const struct json_value *host;
	int64_t number;

	spec.command = &command;
	root = create();
	host = json_get(root, "HostConfig");
	ck_assert(json_int(json_get(host, "Memory"), &number));
	ck_assert_int_eq(number, 64 * 1024 * 1024);
	ck_assert(json_int(json_get(host, "NanoCpus"), &number));
	ck_assert_int_eq(number, 500000000);
	check_text(json_get(host, "NetworkMode"), "selfless");
	check_text(json_path(host, "RestartPolicy", "Name", NULL), "no");
	check_text(json_path(host, "LogConfig", "Type", NULL), "json-file");
	ck_assert_ptr_nonnull(json_path(host, "LogConfig", "Config", "max-size", NULL));
	check_texts(json_path(root, "NetworkingConfig", "EndpointsConfig", "selfless", "Aliases", NULL),
	            (const char *const[]){"acts", NULL});
	check_texts(json_get(root, "Cmd"), (const char *const[]){"serve", "--all", NULL});
}
END_TEST

/* Whatever the daemon's configuration says holds, then. */
START_TEST(create_leaves_the_log_driver_alone)
{
	gift.log_files = false;
	ck_assert_ptr_null(json_path(create(), "HostConfig", "LogConfig", NULL));
}
END_TEST

/* A paused spare that answered to the service's name would swallow connections. */
START_TEST(create_gives_a_spare_no_alias)
{
	const struct json_value *endpoint;

	place.slot = -1;
	endpoint = json_path(create(), "NetworkingConfig", "EndpointsConfig", "selfless", NULL);
	ck_assert_ptr_nonnull(endpoint);
	ck_assert_uint_eq(endpoint->count, 0);
	check_text(json_path(json_root(doc), "Labels", "selfless.slot", NULL), "-1");
}
END_TEST

START_TEST(create_says_when_it_does_not_fit)
{
	struct buf small;

	buf_init(&small, 100);
	ck_assert(!docker_body_create(&small, &gift, &spec, &place));
	buf_clear(&small);
}
END_TEST

START_TEST(network_and_volume)
{
	ck_assert(docker_body_network(&body, "selfless"));
	ck_assert_str_eq(buf_text(&body), "{\"Name\":\"selfless\",\"CheckDuplicate\":true,\"Driver\":\"bridge\","
	                                  "\"Labels\":{\"selfless.name\":\"selfless\"}}");
	buf_reset(&body);
	ck_assert(docker_body_volume(&body, "selfless", &spec, "acts_data:/static"));
	ck_assert_str_eq(buf_text(&body), "{\"Name\":\"acts_data\","
	                                  "\"Labels\":{\"selfless.name\":\"selfless\",\"selfless.service\":\"acts\"}}");
}
END_TEST

START_TEST(network_taken_and_given)
{
	ck_assert(docker_body_disconnect(&body, "abc"));
	ck_assert_str_eq(buf_text(&body), "{\"Container\":\"abc\"}");
	buf_reset(&body);
	ck_assert(docker_body_connect(&body, "abc", "acts"));
	ck_assert_str_eq(buf_text(&body), "{\"Container\":\"abc\",\"EndpointConfig\":{\"Aliases\":[\"acts\"]}}");
	buf_reset(&body);
	ck_assert(docker_body_network_path(&body, "self less", "connect"));
	ck_assert_str_eq(buf_text(&body), "/networks/self%20less/connect");
}
END_TEST

START_TEST(volume_names)
{
	ck_assert_uint_eq(docker_body_volume_name("acts_data:/static"), 9);
	ck_assert_uint_eq(docker_body_volume_name("acts_data:/static:ro"), 9);
	ck_assert_uint_eq(docker_body_volume_name("/srv/pictures:/pictures"), 0);
	ck_assert_uint_eq(docker_body_volume_name("/pictures"), 0);
	ck_assert_uint_eq(docker_body_volume_name("nothing"), 0);
}
END_TEST

START_TEST(filters)
{
	ck_assert(docker_body_list_filters(&body, "selfless"));
	ck_assert_str_eq(buf_text(&body), "{\"label\":[\"selfless.name=selfless\"]}");
	buf_reset(&body);
	ck_assert(docker_body_event_filters(&body, "selfless"));
	ck_assert_str_eq(buf_text(&body),
	                 "{\"type\":[\"container\"],"
	                 "\"event\":[\"die\",\"kill\",\"oom\",\"start\",\"pause\",\"unpause\",\"destroy\"],"
	                 "\"label\":[\"selfless.name=selfless\"]}");
}
END_TEST

START_TEST(escapes)
{
	ck_assert(docker_body_escape(&body, "host:5000/a-b_c.d~e:1 {\"\xc3\xa4&?#%+="));
	ck_assert_str_eq(buf_text(&body), "host:5000/a-b_c.d~e:1%20%7B%22%C3%A4%26%3F%23%25%2B%3D");
}
END_TEST

UNIT_MAIN_WITH("docker_body", set_up, tear_down, create_leaves_the_log_driver_alone, create_has_image_and_labels,
               create_publishes_on_each_address, create_without_host_port_publishes_nothing,
               create_publishes_no_lost_port, create_mounts_volumes_and_the_socket,
               create_without_socket_leaves_the_environment_alone, create_says_who_it_is,
               create_keeps_a_listen_of_the_configuration, create_of_one_that_waits_for_its_network,
               create_sets_limits_and_network, create_gives_a_spare_no_alias, create_says_when_it_does_not_fit,
               network_and_volume, network_taken_and_given, volume_names, filters, escapes)
