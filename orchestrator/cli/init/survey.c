/* survey: rounds, each of them what listens now and one question after the other, until it is known or the time is over.
 *
 *   round: which ports? -> GET / at each: is it HTTP? -> once one has been for SETTLE_US: which paths? -> GET each -> found
 *            ^                      | none                                                  | none
 *            +---- EVERY_US --------+-------------------------------------------------------+
 *
 * What cannot get better is not waited for to the end: a program that listens on loopback, at another port than the one that was
 * named, or answers 4xx to everything, has STUCK_US from its first sign of life.
 * Invariant: there is a probe or the timer is set, never both; neither once done was called.
 */
#include "orchestrator/cli/init/survey.h"

#include "common/clock.h"
#include "common/mem.h"
#include "orchestrator/base/timer.h"
#include "orchestrator/cli/init/health_hint.h"
#include "orchestrator/cli/init/listening.h"
#include "orchestrator/cli/init/survey_paths.h"
#include "orchestrator/cli/init/survey_words.h"
#include "orchestrator/fleet/probe.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EVERY_US 100000
#define SETTLE_US 400000 /* a second port may open a moment later */
#define STUCK_US 3000000
#define PATIENCE_US 5000000 /* a path that says 5xx is waited for so long before another one is taken */
#define PROBE_MS 2000

static const int usual_ports[] = {80, 8080, 8000, 3000, 5000, 8081, 4000, 9000, 8888};

struct survey {
	struct survey_settings settings; /* id and the rest point to copies */
	struct address address;
	struct health_hint hint;
	bool hinted;
	int *exposed;
	char *id, *path;
	int64_t began_us;
	int64_t sign_us, spoke_us; /* the first time that it listened, and that it spoke HTTP; 0: not yet */
	int64_t settled_us;        /* when paths were asked for first; 0: not yet */
	struct timer *timer;
	struct probe *probe;
	struct survey_seen seen;
	size_t at; /* in seen.asked */
	bool choosing_path;
	int chosen; /* port */
	struct survey_paths paths;
	survey_done *done;
	void *arg;
};

/* --- the end --------------------------------------------------------------------------------------------------- */

static void finish(struct survey *survey, const struct survey_finding *finding)
{
	timer_clear(survey->timer);
	survey->done(finding, survey->arg);
}

static void give_up(struct survey *survey)
{
	char why[SURVEY_TEXT_SIZE];

	survey_words(&survey->seen, why, sizeof(why));
	finish(survey, &(struct survey_finding){.why = why});
}

static bool is_over(const struct survey *survey)
{
	int64_t now_us = clock_us();
	bool stuck = survey->sign_us != 0 && now_us - survey->sign_us >= STUCK_US && survey_is_stuck(&survey->seen);

	return stuck || now_us - survey->began_us >= SURVEY_MS * INT64_C(1000);
}

static void again(struct survey *survey)
{
	if (is_over(survey))
		give_up(survey);
	else
		timer_set(survey->timer, EVERY_US);
}

/* --- questions ------------------------------------------------------------------------------------------------- */

static void ask(struct survey *survey, int port, const char *path, probe_done *done)
{
	struct address address = survey->address;

	if (address.addr.ss_family == AF_INET6)
		((struct sockaddr_in6 *)&address.addr)->sin6_port = htons((uint16_t)port);
	else
		((struct sockaddr_in *)&address.addr)->sin_port = htons((uint16_t)port);
	const struct probe_question question = {
	        .address = &address, .host = "localhost", .path = path, .identity = "", .timeout_ms = PROBE_MS};
	survey->probe = probe_start(survey->settings.base, &question, done, survey);
}

static void ask_path(struct survey *survey);

static void on_path(const struct probe_finding *finding, void *arg)
{
	struct survey *survey = arg;
	const char *path = survey_paths_next(&survey->paths);
	bool patient = clock_us() - survey->spoke_us < PATIENCE_US;

	survey->probe = NULL;
	snprintf(survey->seen.text, sizeof(survey->seen.text), "%s", finding->text);
	if (!survey_paths_take(&survey->paths, finding->outcome, patient)) {
		ask_path(survey);
		return;
	}
	int64_t took_us = survey->spoke_us - survey->began_us + clock_us() - survey->settled_us;
	finish(survey, &(struct survey_finding){.found = true,
	                                        .port = survey->chosen,
	                                        .path = path,
	                                        .any_path = survey->paths.any,
	                                        .took_ms = took_us / 1000});
}

