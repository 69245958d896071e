/* fleet_ask: what is the fleet now? */
#pragma once

#include "common/json.h"
#include "orchestrator/cli/client/wire.h"

/* The document of GET /api/fleet. Ownership: the caller frees it with fleet_answer_clear; before the first time it is
 * made by fleet_answer_init. */
struct fleet_answer {
	struct buf text;
	struct json_doc *doc; /* borrows from text; NULL: there was no good answer */
};

void fleet_answer_init(struct fleet_answer *answer);
void fleet_answer_clear(struct fleet_answer *answer);

/* err as wire_ask's. */
bool fleet_ask(struct wire *wire, struct fleet_answer *answer, struct err *err) MUST_CHECK;
