/* request: a few spare ones are kept with their head buffers, since every request needs one. */
#include "orchestrator/proxy/request.h"

#include "common/mem.h"

#include <stdlib.h>

#define SPARES_MAX 64

static struct request *spares[SPARES_MAX];
static unsigned spare_count;

struct request *request_new(size_t head_max, size_t body_max)
{
	struct request *request;

	if (spare_count > 0) {
		request = spares[--spare_count];
	} else {
		request = mem_zero(sizeof(*request));
		buf_init(&request->head, head_max);
		buf_init(&request->body, body_max);
	}
	request->head.max = head_max;
	request->body.max = body_max;
	return request;
}

void request_free(struct request *request)
{
	if (request == NULL)
		return;
	buf_clear(&request->body);
	buf_reset(&request->head);
	if (spare_count < SPARES_MAX) {
		spares[spare_count++] = request;
		return;
	}
	buf_clear(&request->head);
	free(request);
}

void request_free_spares(void)
{
	while (spare_count > 0) {
		struct request *request = spares[--spare_count];
		buf_clear(&request->head);
		free(request);
	}
}