static void ask_path(struct survey *survey)
{
	const char *path = survey_paths_next(&survey->paths);

	if (path != NULL) {
		ask(survey, survey->chosen, path, on_path);
		return;
	}
	survey->seen.no_path = survey->paths.only_answer;
	again(survey);
}

static void choose_path(struct survey *survey, int port)
{
	survey->chosen = port;
	if (survey->settled_us == 0)
		survey->settled_us = clock_us();
	survey_paths_begin(&survey->paths);
	ask_path(survey);
}

/* --- ports ----------------------------------------------------------------------------------------------------- */

/* The one that is named goes before all; then the HEALTHCHECK's; then the only one that speaks. 0: none, or several. */
static int chosen_port(const struct survey *survey)
{
	const struct survey_seen *seen = &survey->seen;

	if (survey->hint.port != 0 && listening_has(seen->spoke, seen->spoke_count, survey->hint.port))
		return survey->hint.port;
	return seen->spoke_count == 1 ? seen->spoke[0] : 0;
}

static void ports_asked(struct survey *survey)
{
	int64_t now_us = clock_us();
	int port;

	if (survey->seen.spoke_count == 0) {
		again(survey);
		return;
	}
	if (survey->spoke_us == 0)
		survey->spoke_us = now_us;
	if (survey->sign_us == 0)
		survey->sign_us = now_us;
	if (now_us - survey->spoke_us < SETTLE_US && survey->settings.port == 0) {
		again(survey);
		return;
	}
	port = chosen_port(survey);
	if (port != 0)
		choose_path(survey, port);
	else
		give_up(survey);
}

static void ask_port(struct survey *survey);

static void on_port(const struct probe_finding *finding, void *arg)
{
	struct survey *survey = arg;
	struct survey_seen *seen = &survey->seen;

	survey->probe = NULL;
	if (finding->outcome == PROBE_GOOD || finding->outcome == PROBE_ODD_STATUS ||
	    finding->outcome == PROBE_BAD_STATUS)
		seen->spoke[seen->spoke_count++] = seen->asked[survey->at];
	else
		snprintf(seen->text, sizeof(seen->text), "%s", finding->text);
	survey->at++;
	ask_port(survey);
}

static void ask_port(struct survey *survey)
{
	if (survey->at < survey->seen.asked_count)
		ask(survey, survey->seen.asked[survey->at], "/", on_port);
	else
		ports_asked(survey);
}

/* --- a round --------------------------------------------------------------------------------------------------- */

static void on_timer(void *arg)
{
	struct survey *survey = arg;
	struct survey_seen *seen = &survey->seen;
	const struct survey_settings *settings = &survey->settings;

	seen->known = listening_read(settings->pid, survey->id, &seen->listening);
	survey_choose(seen, &(struct survey_ports){.only = settings->port,
	                                           .hinted = survey->hint.port,
	                                           .exposed = survey->exposed,
	                                           .exposed_count = settings->exposed_count,
	                                           .usual = usual_ports,
	                                           .usual_count = sizeof(usual_ports) / sizeof(usual_ports[0])});
	if (survey->sign_us == 0 && seen->listening.open_count + seen->listening.shut_count > 0)
		survey->sign_us = clock_us();
	survey->at = 0;
	seen->spoke_count = 0;
	seen->no_path = false;
	ask_port(survey);
}

struct survey *survey_new(const struct survey_settings *settings, survey_done *done, void *arg)
{
	struct survey *survey = mem_zero(sizeof(*survey));

	survey->settings = *settings;
	survey->address = *settings->address;
	survey->id = mem_dup(settings->id);
	survey->path = mem_dup(settings->path);
	survey->exposed = mem_array(NULL, settings->exposed_count + 1, sizeof(*survey->exposed));
	if (settings->exposed_count > 0)
		memcpy(survey->exposed, settings->exposed, settings->exposed_count * sizeof(*survey->exposed));
	survey->hinted = health_hint_read(settings->health, &survey->hint);
	survey_paths_init(&survey->paths, survey->path, survey->hinted ? survey->hint.path : NULL);
	survey->seen.only = settings->port;
	survey->seen.path = survey->path;
	survey->began_us = clock_us();
	survey->done = done;
	survey->arg = arg;
	survey->timer = timer_new(settings->base, on_timer, survey);
	timer_set(survey->timer, 0);
	return survey;
}

void survey_free(struct survey *survey)
{
	if (survey == NULL)
		return;
	if (survey->probe != NULL)
		probe_cancel(survey->probe);
	timer_free(survey->timer);
	free(survey->id);
	free(survey->path);
	free(survey->exposed);
	free(survey);
}
