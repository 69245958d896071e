/* docker_body: engine_spec and engine_place as the bodies that the Docker Engine takes.
 *
 * The shapes hold for API 1.24 to 1.55: fields that an old engine does not know it ignores.
 */
#include "orchestrator/engine/docker/docker_body.h"

#include "common/json.h"
#include "orchestrator/engine/docker/docker_await.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define NANO_CPUS 1e9

const char *const docker_reach_words[] = {
        [REACH_PUBLISHED] = "published", [REACH_BRIDGE] = "bridge", [REACH_SOCKET] = "socket", NULL};

static void write_number_label(struct json_writer *w, const char *label, int number)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", number);
	json_member_text(w, label, text);
}

/* Of a network or a volume; spec: NULL where it is no service's. */
static void write_labels(struct json_writer *w, const char *name, const struct engine_spec *spec)
{
	json_key(w, "Labels");
	json_begin_object(w);
	json_member_text(w, DOCKER_LABEL_NAME, name);
	if (spec != NULL)
		json_member_text(w, DOCKER_LABEL_SERVICE, spec->service);
	json_end_object(w);
}

static void write_container_labels(struct json_writer *w, const struct docker_gift *gift,
                                   const struct engine_spec *spec, const struct engine_place *place)
{
	json_key(w, "Labels");
	json_begin_object(w);
	json_member_text(w, DOCKER_LABEL_NAME, gift->name);
	json_member_text(w, DOCKER_LABEL_OWNER, gift->owner);
	if (gift->identity[0] != '\0')
		json_member_text(w, DOCKER_LABEL_IDENTITY, gift->identity);
	json_member_text(w, DOCKER_LABEL_SERVICE, spec->service);
	json_member_text(w, DOCKER_LABEL_SPEC, spec->hash);
	json_member_text(w, DOCKER_LABEL_REACH, docker_reach_words[spec->reach]);
	write_number_label(w, DOCKER_LABEL_SLOT, place->slot);
	write_number_label(w, DOCKER_LABEL_PORT, place->host_port);
	write_number_label(w, DOCKER_LABEL_INSIDE, spec->port);
	json_member_text(w, DOCKER_LABEL_SOCKET, gift->socket_dir);
	json_end_object(w);
}

static void write_texts(struct json_writer *w, const struct strings *texts)
{
	for (size_t i = 0; texts != NULL && i < texts->count; i++)
		json_text(w, texts->items[i]);
}

static bool env_has(const struct strings *env, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; env != NULL && i < env->count; i++)
		if (strncmp(env->items[i], name, len) == 0 && env->items[i][len] == '=')
			return true;
	return false;
}

/* A service reached through a socket listens there as well, unless its configuration says where it listens. */
static void write_env(struct json_writer *w, const struct docker_gift *gift, const struct engine_spec *spec)
{
	char listen[80], identity[sizeof(ENGINE_IDENTITY_KEY) + ENGINE_IDENTITY_SIZE];

	json_key(w, "Env");
	json_begin_array(w);
	write_texts(w, spec->env);
	if (spec->reach == REACH_SOCKET && !env_has(spec->env, "LISTEN")) {
		snprintf(listen, sizeof(listen), "LISTEN=0.0.0.0:%d,unix:" DOCKER_SOCKET_MOUNT "/http", spec->port);
		json_text(w, listen);
	}
	if (gift->identity[0] != '\0') {
		snprintf(identity, sizeof(identity), ENGINE_IDENTITY_KEY "=%s", gift->identity);
		json_text(w, identity);
	}
	json_end_array(w);
}

static void write_port_bindings(struct json_writer *w, const struct engine_spec *spec, int host_port)
{
	char inside[24];
	char outside[16];

	snprintf(inside, sizeof(inside), "%d/tcp", spec->port);
	snprintf(outside, sizeof(outside), "%d", host_port);
	json_key(w, "PortBindings");
	json_begin_object(w);
	if (host_port > 0 && spec->publish != NULL && spec->publish->count > 0) {
		json_key(w, inside);
		json_begin_array(w);
		for (size_t i = 0; i < spec->publish->count; i++) {
			json_begin_object(w);
			json_member_text(w, "HostIp", spec->publish->items[i]);
			json_member_text(w, "HostPort", outside);
			json_end_object(w);
		}
		json_end_array(w);
	}
	json_end_object(w);
}

