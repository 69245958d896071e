/* web_assets: the files of page/, as they were when this was built.  The table is made by embed.cmake. */
#pragma once

#include "common/http_head.h"

#include <stddef.h>

struct web_asset {
	const char *name; /* of the file, without folder */
	const char *type; /* for Content-Type */
	const char *etag; /* with its quotes */
	const unsigned char *data;
	size_t len;
};

extern const struct web_asset web_assets[]; /* by name */
extern const size_t web_asset_count;

/* NULL: there is none of this name. */
const struct web_asset *web_asset_find(struct http_text name);
