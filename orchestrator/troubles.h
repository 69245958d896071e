/* troubles: what is wrong with the orchestrator's own files, in one sentence each that says what to do. */
#pragma once

#include "orchestrator/fleet/cause.h"

#include <stdbool.h>
#include <stddef.h>

struct certs;
struct config;
struct lately_file;
struct proxy;

/* Borrowed. */
struct troubles {
	struct lately_file *lately;
	const struct proxy *proxy;
	const struct config *config; /* in force */
	const struct certs *certs;   /* NULL: no TLS is spoken */
};

/* One after the other from index 0 on; what: "state", "access-log", "certificate". False: there are no more. */
bool troubles_at(const struct troubles *troubles, size_t index, const char **what, char cause[CAUSE_SIZE]);