static void write_binds(struct json_writer *w, const struct engine_spec *spec, const char *socket_dir)
{
	char bind[512];
	int len;

	json_key(w, "Binds");
	json_begin_array(w);
	write_texts(w, spec->volumes);
	if (socket_dir[0] != '\0') {
		len = snprintf(bind, sizeof(bind), "%s:" DOCKER_SOCKET_MOUNT, socket_dir);
		assert(len > 0 && (size_t)len < sizeof(bind));
		json_text(w, bind);
	}
	json_end_array(w);
}

/* Not a bind: of one whose source is missing Docker makes a folder. */
static void write_await_mount(struct json_writer *w, const char *await_file)
{
	json_key(w, "Mounts");
	json_begin_array(w);
	json_begin_object(w);
	json_member_text(w, "Type", "bind");
	json_member_text(w, "Source", await_file);
	json_member_text(w, "Target", DOCKER_AWAIT_MOUNT);
	json_member_bool(w, "ReadOnly", true);
	json_end_object(w);
	json_end_array(w);
}

void docker_body_log_options(struct json_writer *w, const char *key)
{
	json_key(w, key);
	json_begin_object(w);
	json_member_text(w, "max-size", "10m");
	json_member_text(w, "max-file", "2");
	json_end_object(w);
}

static void write_log(struct json_writer *w)
{
	json_key(w, "LogConfig");
	json_begin_object(w);
	json_member_text(w, "Type", DOCKER_LOG_DRIVER);
	docker_body_log_options(w, "Config");
	json_end_object(w);
}

static void write_host_config(struct json_writer *w, const struct docker_gift *gift, const struct engine_spec *spec,
                              const struct engine_place *place)
{
	json_key(w, "HostConfig");
	json_begin_object(w);
	write_port_bindings(w, spec, gift->unpublished ? 0 : place->host_port);
	write_binds(w, spec, gift->socket_dir);
	if (gift->await_file != NULL)
		write_await_mount(w, gift->await_file);
	json_member_text(w, "NetworkMode", gift->name);
	json_key(w, "RestartPolicy");
	json_begin_object(w);
	json_member_text(w, "Name", "no"); /* the supervisor restarts, nobody else */
	json_end_object(w);
	json_member_number(w, "Memory", (int64_t)spec->memory_mb << 20);
	json_member_number(w, "NanoCpus", (int64_t)(spec->cpus * NANO_CPUS));
	json_member_bool(w, "Init", false);
	if (gift->log_files)
		write_log(w);
	json_end_object(w);
}

/* The service's name resolves to its containers. */
static void write_alias(struct json_writer *w, const char *service)
{
	json_key(w, "Aliases");
	json_begin_array(w);
	json_text(w, service);
	json_end_array(w);
}

/* No alias for a spare, which is paused and would only swallow connects. */
static void write_networking(struct json_writer *w, const char *name, const struct engine_spec *spec,
                             const struct engine_place *place)
{
	json_key(w, "NetworkingConfig");
	json_begin_object(w);
	json_key(w, "EndpointsConfig");
	json_begin_object(w);
	json_key(w, name);
	json_begin_object(w);
	if (place->slot >= 0)
		write_alias(w, spec->service);
	json_end_object(w);
	json_end_object(w);
	json_end_object(w);
}

static void write_words(struct json_writer *w, const char *key, const struct strings *words)
{
	json_key(w, key);
	json_begin_array(w);
	write_texts(w, words);
	json_end_array(w);
}

bool docker_body_create(struct buf *buf, const struct docker_gift *gift, const struct engine_spec *spec,
                        const struct engine_place *place)
{
	struct json_writer w;
	char inside[24];

	snprintf(inside, sizeof(inside), "%d/tcp", spec->port);
	json_writer_init(&w, buf);
	json_begin_object(&w);
	json_member_text(&w, "Image", spec->image);
	if (gift->await_file == NULL && spec->command != NULL && spec->command->count > 0)
		write_words(&w, "Cmd", spec->command);
	write_env(&w, gift, spec);
	write_container_labels(&w, gift, spec, place);
	json_key(&w, "ExposedPorts");
	json_begin_object(&w);
	json_key(&w, inside);
	json_begin_object(&w);
	json_end_object(&w);
	json_end_object(&w);
	write_host_config(&w, gift, spec, place);
	write_networking(&w, gift->name, spec, place);
	json_end_object(&w);
	return json_writer_ok(&w);
}

