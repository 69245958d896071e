/* acme_names: which names are to have a certificate that comes by itself. Pure. */
#pragma once

#include "orchestrator/config/config.h"

/* Those of services' hosts and of redirects' from that a public CA may issue for, and acme.names; each once, as host_name_read
 * gives them, in the order of the file. Added to names. */
void acme_names_list(const struct config *config, struct strings *names);

/* Why a CA issues none for such a name, in words that go on after the name; NULL: it may. name: as host_name_read gave it. */
const char *acme_names_why_not(const char *name);
