/* docker_refusals: host ports that Docker has just said are allocated, and since when. Pure.
 *
 * The port of a container that is ending is allocated for some 70 ms more, and is asked for every few milliseconds; so
 * only a port that has been refused for longer is worth a question of its own.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define DOCKER_REFUSALS_US 400000          /* for longer than this */
#define DOCKER_REFUSALS_FORGET_US 40000000 /* the next one after such a pause is a first one: no back-off is as long */
#define DOCKER_REFUSALS_MOST 64            /* of more ports, the one that was refused longest ago is forgotten */

struct docker_refusals {
	struct {
		int port; /* 0: none */
		int64_t first_us, last_us;
	} items[DOCKER_REFUSALS_MOST];
};

/* port was refused; true: it has been for long. */
bool docker_refusals_note(struct docker_refusals *refusals, int port, int64_t now_us);
