/* trial: one verb of the engine after the other.
 *
 *   up -> image? -> remains of others? -> network -> create -> start -> inspect -> survey -> stop -> remove -> network -> over
 *            | no                                      |         |          |         |               ^
 *            v                                         +---------+----------+---------+-- failed -> its last words
 *         all images -> over
 *
 * Whatever ends it goes by trial_fail, once: what is under way is let end, for its answer says whether there is a container,
 * and then that is removed. A container that this host cannot remove is named in the message.
 * Invariant: at most one call of the engine is under way; `leaving` is set once and never unset.
 */
#include "orchestrator/cli/init/trial.h"

#include "common/clock.h"
#include "common/mem.h"
#include "orchestrator/base/loop.h"
#include "orchestrator/cli/init/image_advice.h"
#include "orchestrator/cli/init/survey.h"
#include "orchestrator/cli/init/trial_leave.h"
#include "orchestrator/engine/engines.h"

#include <event2/event.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXIT_KILLED (128 + SIGKILL)
#define OWNER_NONE ""

static void remove_remains(struct run *run);

/* --- it ran well ----------------------------------------------------------------------------------------------- */

static void on_stopped(const struct engine_result *result, void *arg)
{
	struct run *run = arg;
	int64_t took_us = clock_us() - run->stopped_us;

	if (!trial_answered(run, result))
		return;
	bool killed = took_us >= TRIAL_TERM_MS * INT64_C(1000) && (!run->died || run->exit_code == EXIT_KILLED);
	run->found->end_ms = killed ? -1 : took_us / 1000;
	if (run->found->end_ms >= 0)
		trial_tell(run, "ended %" PRId64 ".%" PRId64 " s after SIGTERM", run->found->end_ms / 1000,
		           run->found->end_ms % 1000 / 100);
	else
		trial_tell(run, "did not end within %d s of SIGTERM, and was killed: see \"stop_ms\" in what follows",
		           TRIAL_TERM_MS / 1000);
	run->leaving = true;
	trial_leave(run);
}

static void on_surveyed(const struct survey_finding *finding, void *arg)
{
	struct run *run = arg;
	struct trial *found = run->found;

	if (!finding->found) {
		trial_fail(run, "%s", finding->why);
		return;
	}
	found->port = finding->port;
	found->path = mem_dup(finding->path);
	found->any_path = finding->any_path;
	found->ready_ms = finding->took_ms;
	for (size_t i = 0; i < run->exposed_count; i++)
		found->exposed |= run->exposed[i] == finding->port;
	trial_tell(run, "answered well on port %d at %s, %" PRId64 ".%" PRId64 " s after its start%s", found->port,
	           found->path, found->ready_ms / 1000, found->ready_ms % 1000 / 100,
	           found->any_path ? " (and so to any path)" : "");
	survey_free(run->survey);
	run->survey = NULL;
	run->stopped_us = clock_us();
	run->calling = true;
	run->engine->verbs->stop(run->engine, run->id, TRIAL_TERM_MS, on_stopped, run);
}

/* --- its start ------------------------------------------------------------------------------------------------- */

static void tell_death(struct run *run)
{
	int64_t lived_ms = (clock_us() - run->started_us) / 1000;

	trial_fail(run,
	           "the program ended %" PRId64 ".%" PRId64
	           " s after its start, with exit code %d. Its last lines may say why; a variable "
	           "that is missing can be given with --env KEY=VALUE",
	           lived_ms / 1000, lived_ms % 1000 / 100, run->exit_code);
}

static void on_inspected(const struct engine_result *result, void *arg)
{
	struct run *run = arg;

	if (!trial_answered(run, result))
		return;
	if (run->died || result->state != ENGINE_RUNNING) {
		run->exit_code = run->died ? run->exit_code : result->exit_code;
		tell_death(run);
		return;
	}
	run->survey = survey_new(&(struct survey_settings){.base = run->base,
	                                                   .address = &run->address,
	                                                   .id = run->id,
	                                                   .pid = result->pid,
	                                                   .port = run->settings->port,
	                                                   .path = run->settings->path,
	                                                   .exposed = run->exposed,
	                                                   .exposed_count = run->exposed_count,
	                                                   .health = run->health},
	                         on_surveyed, run);
}

