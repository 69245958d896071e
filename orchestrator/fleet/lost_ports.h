/* lost_ports: host ports that the engine holds and no container has (ENGINE_PORT_LOST), until it is started again.
 *
 * A port is lost once the engine has said so twice, LOST_PORTS_US apart: that of a container that is just ending may look
 * the same for a moment. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOST_PORTS_US 400000
#define LOST_PORTS_MOST 64 /* more are not remembered */

struct lost_ports {
	struct {
		int port;
		int64_t first_us; /* when the engine said so first */
		bool sure;
	} items[LOST_PORTS_MOST];
	size_t count;
};

bool lost_ports_note(struct lost_ports *ports, int port, int64_t now_us); /* true: from now on it is lost */
bool lost_ports_has(const struct lost_ports *ports, int port);
void lost_ports_forget(struct lost_ports *ports, int port); /* it could be had */
