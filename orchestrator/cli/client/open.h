/* open: how a command begins that speaks to a running orchestrator. */
#pragma once

#include "orchestrator/cli/client/wire.h"

/* wire_open with a patience that is long enough for every order, and a word on stderr about what is wrong. On CODE_GOOD the
 * caller closes *wire; else it is the command's exit code (exit_code.h). */
int open_wire(const struct client_settings *settings, struct wire **wire) MUST_CHECK;
