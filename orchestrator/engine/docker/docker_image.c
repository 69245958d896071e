/* docker_image: Config of an image, as far as it says where and how to ask what runs from it; and the list of all.
 *
 * Nothing of it is trusted to be there, to be short, or in any order.
 */
#include "orchestrator/engine/docker/docker_image.h"

#include "common/json.h"
#include "common/mem.h"
#include "orchestrator/engine/docker/docker_json_values.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEALTH_SIZE 1024
#define USER_SIZE 256
#define PORT_MAX 65535

static const struct json_limits limits = {.depth = 32, .nodes = 1000000};

static int compare_ports(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* "8000/tcp", or "8000", is a port; of "53/udp" we know nothing to do. */
static int read_port(const struct json_value *exposed)
{
	char text[16], *slash;
	int port;

	snprintf(text, sizeof(text), "%s", exposed->key);
	slash = strchr(text, '/');
	if (slash != NULL && strcmp(slash, "/tcp") != 0)
		return 0;
	if (slash != NULL)
		*slash = '\0';
	return docker_json_read_decimal(text, &port) && port > 0 && port <= PORT_MAX ? port : 0;
}

static void take_ports(const struct json_value *exposed, struct docker_image *image)
{
	size_t count = 0;

	for (const struct json_value *one = json_members(exposed); one != NULL; one = one->next) {
		int port = read_port(one);

		if (port != 0 && count < DOCKER_IMAGE_PORTS_MAX)
			image->ports[count++] = port;
	}
	qsort(image->ports, count, sizeof(image->ports[0]), compare_ports);
	image->says.ports = image->ports;
	image->says.port_count = count;
}

static void take_volumes(const struct json_value *volumes, struct docker_image *image)
{
	for (const struct json_value *one = json_members(volumes); one != NULL; one = one->next)
		if (one->key[0] == '/')
			strings_add(&image->volumes, one->key);
	if (image->volumes.count > 1)
		qsort(image->volumes.items, image->volumes.count, sizeof(image->volumes.items[0]), compare_texts);
	image->says.volumes = &image->volumes;
}

/* Test: ["CMD-SHELL", "curl -f http://localhost/ || exit 1"], ["CMD", "/check", "x"], ["NONE"]. */
static void take_health(const struct json_value *test, struct docker_image *image)
{
	char text[HEALTH_SIZE] = "";
	size_t len = 0;
	const struct json_value *kind = test != NULL ? test->first : NULL;

	if (kind != NULL && (json_text_is(kind, "CMD") || json_text_is(kind, "CMD-SHELL")))
		for (const struct json_value *word = kind->next; word != NULL && len < sizeof(text) - 1;
		     word = word->next) {
			char one[HEALTH_SIZE];

			docker_json_take_text(word, one, sizeof(one));
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s", len > 0 ? " " : "", one);
		}
	image->health = mem_dup(text);
	image->says.health = image->health;
}

bool docker_json_image_read(const char *text, size_t len, struct docker_image *image, struct err *err)
{
	const struct json_value *config;
	char user[USER_SIZE];
	struct json_doc *doc;

	if (!json_parse(text, len, &limits, &doc, err))
		return err_prefix(err, "image");
	config = json_get(json_root(doc), "Config");
	take_ports(json_get(config, "ExposedPorts"), image);
	take_volumes(json_get(config, "Volumes"), image);
	take_health(json_path(config, "Healthcheck", "Test", NULL), image);
	docker_json_take_text(json_get(config, "User"), user, sizeof(user));
	image->user = mem_dup(user);
	image->says.user = image->user;
	json_free(doc);
	return true;
}

void docker_image_clear(struct docker_image *image)
{
	free(image->health);
	free(image->user);
	strings_clear(&image->volumes);
}

bool docker_json_image_names(const char *text, size_t len, struct strings *names, struct err *err)
{
	struct json_doc *doc;

	if (!json_parse(text, len, &limits, &doc, err))
		return err_prefix(err, "list of images");
	for (const struct json_value *image = json_root(doc)->first; image != NULL; image = image->next) {
		const struct json_value *tags = json_get(image, "RepoTags");

		for (const struct json_value *tag = tags != NULL ? tags->first : NULL; tag != NULL; tag = tag->next) {
			char *name = json_dup_text(tag);

			if (name != NULL && strcmp(name, "<none>:<none>") != 0)
				strings_add(names, name);
			free(name);
		}
	}
	json_free(doc);
	return true;
}
