/* survey: at which port a container that has just been started answers HTTP, and which of its paths shows that it is well.
 *
 * Knows no engine: it asks at an address, and reads what this host's kernel says of the container's process.
 * Callbacks: done comes exactly once, later, unless the survey is cancelled; the finding is valid for the call.
 */
#pragma once

#include "orchestrator/base/address.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct event_base;
struct survey;

#define SURVEY_TEXT_SIZE 512
#define SURVEY_MS 30000 /* as long as health.start_ms is by default: what is slower would never get ready */

struct survey_settings {
	struct event_base *base;
	const struct address *address; /* of the container; its port does not matter */
	const char *id;                /* of the container, */
	int pid;                       /* and its process; 0: not known */
	int port;                      /* the only one to be asked; 0: any */
	const char *path;              /* the only one to be asked; NULL: any */
	const int *exposed;            /* ports that the image names */
	size_t exposed_count;
	const char *health; /* the image's HEALTHCHECK; "": none */
};

struct survey_finding {
	bool found;
	int port;
	const char *path;
	bool any_path; /* it answers 2xx or 3xx whatever is asked */
	int64_t took_ms;
	const char *why; /* not found: one or two sentences with what to do */
};

typedef void survey_done(const struct survey_finding *finding, void *arg);

/* Settings are borrowed for the call. */
struct survey *survey_new(const struct survey_settings *settings, survey_done *done, void *arg);
void survey_free(struct survey *survey); /* also from done */
