/* web_assets: finding a file by its name; there are four. */
#include "services/web/web_assets.h"

#include <string.h>

static struct http_text text_of(const char *text)
{
	return (struct http_text){.data = text, .len = (uint32_t)strlen(text)};
}

/* A name without what lies between its first and its last point. */
struct version_free {
	struct http_text stem, ending;
};

static struct version_free free_of_version(struct http_text name)
{
	const char *first = memchr(name.data, '.', name.len), *last = memrchr(name.data, '.', name.len);
	const char *end = name.data + name.len;

	if (first == NULL || last == NULL)
		return (struct version_free){.stem = name};
	return (struct version_free){.stem = {name.data, (uint32_t)(first - name.data)},
	                             .ending = {last, (uint32_t)(end - last)}};
}

static bool same(struct http_text a, struct http_text b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

bool web_asset_is_final(const struct asset *asset)
{
	return strchr(asset->name, '.') != strrchr(asset->name, '.');
}

const struct asset *web_asset_find(struct http_text name, bool *other)
{
	struct version_free wanted = free_of_version(name);

	for (size_t i = 0; wanted.ending.len > 0 && i < web_assets_count; i++) {
		struct http_text have = text_of(web_assets[i].name);
		struct version_free kept = free_of_version(have);
		*other = !same(have, name);
		if (!*other || (web_asset_is_final(&web_assets[i]) && same(kept.stem, wanted.stem) &&
		                same(kept.ending, wanted.ending)))
			return &web_assets[i];
	}
	return NULL;
}
