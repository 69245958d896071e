/* docker_refusals: a table without order, looked through from its start: refusals are seldom. */
#include "orchestrator/engine/docker/docker_refusals.h"

#include <stddef.h>

/* The port's place; where it has none, that of nobody or of whoever was refused longest ago. */
static size_t place_of(const struct docker_refusals *refusals, int port)
{
	size_t oldest = 0;

	for (size_t i = 0; i < DOCKER_REFUSALS_MOST; i++) {
		if (refusals->items[i].port == port)
			return i;
		if (refusals->items[i].last_us < refusals->items[oldest].last_us)
			oldest = i;
	}
	return oldest;
}

bool docker_refusals_note(struct docker_refusals *refusals, int port, int64_t now_us)
{
	size_t i = place_of(refusals, port);

	if (refusals->items[i].port != port || now_us - refusals->items[i].last_us > DOCKER_REFUSALS_FORGET_US) {
		refusals->items[i].port = port;
		refusals->items[i].first_us = now_us;
	}
	refusals->items[i].last_us = now_us;
	return now_us - refusals->items[i].first_us >= DOCKER_REFUSALS_US;
}
