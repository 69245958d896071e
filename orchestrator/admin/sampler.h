/* sampler: looks at the fleet once a second, so that curves have their numbers whether anybody watches or not. */
#pragma once

#include "orchestrator/admin/desk.h"

struct sampler;

/* For the desk's curves; its events hear of each step that ended. The desk is borrowed. */
struct sampler *sampler_new(struct desk *desk);
void sampler_free(struct sampler *sampler); /* NULL is fine */
