/* A short list, looked through from its start: ports are lost one at a time, and seldom. */
#include "orchestrator/fleet/lost_ports.h"

static size_t find(const struct lost_ports *ports, int port)
{
	size_t i = 0;

	while (i < ports->count && ports->items[i].port != port)
		i++;
	return i;
}

bool lost_ports_note(struct lost_ports *ports, int port, int64_t now_us)
{
	size_t i = find(ports, port);

	if (i == LOST_PORTS_MOST)
		return false;
	if (i == ports->count) {
		ports->count++;
		ports->items[i].port = port;
		ports->items[i].first_us = now_us;
		ports->items[i].sure = false;
	}
	ports->items[i].sure = now_us - ports->items[i].first_us >= LOST_PORTS_US;
	return ports->items[i].sure;
}

bool lost_ports_has(const struct lost_ports *ports, int port)
{
	size_t i = find(ports, port);

	return i < ports->count && ports->items[i].sure;
}

void lost_ports_forget(struct lost_ports *ports, int port)
{
	size_t i = find(ports, port);

	if (i < ports->count)
		ports->items[i] = ports->items[--ports->count];
}
