/* survey_paths: a list and a place in it. */
#include "orchestrator/cli/init/survey_paths.h"

#include <string.h>

#define UNSERVED "/selfless-is-this-served"

static const char *const well_known[] = {"/healthz", "/health", "/_health", "/up", "/actuator/health", "/"};

static void add(struct survey_paths *paths, const char *path)
{
	paths->paths[paths->count++] = path;
}

void survey_paths_init(struct survey_paths *paths, const char *wanted, const char *hinted)
{
	*paths = (struct survey_paths){0};
	if (wanted != NULL) {
		add(paths, wanted);
		paths->unserved = paths->count;
		return;
	}
	if (hinted != NULL)
		add(paths, hinted);
	paths->unserved = paths->count;
	add(paths, UNSERVED);
	for (size_t i = 0; i < sizeof(well_known) / sizeof(well_known[0]); i++)
		add(paths, well_known[i]);
}

void survey_paths_begin(struct survey_paths *paths)
{
	paths->at = 0;
	paths->any = false;
	paths->unwell = false;
	paths->only_answer = true;
}

const char *survey_paths_next(struct survey_paths *paths)
{
	if (paths->any && paths->at > paths->unserved && paths->at < paths->count)
		paths->at = paths->count - 1;
	return paths->at < paths->count ? paths->paths[paths->at] : NULL;
}

bool survey_paths_take(struct survey_paths *paths, enum probe_outcome outcome, bool patient)
{
	size_t asked = paths->at++;
	bool last = asked == paths->count - 1;

	if (outcome != PROBE_ODD_STATUS && outcome != PROBE_GOOD)
		paths->only_answer = false;
	if (asked == paths->unserved) {
		paths->any = outcome == PROBE_GOOD;
		return false;
	}
	paths->unwell |= outcome == PROBE_BAD_STATUS && !paths->any;
	return outcome == PROBE_GOOD && (!last || !patient || !paths->unwell);
}
