/* image_advice: another tag of the same name goes before another name, and a name's last part before the whole of it. */
#include "orchestrator/cli/init/image_advice.h"

#include "common/alike.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define LATEST ":latest"

static size_t untagged_len(const char *image)
{
	const char *slash = strrchr(image, '/'), *colon = strchr(slash != NULL ? slash : image, ':');

	return colon != NULL ? (size_t)(colon - image) : strlen(image);
}

static const char *last_part(const char *image)
{
	const char *slash = strrchr(image, '/');

	return slash != NULL ? slash + 1 : image;
}

static bool is_other_tag(const char *image, const char *name)
{
	size_t len = untagged_len(image);

	return len == untagged_len(name) && memcmp(image, name, len) == 0;
}

/* "registry/team/hello:2" and "hello:2". */
static bool is_other_place(const char *image, const char *name)
{
	size_t len = untagged_len(last_part(image));

	return len == untagged_len(last_part(name)) && memcmp(last_part(image), last_part(name), len) == 0;
}

static const char *find(const char *image, const struct strings *names, bool (*fits)(const char *, const char *))
{
	for (size_t i = 0; i < names->count; i++)
		if (fits(image, names->items[i]))
			return names->items[i];
	return NULL;
}

/* Of names without their tags, so that a short name is not near to another for its tag alone. */
static const char *find_near(const char *image, const struct strings *names)
{
	char word[ALIKE_LEN_MAX + 1], bare[ALIKE_LEN_MAX + 1];
	const char *found = NULL;
	size_t best = 0;

	if (untagged_len(image) > ALIKE_LEN_MAX)
		return NULL;
	snprintf(word, sizeof(word), "%.*s", (int)untagged_len(image), image);
	for (size_t i = 0; i < names->count; i++) {
		struct alike alike;

		if (untagged_len(names->items[i]) > ALIKE_LEN_MAX)
			continue;
		snprintf(bare, sizeof(bare), "%.*s", (int)untagged_len(names->items[i]), names->items[i]);
		alike_begin(&alike, word);
		alike_offer(&alike, bare);
		if (alike.nearest == NULL || (found != NULL && alike.distance >= best))
			continue;
		found = names->items[i];
		best = alike.distance;
	}
	return found;
}

void image_advice(const char *image, const struct strings *names, char *text, size_t size)
{
	const char *meant = find(image, names, is_other_tag);

	if (meant == NULL)
		meant = find(image, names, is_other_place);
	if (meant == NULL)
		meant = find_near(image, names);
	if (meant != NULL) {
		size_t len = strlen(meant), tail = strlen(LATEST);
		bool latest = len > tail && strcmp(meant + len - tail, LATEST) == 0;

		snprintf(text, size, "there is no image \"%s\" on this host; did you mean \"%.*s\"?", image,
		         (int)(latest ? len - tail : len), meant);
	} else {
		snprintf(
		        text, size,
		        "there is no image \"%s\" on this host: build it (docker build --tag %s .) or fetch it (docker pull %s)",
		        image, image, image);
	}
}
