/* holders: which container, of whichever service of the engine, has a name or a port. */
#pragma once

#include "orchestrator/fleet/container.h"

/* Some container of one of the services has the name. Where it is another service's, all is woken once a name gets free. */
bool holders_name_in_use(struct containers *all, const char *name);

/* Another container, of whichever service, than that slot's that has this host port; NULL: none known, or port is 0. Where it is
 * another service's, all is woken once a port gets free. */
const struct container *holders_of_port(struct containers *all, int port, int slot);

/* The container's port is that of one on its way out, or of another service's, which has to move. */
bool holders_port_leaves(const struct container *container);

/* Does one of the services have this container of a list, or is it just making it? */
bool holders_know(struct harbour *harbour, const struct engine_container *listed);