static void on_started(const struct engine_result *result, void *arg)
{
	struct run *run = arg;

	run->started = result->fault == ENGINE_OK;
	run->started_us = clock_us();
	if (!trial_answered(run, result))
		return;
	run->address = result->address;
	run->calling = true;
	run->engine->verbs->inspect(run->engine, run->id, on_inspected, run);
}

static void on_created(const struct engine_result *result, void *arg)
{
	struct run *run = arg;

	if (result->fault == ENGINE_OK)
		snprintf(run->id, sizeof(run->id), "%s", result->id);
	else if (engine_in_doubt(result->fault))
		snprintf(run->id, sizeof(run->id), "%s", run->name);
	if (!trial_answered(run, result))
		return;
	run->calling = true;
	run->engine->verbs->start(run->engine, &run->spec, &run->place, run->id, on_started, run);
}

static void on_prepared(const struct engine_result *result, void *arg)
{
	struct run *run = arg;

	run->prepared = true; /* or in part */
	if (!trial_answered(run, result))
		return;
	trial_tell(run, "trying it once, as container %s", run->name);
	run->calling = true;
	run->engine->verbs->create(run->engine, &run->spec, &run->place, on_created, run);
}

/* --- what others left ------------------------------------------------------------------------------------------ */

static void on_remain_gone(const struct engine_result *result, void *arg)
{
	struct run *run = arg;

	(void)result;
	run->calling = false;
	if (run->leaving)
		trial_leave(run);
	else
		remove_remains(run);
}

static void remove_remains(struct run *run)
{
	run->calling = true;
	if (run->remains.count == 0) {
		run->engine->verbs->prepare(run->engine, &run->spec, on_prepared, run);
		return;
	}
	char *id = run->remains.items[--run->remains.count];
	run->engine->verbs->remove(run->engine, id, on_remain_gone, run);
	free(id);
}

static void on_listed(const struct engine_result *result, void *arg)
{
	struct run *run = arg;

	if (!trial_answered(run, result))
		return;
	for (size_t i = 0; i < result->count; i++)
		if (trial_is_remain(&result->containers[i], clock_wall_ms()))
			strings_add(&run->remains, result->containers[i].id);
	remove_remains(run);
}

/* --- the image ------------------------------------------------------------------------------------------------- */

static void on_names(const struct engine_result *result, void *arg)
{
	struct run *run = arg;
	char text[sizeof(run->err->message)];

	if (!trial_answered(run, result))
		return;
	image_advice(run->settings->image, result->names, text, sizeof(text));
	trial_fail(run, "%s", text);
}

static void tell_image(const struct run *run, const struct engine_image *image)
{
	char ports[128] = "";
	size_t len = 0;

	for (size_t i = 0; i < image->port_count && len < sizeof(ports) - 8; i++)
		len += (size_t)snprintf(ports + len, sizeof(ports) - len, "%s%d", i > 0 ? ", " : "", image->ports[i]);
	trial_tell(run, "the image is there: %s%s, %s, %s%s", len > 0 ? "exposes " : "exposes no port", ports,
	           image->health[0] != '\0' ? "has a HEALTHCHECK" : "no HEALTHCHECK",
	           image->user[0] != '\0' ? "runs as user " : "runs as root", image->user);
}

static void on_image(const struct engine_result *result, void *arg)
{
	struct run *run = arg;
	const struct engine_image *image = result->image;

	if (result->fault == ENGINE_NO_IMAGE && !run->leaving) {
		run->engine->verbs->images(run->engine, on_names, run);
		return;
	}
	if (!trial_answered(run, result))
		return;
	tell_image(run, image);
	run->health = mem_dup(image->health);
	run->exposed_count = image->port_count;
	run->exposed = mem_array(NULL, image->port_count + 1, sizeof(*run->exposed));
	if (image->port_count > 0)
		memcpy(run->exposed, image->ports, image->port_count * sizeof(*run->exposed));
	for (size_t i = 0; i < image->volumes->count; i++)
		strings_add(&run->found->volumes, image->volumes->items[i]);
	run->calling = true;
	run->engine->verbs->list(run->engine, on_listed, run);
}

