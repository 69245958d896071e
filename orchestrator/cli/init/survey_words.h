/* survey_words: what a survey has seen of a container's ports: which of them are to be asked, and what to tell a person where
 * none will do. Pure.
 */
#pragma once

#include "orchestrator/cli/init/listening.h"
#include "orchestrator/fleet/probe_sight.h"

#include <stdbool.h>
#include <stddef.h>

struct survey_seen {
	int only;         /* the port that was named; 0: none was */
	const char *path; /* the path that was named; NULL: none was */
	bool known;       /* what listens is */
	struct listening listening;
	int asked[LISTENING_MAX];
	size_t asked_count;
	int spoke[LISTENING_MAX]; /* HTTP */
	size_t spoke_count;
	bool no_path;               /* every path that was asked for was answered 4xx */
	char text[PROBE_TEXT_SIZE]; /* what the last question that failed saw */
};

struct survey_ports {
	int only, hinted; /* 0: none */
	const int *exposed;
	size_t exposed_count;
	const int *usual; /* where it is not known what listens */
	size_t usual_count;
};

/* Fills asked: the port that was named; else those that are exposed and listen; else the one that the HEALTHCHECK asks; else all
 * that listen. Where it is not known what listens, those that are named, exposed, or usual. */
void survey_choose(struct survey_seen *seen, const struct survey_ports *ports);

/* Will it hardly get better by waiting? */
bool survey_is_stuck(const struct survey_seen *seen);

/* Why nothing was found, and what to do. */
void survey_words(const struct survey_seen *seen, char *text, size_t size);
