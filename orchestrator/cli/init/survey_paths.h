/* survey_paths: which paths a survey asks for, one after the other, and which it takes. Pure.
 *
 *   the image's own HEALTHCHECK, where it names one -> a path that nobody serves -> well-known ones -> /
 *
 * Who answers well to the path that nobody serves answers so to any: the well-known ones would prove nothing, and / is taken.
 */
#pragma once

#include "orchestrator/fleet/probe_outcome.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SURVEY_PATHS_MAX 10

struct survey_paths {
	const char *paths[SURVEY_PATHS_MAX];
	size_t count;
	size_t at;
	size_t unserved;  /* index of the path that nobody serves; count: there is none */
	bool any;         /* well whatever is asked */
	bool unwell;      /* in this round a path that is served said 5xx: it may get well */
	bool only_answer; /* all that was asked in this round was answered, with 4xx */
};

/* wanted: the only one; NULL: it is to be found. hinted: the HEALTHCHECK's; NULL: none. Both are borrowed. */
void survey_paths_init(struct survey_paths *paths, const char *wanted, const char *hinted);

void survey_paths_begin(struct survey_paths *paths);       /* a round */
const char *survey_paths_next(struct survey_paths *paths); /* to be asked for; NULL: the round is over */

/* What came of it. True: it is the one. patient: a path that may get well is waited for rather than to take /. */
bool survey_paths_take(struct survey_paths *paths, enum probe_outcome outcome, bool patient);
