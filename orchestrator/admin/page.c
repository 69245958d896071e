/* page: a table of files, sent under a policy that lets the page do nothing but what it is made for.
 *
 * Invariant: whatever text reaches the page, no script but our own files runs: none in its markup, none made from text
 * (trusted types), none from elsewhere; and nobody can put it into a frame to steal clicks.
 */
#include "orchestrator/admin/page.h"

#include "orchestrator/admin/call.h"

#include <string.h>

static const char policy[] =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'";

const struct asset *page_find(const char *path)
{
	const char *name = strcmp(path, "/") == 0 ? "index.html" : path + (path[0] == '/');

	for (size_t i = 0; i < page_files_count; i++)
		if (strcmp(page_files[i].name, name) == 0)
			return &page_files[i];
	return NULL;
}

void page_answer(const struct call *call, const struct asset *file)
{
	struct buf body;

	buf_init(&body, CALL_REPLY_MAX);
	call_add_header(call, "Content-Security-Policy", policy);
	call_add_header(call, "Referrer-Policy", "no-referrer");
	call_add_header(call, "Cross-Origin-Opener-Policy", "same-origin");
	call_add_header(call, "Cross-Origin-Resource-Policy", "same-origin");
	if (buf_add(&body, file->data, file->len))
		call_reply(call, 200, file->type, &body);
	else
		call_problem(call, 500, "the page is too large");
	buf_clear(&body);
}
