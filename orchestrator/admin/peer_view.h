/* peer_view: what another orchestrator of this name asks for: GET /api/peer (see fleet/peers.h). */
#pragma once

struct call;

void peer_view_answer(struct call *call);
