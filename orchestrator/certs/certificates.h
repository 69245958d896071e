/* certificates: those that a configuration names, read and checked, in its order. */
#pragma once

#include "common/err.h"
#include "orchestrator/certs/certificate.h"
#include "orchestrator/config/config.h"

struct certificates {
	struct certificate **items; /* each a share of ours */
	size_t count;
};

/* before: those in force, NULL for none: what has not changed since is shared. False with the key, the file and what is wrong;
 * nothing is to be freed then. The files that the configuration names for a CA are judged, too (acme_binding). Reads files of a few
 * KB each, and waits for nobody. */
bool certificates_read(const struct config *config, const struct certificates *before, struct certificates *read,
                       struct err *err) MUST_CHECK;
void certificates_clear(struct certificates *certificates);

/* What is served all the same, but somebody should know of: expired, not valid yet, without a chain, a key that others may
 * read, a key that is dear. tell is called for each, within this call, with a whole sentence; of what `before` (NULL: none) has,
 * too, nothing is said. */
void certificates_doubts(const struct certificates *certificates, const struct certificates *before,
                         void (*tell)(const char *doubt, void *arg), void *arg);

/* One line of the log for each. */
void certificates_doubts_log(const struct certificates *certificates, const struct certificates *before);
