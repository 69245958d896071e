/* docker_image: what the Docker Engine says of images. Pure. */
#pragma once

#include "common/err.h"
#include "orchestrator/engine/engine.h"

#define DOCKER_IMAGE_PORTS_MAX 64 /* further ones are left out */

struct docker_image {
	struct engine_image says; /* points into the members below */
	int ports[DOCKER_IMAGE_PORTS_MAX];
	char *health;
	char *user;
	struct strings volumes;
};

/* GET /images/NAME/json. A zeroed image is filled; docker_image_clear frees what is in it, whatever this returns. */
bool docker_json_image_read(const char *text, size_t len, struct docker_image *image, struct err *err) MUST_CHECK;
void docker_image_clear(struct docker_image *image);

/* GET /images/json: adds the names with their tags; images without one have none to add. */
bool docker_json_image_names(const char *text, size_t len, struct strings *names, struct err *err) MUST_CHECK;
