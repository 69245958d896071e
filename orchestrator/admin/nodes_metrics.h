/* nodes_metrics: samples of the hosts that containers are on; none by an engine of one host. */
#pragma once

#include "orchestrator/admin/exposition.h"
#include "orchestrator/fleet/supervisors.h"

void nodes_metrics_up(struct exposition *out, const struct supervisors *supervisors);
void nodes_metrics_backends(struct exposition *out, const struct supervisors *supervisors,
                            struct supervisor *supervisor);
void nodes_metrics_loss(struct exposition *out, const struct supervisors *supervisors);
