/* swarm_body: engine_spec and engine_place as a Swarm service. */
#include "orchestrator/engine/swarm/swarm_body.h"

#include "common/json.h"
#include "orchestrator/engine/docker/docker_body.h"

#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define NANO_CPUS 1e9
#define NS_PER_MS INT64_C(1000000)
/* If nobody acts on a task that ended, Swarm starts another one after this. Ours comes long before. */
#define RESTART_DELAY_NS (INT64_C(5000) * NS_PER_MS)

static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

bool swarm_body_name(const char *container, int generation, char name[SWARM_NAME_SIZE])
{
	int len = snprintf(name, SWARM_NAME_SIZE, "%s-%d", container, generation);

	for (char *c = name; *c != '\0'; c++)
		if (!is_plain(*c))
			*c = '-';
	return len > 0 && len < SWARM_NAME_SIZE;
}

static void write_number_label(struct json_writer *w, const char *label, int number)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", number);
	json_member_text(w, label, text);
}

static void write_labels(struct json_writer *w, const struct swarm_gift *gift, const struct engine_spec *spec,
                         const struct engine_place *place)
{
	json_key(w, "Labels");
	json_begin_object(w);
	json_member_text(w, DOCKER_LABEL_NAME, gift->name);
	json_member_text(w, DOCKER_LABEL_OWNER, gift->owner);
	json_member_text(w, DOCKER_LABEL_SERVICE, spec->service);
	json_member_text(w, DOCKER_LABEL_SPEC, spec->hash);
	write_number_label(w, DOCKER_LABEL_SLOT, place->slot);
	json_member_text(w, SWARM_LABEL_CONTAINER, place->name);
	json_member_text(w, SWARM_LABEL_IMAGE, spec->image);
	write_number_label(w, SWARM_LABEL_GENERATION, gift->generation);
	json_end_object(w);
}

static void write_words(struct json_writer *w, const char *key, const struct strings *words)
{
	if (words == NULL || words->count == 0)
		return;
	json_key(w, key);
	json_begin_array(w);
	for (size_t i = 0; i < words->count; i++)
		json_text(w, words->items[i]);
	json_end_array(w);
}

/* Swarm puts the task's id there, by which the list names it. */
#define OWN_IDENTITY ENGINE_IDENTITY_KEY "={{.Task.ID}}"

static void write_env(struct json_writer *w, const struct strings *env)
{
	json_key(w, "Env");
	json_begin_array(w);
	for (size_t i = 0; env != NULL && i < env->count; i++)
		json_text(w, env->items[i]);
	json_text(w, OWN_IDENTITY);
	json_end_array(w);
}

/* "source:/target[:ro]": a path of the node, or a volume of the node's. */
static void write_mount(struct json_writer *w, const char *volume)
{
	const char *target = strchr(volume, ':');
	const char *options = target != NULL ? strchr(target + 1, ':') : NULL;

	if (target == NULL)
		return;
	json_begin_object(w);
	json_member_text(w, "Type", docker_body_volume_name(volume) > 0 ? "volume" : "bind");
	json_key(w, "Source");
	json_text_n(w, volume, (size_t)(target - volume));
	json_key(w, "Target");
	json_text_n(w, target + 1, options != NULL ? (size_t)(options - target - 1) : strlen(target + 1));
	json_member_bool(w, "ReadOnly", options != NULL && strcmp(options, ":ro") == 0);
	json_end_object(w);
}

static void write_mounts(struct json_writer *w, const struct strings *volumes)
{
	json_key(w, "Mounts");
	json_begin_array(w);
	for (size_t i = 0; volumes != NULL && i < volumes->count; i++)
		write_mount(w, volumes->items[i]);
	json_end_array(w);
}

static void write_container(struct json_writer *w, const struct swarm_gift *gift, const struct engine_spec *spec,
                            const struct engine_place *place)
{
	json_key(w, "ContainerSpec");
	json_begin_object(w);
	json_member_text(w, "Image", gift->image_id);
	write_words(w, "Args", spec->command);
	write_env(w, spec->env);
	write_labels(w, gift, spec, place);
	write_mounts(w, spec->volumes);
	json_member_number(w, "StopGracePeriod", (int64_t)spec->stop_ms * NS_PER_MS);
	json_end_object(w);
}

static void write_limits(struct json_writer *w, const struct engine_spec *spec)
{
	json_key(w, "Resources");
	json_begin_object(w);
	json_key(w, "Limits");
	json_begin_object(w);
	json_member_number(w, "MemoryBytes", (int64_t)spec->memory_mb << 20);
	json_member_number(w, "NanoCPUs", (int64_t)(spec->cpus * NANO_CPUS));
	json_end_object(w);
	json_end_object(w);
}

