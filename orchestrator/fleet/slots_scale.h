/* slots_scale: the scaler's number -> which slots are live. */
#pragma once

#include "orchestrator/fleet/scaler.h"
#include "orchestrator/fleet/slots.h"

struct slots_scale {
	struct slots *slots;
	struct scaler scaler;
	size_t waiting; /* requests in the proxy, for a container */
};

void slots_scale_init(struct slots_scale *scale, struct slots *slots);
void slots_scale_count(struct slots_scale *scale); /* one request */
/* Other orchestrators counted so many; waiting: with one of them requests wait. */
void slots_scale_count_others(struct slots_scale *scale, uint64_t requests, bool waiting);
void slots_scale_waiting(struct slots_scale *scale, size_t requests);                    /* so many are held now */
bool slots_scale_ask(struct slots_scale *scale, int wanted, struct err *err) MUST_CHECK; /* an operator's number */
void slots_scale_adopted(struct slots_scale *scale); /* what was found in the first list is what is wanted */
void slots_scale_step(struct slots_scale *scale);