bool docker_body_create_await(struct buf *buf, const char *create, const struct strings *words)
{
	const struct strings await = {(char *[]){DOCKER_AWAIT_MOUNT}, 1};
	struct json_writer w;

	json_writer_init(&w, buf);
	json_begin_object(&w);
	write_words(&w, "Entrypoint", &await);
	write_words(&w, "Cmd", words);
	assert(create[0] == '{');
	return json_writer_ok(&w) && buf_add_format(buf, ",%s", create + 1);
}

bool docker_body_network(struct buf *buf, const char *name)
{
	struct json_writer w;

	json_writer_init(&w, buf);
	json_begin_object(&w);
	json_member_text(&w, "Name", name);
	json_member_bool(&w, "CheckDuplicate", true); /* else engines before API 1.44 make a second one */
	json_member_text(&w, "Driver", "bridge");
	write_labels(&w, name, NULL);
	json_end_object(&w);
	return json_writer_ok(&w);
}

bool docker_body_disconnect(struct buf *buf, const char *id)
{
	struct json_writer w;

	json_writer_init(&w, buf);
	json_begin_object(&w);
	json_member_text(&w, "Container", id);
	json_end_object(&w);
	return json_writer_ok(&w);
}

bool docker_body_connect(struct buf *buf, const char *id, const char *service)
{
	struct json_writer w;

	json_writer_init(&w, buf);
	json_begin_object(&w);
	json_member_text(&w, "Container", id);
	json_key(&w, "EndpointConfig");
	json_begin_object(&w);
	write_alias(&w, service);
	json_end_object(&w);
	json_end_object(&w);
	return json_writer_ok(&w);
}

bool docker_body_network_path(struct buf *buf, const char *name, const char *verb)
{
	return buf_add_text(buf, "/networks/") && docker_body_escape(buf, name) && buf_add_format(buf, "/%s", verb);
}

bool docker_body_image_path(struct buf *buf, const char *image)
{
	return buf_add_text(buf, "/images/") && docker_body_escape(buf, image) && buf_add_text(buf, "/json");
}

size_t docker_body_volume_name(const char *volume)
{
	const char *colon = strchr(volume, ':');

	if (colon == NULL || volume[0] == '/' || volume[0] == '.' || volume[0] == '~')
		return 0;
	return (size_t)(colon - volume);
}

bool docker_body_volume(struct buf *buf, const char *name, const struct engine_spec *spec, const char *volume)
{
	struct json_writer w;

	json_writer_init(&w, buf);
	json_begin_object(&w);
	json_key(&w, "Name");
	json_text_n(&w, volume, docker_body_volume_name(volume));
	write_labels(&w, name, spec);
	json_end_object(&w);
	return json_writer_ok(&w);
}

static void write_label_filter(struct json_writer *w, const char *name)
{
	char label[ENGINE_NAME_SIZE + sizeof(DOCKER_LABEL_NAME) + 1];
	int len = snprintf(label, sizeof(label), DOCKER_LABEL_NAME "=%s", name);

	assert(len > 0 && (size_t)len < sizeof(label));
	json_key(w, "label");
	json_begin_array(w);
	json_text(w, label);
	json_end_array(w);
}

bool docker_body_list_filters(struct buf *buf, const char *name)
{
	struct json_writer w;

	json_writer_init(&w, buf);
	json_begin_object(&w);
	write_label_filter(&w, name);
	json_end_object(&w);
	return json_writer_ok(&w);
}

bool docker_body_event_filters(struct buf *buf, const char *name)
{
	static const char *const actions[] = {"die", "kill", "oom", "start", "pause", "unpause", "destroy"};
	struct json_writer w;

	json_writer_init(&w, buf);
	json_begin_object(&w);
	json_key(&w, "type");
	json_begin_array(&w);
	json_text(&w, "container");
	json_end_array(&w);
	json_key(&w, "event");
	json_begin_array(&w);
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		json_text(&w, actions[i]);
	json_end_array(&w);
	write_label_filter(&w, name);
	json_end_object(&w);
	return json_writer_ok(&w);
}

bool docker_body_escape(struct buf *buf, const char *text)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/:";

	while (*text != '\0') {
		size_t len = strspn(text, plain);

		if (!buf_add(buf, text, len))
			return false;
		text += len;
		if (*text == '\0')
			break;
		if (!buf_add_format(buf, "%%%02X", (unsigned)(unsigned char)*text))
			return false;
		text++;
	}
	return true;
}
