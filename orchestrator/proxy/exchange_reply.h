/* exchange_reply: from a backend's head to the client's last byte. */
#pragma once

#include "orchestrator/wire/upstream.h"

/* What an exchange's upstreams call; arg: the trial. */
extern const struct upstream_reader exchange_reader;
