/* spare_stand_in: which slots need somebody in their stead, and which spares do it. */
#pragma once

#include "orchestrator/fleet/spare.h"

void stand_ins_assign(struct spares *spares);
void stand_in_settle(struct spare *spare); /* it serves in its slot's stead */