/* --- news ------------------------------------------------------------------------------------------------------ */

static void on_up(void *arg)
{
	struct run *run = arg;

	if (run->up)
		return;
	run->up = true;
	run->calling = true;
	run->engine->verbs->image(run->engine, run->settings->image, on_image, run);
}

static void on_down(const char *message, void *arg)
{
	struct run *run = arg;

	trial_fail(run, "Docker does not answer: %s", message);
}

static void on_event(const struct engine_event *event, void *arg)
{
	struct run *run = arg;

	if (event->type != ENGINE_EVENT_DIE || strcmp(event->id, run->id) != 0)
		return;
	run->died = true;
	run->exit_code = event->exit_code;
	if (run->survey != NULL)
		tell_death(run);
}

static void on_signal(evutil_socket_t number, short what, void *arg)
{
	struct run *run = arg;

	(void)what;
	if (!run->leaving) {
		trial_fail(run, "%s: given up", strsignal((int)number));
		return;
	}
	trial_tell(run, "the container is being removed");
	if (!run->failed)
		err_set(run->err, "%s: given up", strsignal((int)number));
	run->failed = true;
}

/* --- the whole ------------------------------------------------------------------------------------------------- */

static void listen_to_signals(struct run *run)
{
	static const int numbers[TRIAL_SIGNALS] = {SIGINT, SIGTERM, SIGHUP};

	for (size_t i = 0; i < TRIAL_SIGNALS; i++) {
		run->signals[i] =
		        loop_event_new(run->base, LOOP_URGENT, numbers[i], EV_SIGNAL | EV_PERSIST, on_signal, run);
		event_add(run->signals[i], NULL);
	}
}

static bool make_engine(struct run *run, struct err *err)
{
	const struct engine_observer observer = {.on_event = on_event, .on_up = on_up, .on_down = on_down, .arg = run};

	return engines_make(0,
	                    &(struct engine_settings){.base = run->base,
	                                              .name = TRIAL_NAME,
	                                              .own = {OWNER_NONE, ""},
	                                              .docker_socket = run->settings->docker_socket,
	                                              .state_dir = "/nonexistent",
	                                              .socket_dir = "/nonexistent",
	                                              .observer = observer},
	                    &run->engine, err);
}

static void run_free(struct run *run)
{
	survey_free(run->survey);
	if (run->engine != NULL)
		run->engine->verbs->free(run->engine);
	for (size_t i = 0; i < TRIAL_SIGNALS; i++)
		if (run->signals[i] != NULL)
			event_free(run->signals[i]);
	event_base_free(run->base);
	strings_clear(&run->remains);
	free(run->exposed);
	free(run->health);
}

bool trial_run(const struct trial_settings *settings, struct trial *trial, struct err *err)
{
	static const struct strings nothing = {0};
	struct run run = {.settings = settings,
	                  .tell = settings->tell,
	                  .tell_arg = settings->arg,
	                  .found = trial,
	                  .err = err,
	                  .base = loop_new()};

	snprintf(run.name, sizeof(run.name), TRIAL_NAME "_%d", (int)getpid());
	run.spec = (struct engine_spec){.service = "trial",
	                                .image = settings->image,
	                                .command = &nothing,
	                                .publish = &nothing,
	                                .volumes = &nothing,
	                                .env = settings->env,
	                                .port = settings->port != 0 ? settings->port : 1,
	                                .reach = REACH_BRIDGE,
	                                .hash = "trial"};
	run.place = (struct engine_place){.name = run.name, .slot = -1};
	listen_to_signals(&run);
	run.failed = !make_engine(&run, err);
	if (!run.failed)
		event_base_dispatch(run.base);
	run_free(&run);
	return !run.failed;
}

void trial_clear(struct trial *trial)
{
	free(trial->path);
	strings_clear(&trial->volumes);
}
