/* lost_ports: a short list, looked through from its start: ports are lost one at a time, and seldom. */
#include "orchestrator/engine/docker/lost_ports.h"

bool lost_ports_has(const struct lost_ports *lost, int port)
{
	for (size_t i = 0; i < lost->count; i++) {
		if (lost->ports[i] == port)
			return true;
	}
	return false;
}

bool lost_ports_have_room(const struct lost_ports *lost)
{
	return lost->count < LOST_PORTS_MOST;
}

bool lost_ports_add(struct lost_ports *lost, int port)
{
	if (lost_ports_has(lost, port))
		return true;
	if (lost->count == LOST_PORTS_MOST)
		return false;
	lost->ports[lost->count++] = port;
	return true;
}
