/* host_loss: does it look as if a container's host were gone, and not the container alone? */
#pragma once

#include "orchestrator/fleet/container.h"

/* Its container is lost: the engine is told where its last probe got no word at all, and nothing else at the same address has
 * answered a probe since the trouble began. */
void host_loss_tell(const struct container *container);
