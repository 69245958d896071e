/* acme_binding: the files that a configuration names for the CA: its own authority, and the key that accounts are bound by. */
#pragma once

#include "common/err.h"
#include "orchestrator/config/config.h"

/* Is what it says of files good? False with the key and what is wrong. */
bool acme_binding_check(const struct config *config, struct err *err) MUST_CHECK;

/* The text of acme.eab_key_file, "": none is named. The caller frees it. */
bool acme_binding_read(const struct config *config, char **text, struct err *err) MUST_CHECK;
