/* web_assets: finding a file by its name: there are some twenty. */
#include "services/web/web_assets.h"

#include <string.h>

const struct asset *web_asset_find(struct http_text name)
{
	for (size_t i = 0; i < web_assets_count; i++) {
		const char *have = web_assets[i].name;
		if (strlen(have) == name.len && memcmp(have, name.data, name.len) == 0)
			return &web_assets[i];
	}
	return NULL;
}
