/* draft: the configuration for an image that was tried, with comments that say why it is so. Pure. */
#pragma once

#include "common/buf.h"
#include "orchestrator/base/options.h"

#include <stdbool.h>
#include <stdint.h>

/* What is known of the image. Texts are borrowed. */
struct draft_facts {
	const char *image;
	const char *service;
	const char *listen; /* of the proxy */
	int port;
	bool exposed; /* the image names the port */
	const char *path;
	bool any_path; /* it answers 2xx whatever is asked */
	int64_t ready_ms;
	int64_t end_ms;                /* from SIGTERM to its end; -1: it was killed, for nothing had come of that */
	const struct strings *volumes; /* paths */
	const struct strings *env;     /* "KEY=value" */
};

#define DRAFT_MAX 65536 /* bytes */

/* Appends JSON with comments. False: it does not fit. */
bool draft_write(const struct draft_facts *facts, struct buf *buf) MUST_CHECK;
