/* docker_list_path: see the header. */
#include "orchestrator/engine/docker/docker_list_path.h"

#include "common/buf.h"
#include "common/mem.h"
#include "orchestrator/engine/docker/docker_body.h"

#include <assert.h>
#include <string.h>

char *docker_list_path(const char *path, const char *name)
{
	struct buf filters, whole;
	char *text;
	bool fits;

	buf_init(&filters, DOCKER_BODY_MAX);
	buf_init(&whole, DOCKER_BODY_MAX);
	fits = docker_body_list_filters(&filters, name) &&
	       buf_add_format(&whole, "%s%cfilters=", path, strchr(path, '?') == NULL ? '?' : '&') &&
	       docker_body_escape(&whole, buf_text(&filters));
	assert(fits);
	text = mem_dup(buf_text(&whole));
	buf_clear(&filters);
	buf_clear(&whole);
	return text;
}
