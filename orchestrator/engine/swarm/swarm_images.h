/* swarm_images: by which id all nodes know the images of our services. Named otherwise, a node tries a registry first. */
#pragma once

#include <stddef.h>

#define SWARM_IMAGE_ID_SIZE 80 /* "sha256:", 64 digits, a NUL, and some */

struct swarm_image {
	char *name;
	char id[SWARM_IMAGE_ID_SIZE];
};

struct swarm_images {
	struct swarm_image *items;
	size_t count;
};

void swarm_images_set(struct swarm_images *images, const char *name, const char *id);

/* The name itself where its id is not known. */
const char *swarm_images_id(const struct swarm_images *images, const char *name);
void swarm_images_clear(struct swarm_images *images);
