/* web: every reply says what the page may do: run and load what comes from here, and nothing else. No script, style or
 * markup out of people's texts can take effect, even if the page had a hole (Content Security Policy Level 3; trusted
 * types: text cannot become markup at all). Pictures are made from the API's base64, hence data: and blob:.
 */
#include "services/web/web.h"

#include "services/web/web_assets.h"

#include <assert.h>

/* no-cache: kept, but asked about each time, which costs a 304. So an upgrade shows at once. */
static const char FIELDS[] = "Cache-Control: no-cache\r\n"
                             "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; "
                             "img-src 'self' data: blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
                             "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'\r\n"
                             "Referrer-Policy: no-referrer\r\n"
                             "X-Content-Type-Options: nosniff\r\n";

static void reply(struct rest_request *request, const struct asset *asset)
{
	rest_set_etag(request, asset->etag);
	rest_set_fields(request, FIELDS);
	if (rest_etag_matches(request, asset->etag))
		rest_reply_empty(request, 304);
	else
		rest_reply_file(request, asset->type, asset->data, asset->len);
}

void web_on_page(struct rest_request *request, void *owner)
{
	static const struct http_text INDEX = {.data = "index.html", .len = 10};
	const struct asset *page = web_asset_find(INDEX);

	(void)owner;
	assert(page != NULL);
	reply(request, page);
}

void web_on_file(struct rest_request *request, void *owner)
{
	const struct asset *asset = web_asset_find(rest_name(request, 0));

	(void)owner;
	if (asset == NULL)
		rest_reply_error(request, 404, "the page has no such file");
	else
		reply(request, asset);
}
