/* What we tell Swarm: the service for a container, and its name. */
#include "orchestrator/engine/swarm/swarm_body.h"

#include "common/json.h"
#include "orchestrator/engine/docker/docker_body.h"
#include "tests/unit/unit.h"

#include <string.h>

static char *volume_items[] = {"data:/static", "/srv/pictures:/pictures:ro"};
static char *env_items[] = {"A=b"};
static char *command_items[] = {"serve"};
static const struct strings volumes = {volume_items, 2}, env = {env_items, 1}, command = {command_items, 1};

START_TEST(writes_a_service)
{
	static const char wanted[] =
	        "{\"Name\":\"web_0-next-3\",\"Labels\":{\"selfless.name\":\"sw\",\"selfless.owner\":\"o\","
	        "\"selfless.service\":\"web\",\"selfless.spec\":\"h\",\"selfless.slot\":\"0\","
	        "\"selfless.container\":\"web_0.next\",\"selfless.image\":\"web:1\",\"selfless.generation\":\"3\"},"
	        "\"TaskTemplate\":{\"ContainerSpec\":{\"Image\":\"sha256:1\",\"Args\":[\"serve\"],\"Env\":[\"A=b\",\"SELFLESS_ID={{.Task.ID}}\"],"
	        "\"Labels\":{\"selfless.name\":\"sw\",\"selfless.owner\":\"o\",\"selfless.service\":\"web\","
	        "\"selfless.spec\":\"h\",\"selfless.slot\":\"0\",\"selfless.container\":\"web_0.next\","
	        "\"selfless.image\":\"web:1\",\"selfless.generation\":\"3\"},\"Mounts\":["
	        "{\"Type\":\"volume\",\"Source\":\"data\",\"Target\":\"/static\",\"ReadOnly\":false},"
	        "{\"Type\":\"bind\",\"Source\":\"/srv/pictures\",\"Target\":\"/pictures\",\"ReadOnly\":true}],"
	        "\"StopGracePeriod\":2000000000},\"Resources\":{\"Limits\":{\"MemoryBytes\":67108864,"
	        "\"NanoCPUs\":500000000}},\"LogDriver\":{\"Name\":\"json-file\",\"Options\":{\"max-size\":\"10m\","
	        "\"max-file\":\"2\"}},\"RestartPolicy\":{\"Condition\":\"any\",\"Delay\":5000000000}},"
	        "\"Mode\":{\"Replicated\":{\"Replicas\":1}},\"EndpointSpec\":{\"Mode\":\"vip\",\"Ports\":["
	        "{\"Protocol\":\"tcp\",\"TargetPort\":8000,\"PublishMode\":\"host\"}]}}";
	const struct swarm_gift gift = {
	        .name = "sw", .owner = "o", .image_id = "sha256:1", .generation = 3, .log_files = true};
	const struct engine_place place = {.name = "web_0.next", .slot = 0};
	const struct engine_spec spec = {.service = "web",
	                                 .image = "web:1",
	                                 .command = &command,
	                                 .volumes = &volumes,
	                                 .env = &env,
	                                 .port = 8000,
	                                 .memory_mb = 64,
	                                 .cpus = 0.5,
	                                 .stop_ms = 2000,
	                                 .hash = "h"};
	struct buf buf;

	buf_init(&buf, DOCKER_BODY_MAX);
	ck_assert(swarm_body_create(&buf, &gift, &spec, &place));
	ck_assert_str_eq(buf_text(&buf), wanted);
	buf_clear(&buf);
}
END_TEST

START_TEST(names_the_nodes_to_avoid)
{
	static char *ids[] = {"n1", "n3"};
	static const struct strings avoid = {ids, 2};
	const struct swarm_gift gift = {
	        .name = "sw", .owner = "o", .image_id = "sha256:1", .generation = 3, .avoid = &avoid};
	const struct engine_place place = {.name = "web_0", .slot = 0};
	const struct engine_spec spec = {.service = "web", .image = "web:1", .port = 8000, .hash = "h"};
	struct buf buf;

	buf_init(&buf, DOCKER_BODY_MAX);
	ck_assert(swarm_body_create(&buf, &gift, &spec, &place));
	ck_assert_ptr_nonnull(strstr(
	        buf_text(&buf), "\"Placement\":{\"Constraints\":[\"node.id!=n1\",\"node.id!=n3\"]},\"RestartPolicy\""));
	buf_clear(&buf);
}
END_TEST

/* Its nodes send output elsewhere. */
START_TEST(leaves_the_log_driver_to_the_nodes)
{
	const struct swarm_gift gift = {.name = "sw", .owner = "o", .image_id = "sha256:1", .generation = 3};
	const struct engine_place place = {.name = "web_0", .slot = 0};
	const struct engine_spec spec = {.service = "web", .image = "web:1", .port = 8000, .hash = "h"};
	struct buf buf;

	buf_init(&buf, DOCKER_BODY_MAX);
	ck_assert(swarm_body_create(&buf, &gift, &spec, &place));
	ck_assert_ptr_null(strstr(buf_text(&buf), "LogDriver"));
	buf_clear(&buf);
}
END_TEST

START_TEST(names_it_as_swarm_allows)
{
	static const struct {
		const char *container;
		int generation;
		const char *name; /* NULL: too long */
	} rows[] = {
	        {"web_0", 1, "web_0-1"},
	        {"web_0.next", 12, "web_0-next-12"},
	        {"a.b~c", 1, "a-b-c-1"},
	        {"a23456789012345678901234567890123456789012345678901234567890", 17,
	         "a23456789012345678901234567890123456789012345678901234567890-17"},
	        {"a23456789012345678901234567890123456789012345678901234567890", 170, NULL},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char name[SWARM_NAME_SIZE];

		ck_assert_int_eq(swarm_body_name(rows[i].container, rows[i].generation, name), rows[i].name != NULL);
		if (rows[i].name != NULL)
			ck_assert_str_eq(name, rows[i].name);
	}
}
END_TEST

UNIT_MAIN("swarm_body", writes_a_service, names_the_nodes_to_avoid, leaves_the_log_driver_to_the_nodes,
          names_it_as_swarm_allows)
