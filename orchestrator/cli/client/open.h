/* open: how a command begins that speaks to a running orchestrator. */
#pragma once

#include "orchestrator/cli/client/wire.h"

/* wire_open with a patience that is long enough for every order, and a word on stderr about what is wrong. On CODE_GOOD the
 * caller closes *wire; else it is the command's exit code (exit_code.h). */
int open_wire(const struct client_settings *settings, struct wire **wire) MUST_CHECK;

/* One question or order, from opening to closing: take sees a reply that is good, NULL: nobody does. Returns the exit code; what went
 * wrong, take's error too, was printed. reply_max: bytes. */
int ask_once(const struct client_settings *settings, const char *method, const char *path, const char *body, size_t reply_max,
             bool (*take)(const struct client_settings *settings, struct buf *reply, struct err *err)) MUST_CHECK;
