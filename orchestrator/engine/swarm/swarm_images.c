/* swarm_images: see the header. */
#include "orchestrator/engine/swarm/swarm_images.h"

#include "common/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct swarm_image *find(const struct swarm_images *images, const char *name)
{
	for (size_t i = 0; i < images->count; i++)
		if (strcmp(images->items[i].name, name) == 0)
			return &images->items[i];
	return NULL;
}

void swarm_images_set(struct swarm_images *images, const char *name, const char *id)
{
	struct swarm_image *image = find(images, name);

	if (image == NULL) {
		images->items = mem_array(images->items, images->count + 1, sizeof(*images->items));
		image = &images->items[images->count++];
		image->name = mem_dup(name);
	}
	snprintf(image->id, sizeof(image->id), "%s", id);
}

const char *swarm_images_id(const struct swarm_images *images, const char *name)
{
	const struct swarm_image *image = find(images, name);

	return image != NULL ? image->id : name;
}

void swarm_images_clear(struct swarm_images *images)
{
	for (size_t i = 0; i < images->count; i++)
		free(images->items[i].name);
	free(images->items);
	*images = (struct swarm_images){0};
}
