/* lost_ports: host ports that the engine holds and no container has (ENGINE_PORT_LOST), until it is started again. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define LOST_PORTS_MOST 64

struct lost_ports {
	int ports[LOST_PORTS_MOST];
	size_t count;
};

bool lost_ports_add(struct lost_ports *lost, int port); /* once; false: there are too many */
bool lost_ports_have_room(const struct lost_ports *lost);
bool lost_ports_has(const struct lost_ports *lost, int port);
