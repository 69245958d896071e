/* web: every reply says what the page may do: run and load what comes from here, and nothing else. No script, style or
 * markup out of people's texts can take effect, even if the page had a hole (Content Security Policy Level 3; trusted
 * types: text cannot become markup at all). Pictures are the API's, and blob: is the one that is about to be
 * posted.
 */
#include "services/web/web.h"

#include "services/web/web_assets.h"

#include <assert.h>

/* braces in macros: versions of clang-format differ */
/* clang-format off */
#define POLICY "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; " \
	"img-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; " \
	"frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'\r\n" \
	"Referrer-Policy: no-referrer\r\n" \
	"X-Content-Type-Options: nosniff\r\n"
/* clang-format on */

/* no-cache: kept, but asked about each time, which costs a 304. So an upgrade shows at once. */
static const char ASKED_ABOUT[] = "Cache-Control: no-cache\r\n" POLICY;
static const char FINAL[] = "Cache-Control: public, max-age=31536000, immutable\r\n" POLICY;

static void reply(struct rest_request *request, const struct asset *asset, const char *fields)
{
	rest_set_etag(request, asset->etag);
	rest_set_fields(request, fields);
	if (rest_etag_matches(request, asset->etag))
		rest_reply_empty(request, 304);
	else
		rest_reply_file(request, asset->type, asset->data, asset->len);
}

void web_on_page(struct rest_request *request, void *owner)
{
	static const struct http_text INDEX = {.data = "index.html", .len = 10};
	bool other;
	const struct asset *page = web_asset_find(INDEX, &other);

	(void)owner;
	assert(page != NULL && !other);
	reply(request, page, ASKED_ABOUT);
}

void web_on_file(struct rest_request *request, void *owner)
{
	bool other = false;
	const struct asset *asset = web_asset_find(rest_name(request, 0), &other);

	(void)owner;
	if (asset == NULL)
		rest_reply_error(request, 404, "the page has no such file");
	else
		reply(request, asset, web_asset_is_final(asset) && !other ? FINAL : ASKED_ABOUT);
}
