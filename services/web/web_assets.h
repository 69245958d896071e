/* web_assets: the files that bundle.cmake made of page/ when this was built. The table is made by embed.cmake. */
#pragma once

#include "common/asset.h"
#include "common/http_head.h"

#include <stdbool.h>
#include <stddef.h>

extern const struct asset web_assets[]; /* by name */
extern const size_t web_assets_count;

/* NULL: there is none of this name. *other: what was asked for is the same file of another version, "page.js" or
 * "page.0123.js" where there is "page.4567.js". While containers are replaced, a new one's page may ask an old one for its
 * script; what the old one has is better than nothing. */
const struct asset *web_asset_find(struct http_text name, bool *other);

/* Has its name the hash of its content in it? */
bool web_asset_is_final(const struct asset *asset);
