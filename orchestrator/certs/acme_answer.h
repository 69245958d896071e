/* acme_answer: what a CA answered to one question, once it has. */
#pragma once

#include "orchestrator/certs/acme_failure.h"

struct acme_answer {
	const struct acme_failure *failure; /* NULL: it went well */
	bool refused;                       /* with a failure: the CA answered, and does not want it */
	const char *body;
	size_t len;
	const char *location;  /* NULL: none was said */
	int64_t retry_after_s; /* from now; -1: none was said */
};

typedef void acme_answered(const struct acme_answer *answer, void *arg);
