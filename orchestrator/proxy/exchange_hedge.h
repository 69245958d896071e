/* exchange_hedge: two trials at once. */
#pragma once

#include "orchestrator/proxy/exchange_struct.h"

/* The trial's backend seems to hang: another one is asked as well, if that is harmless and there is one. */
void exchange_hedge(struct trial *trial);