static void write_log(struct json_writer *w)
{
	json_key(w, "LogDriver");
	json_begin_object(w);
	json_member_text(w, "Name", DOCKER_LOG_DRIVER);
	docker_body_log_options(w, "Options");
	json_end_object(w);
}

static void write_placement(struct json_writer *w, const struct strings *avoid)
{
	if (avoid == NULL || avoid->count == 0)
		return;
	json_key(w, "Placement");
	json_begin_object(w);
	json_key(w, "Constraints");
	json_begin_array(w);
	for (size_t i = 0; i < avoid->count; i++) {
		char text[ENGINE_ID_SIZE + 16];

		snprintf(text, sizeof(text), "node.id!=%s", avoid->items[i]);
		json_text(w, text);
	}
	json_end_array(w);
	json_end_object(w);
}

static void write_task(struct json_writer *w, const struct swarm_gift *gift, const struct engine_spec *spec,
                       const struct engine_place *place)
{
	json_key(w, "TaskTemplate");
	json_begin_object(w);
	write_container(w, gift, spec, place);
	write_limits(w, spec);
	write_placement(w, gift->avoid);
	if (gift->log_files)
		write_log(w);
	json_key(w, "RestartPolicy");
	json_begin_object(w);
	json_member_text(w, "Condition", "any");
	json_member_number(w, "Delay", RESTART_DELAY_NS);
	json_end_object(w);
	json_end_object(w);
}

/* Without PublishedPort the node takes a free one. */
static void write_endpoint(struct json_writer *w, int port)
{
	json_key(w, "EndpointSpec");
	json_begin_object(w);
	json_member_text(w, "Mode", "vip");
	json_key(w, "Ports");
	json_begin_array(w);
	json_begin_object(w);
	json_member_text(w, "Protocol", "tcp");
	json_member_number(w, "TargetPort", port);
	json_member_text(w, "PublishMode", "host");
	json_end_object(w);
	json_end_array(w);
	json_end_object(w);
}

bool swarm_body_create(struct buf *buf, const struct swarm_gift *gift, const struct engine_spec *spec,
                       const struct engine_place *place)
{
	struct json_writer w;
	char name[SWARM_NAME_SIZE];

	if (!swarm_body_name(place->name, gift->generation, name))
		return false;
	json_writer_init(&w, buf);
	json_begin_object(&w);
	json_member_text(&w, "Name", name);
	write_labels(&w, gift, spec, place);
	write_task(&w, gift, spec, place);
	json_key(&w, "Mode");
	json_begin_object(&w);
	json_key(&w, "Replicated");
	json_begin_object(&w);
	json_member_number(&w, "Replicas", 1);
	json_end_object(&w);
	json_end_object(&w);
	write_endpoint(&w, spec->port);
	json_end_object(&w);
	return json_writer_ok(&w);
}

/* --- what orchestrators share ---------------------------------------------------------------------------------- */

void swarm_body_config_name(const char *name, char config[SWARM_CONFIG_SIZE])
{
	snprintf(config, SWARM_CONFIG_SIZE, "%s-identity", name);
}

static void write_data(struct json_writer *w, const struct engine_shared *shared)
{
	char base64[SWARM_SHARED_MAX * 2];
	struct json_writer inner;
	struct buf data;

	buf_init(&data, SWARM_SHARED_MAX);
	json_writer_init(&inner, &data);
	json_begin_object(&inner);
	json_member_text(&inner, "owner", shared->owner);
	json_member_text(&inner, "key", shared->key);
	json_end_object(&inner);
	assert(json_writer_ok(&inner)); /* both have a size */
	sodium_bin2base64(base64, sizeof(base64), (const unsigned char *)buf_text(&data), data.len,
	                  sodium_base64_VARIANT_ORIGINAL);
	json_member_text(w, "Data", base64);
	sodium_memzero(base64, sizeof(base64));
	buf_clear(&data);
}

bool swarm_body_config(struct buf *buf, const char *name, const struct engine_shared *shared)
{
	char config[SWARM_CONFIG_SIZE];
	struct json_writer w;

	swarm_body_config_name(name, config);
	json_writer_init(&w, buf);
	json_begin_object(&w);
	json_member_text(&w, "Name", config);
	json_key(&w, "Labels");
	json_begin_object(&w);
	json_member_text(&w, DOCKER_LABEL_NAME, name);
	json_end_object(&w);
	write_data(&w, shared);
	json_end_object(&w);
	return json_writer_ok(&w);
}
