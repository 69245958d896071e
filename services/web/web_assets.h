/* web_assets: the files of page/, as they were when this was built.  The table is made by embed.cmake. */
#pragma once

#include "common/asset.h"
#include "common/http_head.h"

#include <stddef.h>

extern const struct asset web_assets[]; /* by name */
extern const size_t web_assets_count;

/* NULL: there is none of this name. */
const struct asset *web_asset_find(struct http_text name);
