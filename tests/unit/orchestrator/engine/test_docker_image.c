/* docker_image: what images say of themselves, as 20.10 and 26 put it, and what they leave out. */
#include "orchestrator/engine/docker/docker_image.h"

#include "tests/unit/unit.h"

#include <string.h>

static struct docker_image image;
static struct err err;

static const struct engine_image *read_image(const char *text)
{
	image = (struct docker_image){0};
	ck_assert_msg(docker_json_image_read(text, strlen(text), &image, &err), "%s", err.message);
	return &image.says;
}

START_TEST(all_of_it)
{
	const struct engine_image *says = read_image(
	        "{\"Id\":\"sha256:1\",\"Config\":{\"User\":\"10001:10001\",\"ExposedPorts\":{\"9000/tcp\":{},\"53/udp\":{},\"80\":{},"
	        "\"8000/tcp\":{},\"0/tcp\":{},\"70000/tcp\":{},\"x/tcp\":{}},\"Volumes\":{\"/var/b\":{},\"/a\":{},\"odd\":{}},"
	        "\"Healthcheck\":{\"Test\":[\"CMD-SHELL\",\"curl -f http://localhost/ || exit 1\"],\"Interval\":1}}}");

	ck_assert_uint_eq(says->port_count, 3);
	ck_assert_int_eq(says->ports[0], 80);
	ck_assert_int_eq(says->ports[1], 8000);
	ck_assert_int_eq(says->ports[2], 9000);
	ck_assert_str_eq(says->health, "curl -f http://localhost/ || exit 1");
	ck_assert_str_eq(says->user, "10001:10001");
	ck_assert_uint_eq(says->volumes->count, 2);
	ck_assert_str_eq(says->volumes->items[0], "/a");
	ck_assert_str_eq(says->volumes->items[1], "/var/b");
	docker_image_clear(&image);
}
END_TEST

START_TEST(nothing_of_it)
{
	static const char *const texts[] = {
	        "{}",
	        "[]",
	        "7",
	        "{\"Config\":null}",
	        "{\"Config\":[{\"User\":\"root\"}]}",
	        "{\"Config\":{\"User\":\"\",\"ExposedPorts\":null,\"Volumes\":null,\"Healthcheck\":{\"Test\":[\"NONE\"]}}}",
	        "{\"Config\":{\"Healthcheck\":{\"Test\":[]},\"User\":7,\"Volumes\":[1]}}",
	        "{\"Config\":{\"Volumes\":[\"/data\"],\"ExposedPorts\":[\"80/tcp\",{\"80/tcp\":{}}],\"User\":{\"a\":1}}}",
	        "{\"Config\":{\"Volumes\":\"/data\",\"ExposedPorts\":80,\"Healthcheck\":[{\"Test\":[\"CMD\",\"x\"]}]}}",
	        "{\"Config\":{\"Healthcheck\":{\"Test\":{\"CMD\":\"CMD\",\"x\":[1,{}]}}}}"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const struct engine_image *says = read_image(texts[i]);

		ck_assert_uint_eq(says->port_count, 0);
		ck_assert_str_eq(says->health, "");
		ck_assert_str_eq(says->user, "");
		ck_assert_uint_eq(says->volumes->count, 0);
		docker_image_clear(&image);
	}
}
END_TEST

START_TEST(words_of_a_health_check)
{
	ck_assert_str_eq(
	        read_image(
	                "{\"Config\":{\"Healthcheck\":{\"Test\":[\"CMD\",\"/check\",\"-u\",\"http://localhost:1/x\"]}}}")
	                ->health,
	        "/check -u http://localhost:1/x");
	docker_image_clear(&image);
}
END_TEST

START_TEST(more_ports_than_there_is_room_for)
{
	char text[8192];
	int len = snprintf(text, sizeof(text), "{\"Config\":{\"ExposedPorts\":{");

	for (int port = 1; port <= DOCKER_IMAGE_PORTS_MAX + 5; port++)
		len += snprintf(text + len, sizeof(text) - (size_t)len, "%s\"%d/tcp\":{}", port > 1 ? "," : "", port);
	snprintf(text + len, sizeof(text) - (size_t)len, "}}}");
	ck_assert_uint_eq(read_image(text)->port_count, DOCKER_IMAGE_PORTS_MAX);
	docker_image_clear(&image);
}
END_TEST

START_TEST(names_of_all)
{
	static const char text[] =
	        "[{\"RepoTags\":[\"a:latest\",\"b/a:2\"]},{\"RepoTags\":null},{\"RepoTags\":[\"<none>:<none>\"]},7]";
	struct strings names = {0};

	ck_assert(docker_json_image_names(text, strlen(text), &names, &err));
	ck_assert_uint_eq(names.count, 2);
	ck_assert_str_eq(names.items[1], "b/a:2");
	strings_clear(&names);
	ck_assert(!docker_json_image_names("[", 1, &names, &err));
	image = (struct docker_image){0};
	ck_assert(!docker_json_image_read("", 0, &image, &err));
	docker_image_clear(&image);
}
END_TEST

UNIT_MAIN("docker_image", all_of_it, nothing_of_it, words_of_a_health_check, more_ports_than_there_is_room_for,
          names_of_all)
