/* control: between the engine and the supervisors.
 *
 *   on_up -> list -> each supervisor compares; again every 30 s while the engine is up
 *   event -> the supervisor that knows the container
 *
 * A service that left the configuration keeps its supervisor, in `leaving`, until its containers are gone; it hears of
 * events as before, and its containers are no orphans.
 *
 * Invariant: at most one list of ours is in flight; a list is given to all supervisors or to none.
 */
#include "orchestrator/fleet/control.h"

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "orchestrator/base/backoff.h"
#include "orchestrator/fleet/heirs.h"
#include "orchestrator/fleet/holders.h"
#include "orchestrator/fleet/orphans.h"
#include "orchestrator/fleet/ownership.h"
#include "orchestrator/fleet/step.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define RECONCILE_US 30000000

struct control {
	struct control_settings settings;
	const struct config *config;
	struct engine *engine;
	struct supervisor **supervisors; /* in the order of the configuration */
	size_t count;
	struct harbour harbour;
	struct supervisor **leaving;
	size_t leaving_count;
	struct step *step;
	int64_t next_list_us; /* when the next list is due; NEVER: not by itself */
	int64_t asked_us;     /* when the one in flight was asked for */
	struct orphans orphans;
	bool listed; /* the first list came */
	bool up, listing, told_down, told_foreign;
	bool refused; /* to run at all */
	bool stopping;
	struct backoff list_retry;
	size_t left; /* supervisors that are still stopping */
	supervisor_stopped *done;
	void *done_arg;
};

static void on_look(void *arg);
static void on_looked(bool settled, void *arg);

struct control *control_new(const struct control_settings *settings)
{
	struct control *control = mem_zero(sizeof(*control));

	control->settings = *settings;
	control->config = settings->config;
	control->next_list_us = NEVER;
	control->step = step_new(
	        &(struct step_settings){.base = settings->base, .look = on_look, .over = on_looked, .arg = control});
	harbour_init(&control->harbour, control->step);
	return control;
}

static struct supervisor *supervisor_make(struct control *control, const struct config_service *service)
{
	return supervisor_new(&(struct supervisor_settings){.base = control->settings.base,
	                                                    .engine = control->engine,
	                                                    .config = control->config,
	                                                    .service = service,
	                                                    .identity = control->settings.identity,
	                                                    .harbour = &control->harbour,
	                                                    .observer = control->settings.observer,
	                                                    .traffic = control->settings.traffic});
}

void control_start(struct control *control, struct engine *engine)
{
	control->engine = engine;
	control->count = config_service_count(control->config);
	control->supervisors = mem_array(NULL, control->count, sizeof(struct supervisor *));
	for (size_t i = 0; i < control->count; i++)
		control->supervisors[i] = supervisor_make(control, config_service_at(control->config, i));
}

void control_free(struct control *control)
{
	if (control == NULL)
		return;
	for (size_t i = 0; i < control->count; i++)
		supervisor_free(control->supervisors[i]);
	free(control->supervisors);
	for (size_t i = 0; i < control->leaving_count; i++)
		supervisor_free(control->leaving[i]);
	free(control->leaving);
	harbour_clear(&control->harbour);
	step_free(control->step);
	free(control);
}

size_t control_count(const struct control *control)
{
	return control->count;
}

struct supervisor *control_at(const struct control *control, size_t index)
{
	return control->supervisors[index];
}

static struct supervisor **find_in(struct supervisor **supervisors, size_t count, const char *service)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(supervisor_service(supervisors[i])->name, service) == 0)
			return &supervisors[i];
	return NULL;
}

struct supervisor *control_find(const struct control *control, const char *service)
{
	struct supervisor **found = find_in(control->supervisors, control->count, service);

	return found != NULL ? *found : NULL;
}

size_t control_containers(const struct control *control)
{
	size_t count = 0;

	for (size_t i = 0; i < control->count; i++)
		count += supervisor_container_count(control->supervisors[i]);
	for (size_t i = 0; i < control->leaving_count; i++)
		count += supervisor_container_count(control->leaving[i]);
	return count;
}

bool control_engine_up(const struct control *control)
{
	return control->up;
}

bool control_engine_known(const struct control *control)
{
	return control->up || control->told_down;
}

/* --- the list --- */

/* Ours, but its service is not configured, nor on its way out, nor has it another name now. */
static bool is_orphan(const struct engine_container *listed, const void *arg)
{
	struct control *control = (struct control *)arg;

	return identity_owns(control->settings.identity, listed->owner) && !holders_know(&control->harbour, listed) &&
	       control_find(control, listed->service) == NULL &&
	       find_in(control->leaving, control->leaving_count, listed->service) == NULL;
}

/* False: others' containers run. */
static bool first_list(struct control *control, const struct engine_listing *listing)
{
	struct identity *identity = control->settings.identity;
	struct err err;
	bool ok = control->settings.take_over
	                  ? ownership_take_over(identity, listing->containers, listing->count, &err)
	                  : ownership_check(identity, control->config->name, listing->containers, listing->count, &err);

	if (!ok) {
		control->refused = true;
		control->settings.refused(err.message, control->settings.arg);
		return false;
	}
	orphans_begin(&control->orphans, control->engine, control->config->drain_ms);
	control->listed = true;
	return true;
}

static void set_next_list(struct control *control, size_t orphans)
{
	control->next_list_us = clock_us() + RECONCILE_US;
	if (orphans > 0 && control->orphans.until_us < control->next_list_us)
		control->next_list_us = control->orphans.until_us;
	step_soon(control->step);
}

static void take_list(struct control *control, const struct engine_listing *listing)
{
	if (!control->listed && !first_list(control, listing))
		return;
	if (!control->told_foreign)
		control->told_foreign = ownership_tell(control->settings.identity, listing->containers, listing->count);
	for (size_t i = 0; i < control->count; i++)
		supervisor_reconcile(control->supervisors[i], listing);
	set_next_list(control, orphans_look(&control->orphans, listing, is_orphan, control));
}

static void on_listed(const struct engine_result *result, void *arg)
{
	struct control *control = arg;
	struct engine_listing listing = {result->containers, result->count, control->asked_us};

	control->listing = false;
	if (control->stopping)
		return;
	step_soon(control->step);
	if (result->fault != ENGINE_OK) {
		log_warn("event=list-failed reason=%s error=%s", engine_fault_text(result->fault),
		         log_quote(result->message));
		(void)backoff_fail(&control->list_retry, RETRY_LIST);
		control->next_list_us = control->list_retry.next_us;
		return;
	}
	if (!control->up)
		return; /* an answer from before it went; the next on_up lists */
	backoff_reset(&control->list_retry);
	take_list(control, &listing);
}

static void ask_list(struct control *control)
{
	control->harbour.list_wanted = false;
	control->listing = true;
	control->next_list_us = NEVER;
	control->asked_us = clock_us();
	control->engine->verbs->list(control->engine, on_listed, control);
}

/* Is a list due, or in doubt wanted by a service? One at a time, and not before a back-off is over. */
static void on_look(void *arg)
{
	struct control *control = arg;
	int64_t due_us = control->harbour.list_wanted ? control->list_retry.next_us : control->next_list_us;

	if (!control->up || control->stopping || control->refused || control->listing)
		return;
	if (clock_us() >= due_us)
		ask_list(control);
	else
		step_by(control->step, due_us);
}

static void want_list(struct control *control)
{
	control->harbour.list_wanted = true;
	step_soon(control->step);
}

/* The callback may free control. */
static void on_looked(bool settled, void *arg)
{
	struct control *control = arg;

	supervisor_stopped *done = control->done;

	(void)settled;
	if (!control->stopping || control->left > 0 || done == NULL)
		return;
	control->done = NULL;
	done(control->done_arg);
}

/* --- the engine's news --- */

static void on_event(const struct engine_event *event, void *arg)
{
	struct control *control = arg;

	for (size_t i = 0; i < control->count; i++)
		if (supervisor_event(control->supervisors[i], event))
			return;
	for (size_t i = 0; i < control->leaving_count; i++)
		if (supervisor_event(control->leaving[i], event))
			return;
}

static void on_up(void *arg)
{
	struct control *control = arg;

	if (control->told_down)
		log_info("event=engine-up");
	control->up = true;
	backoff_reset(&control->list_retry);
	control->told_down = false;
	want_list(control);
}

static void on_down(const char *message, void *arg)
{
	struct control *control = arg;

	control->up = false;
	control->next_list_us = NEVER;
	for (size_t i = 0; i < control->count; i++)
		supervisor_engine_down(control->supervisors[i]);
	for (size_t i = 0; i < control->leaving_count; i++)
		supervisor_engine_down(control->leaving[i]);
	if (!control->told_down)
		log_warn("event=engine-down reason=%s error=%s", reason_text(REASON_ENGINE_DOWN), log_quote(message));
	control->told_down = true;
}

struct engine_observer control_observer(struct control *control)
{
	return (struct engine_observer){.on_event = on_event, .on_up = on_up, .on_down = on_down, .arg = control};
}

/* --- another configuration --- */

/* Out of the array, whose order does not matter. */
static struct supervisor *take(struct supervisor **at, struct supervisor **supervisors, size_t *count)
{
	struct supervisor *taken = *at;

	*at = supervisors[--*count];
	return taken;
}

/* heir: of control->supervisors, NULL for none. One that is on its way out comes back; else a new one. */
static struct supervisor *supervisor_for(struct control *control, const struct config_service *service,
                                         struct supervisor *heir)
{
	struct supervisor **found = find_in(control->leaving, control->leaving_count, service->name);

	if (heir == NULL && found != NULL)
		heir = take(found, control->leaving, &control->leaving_count);
	if (heir == NULL)
		return supervisor_make(control, service);
	supervisor_reload(heir, control->config, service);
	return heir;
}

/* For each service of the new configuration, which of ours goes on as that. */
static size_t *find_heirs(const struct control *control, const struct config *config)
{
	const struct config_service **now = mem_array(NULL, control->count, sizeof(now[0]));
	size_t *heirs = mem_array(NULL, config_service_count(config), sizeof(heirs[0]));

	for (size_t i = 0; i < control->count; i++)
		now[i] = supervisor_service(control->supervisors[i]);
	heirs_find(now, control->count, config, heirs);
	free(now);
	return heirs;
}

static void let_leave(struct control *control, struct supervisor *supervisor)
{
	control->leaving = mem_array(control->leaving, control->leaving_count + 1, sizeof(struct supervisor *));
	control->leaving[control->leaving_count++] = supervisor;
	supervisor_remove(supervisor);
}

void control_reload(struct control *control, const struct config *config)
{
	size_t count = config_service_count(config), *heirs = find_heirs(control, config);
	struct supervisor **supervisors = mem_array(NULL, count, sizeof(struct supervisor *));
	struct supervisor **before = control->supervisors;

	assert(before != NULL); /* control_start made them */
	control->config = config;
	for (size_t i = 0; i < count; i++) {
		struct supervisor **heir = heirs[i] != HEIRS_NONE ? &before[heirs[i]] : NULL;

		supervisors[i] = supervisor_for(control, config_service_at(config, i), heir != NULL ? *heir : NULL);
		if (heir != NULL)
			*heir = NULL;
	}
	for (size_t i = 0; i < control->count; i++)
		if (before[i] != NULL)
			let_leave(control, before[i]);
	free(heirs);
	free(before);
	control->supervisors = supervisors;
	control->count = count;
	want_list(control); /* it starts the new ones */
}

size_t control_sweep(struct control *control)
{
	for (size_t i = control->leaving_count; i > 0; i--) {
		struct supervisor **at = &control->leaving[i - 1];

		if (supervisor_is_removed(*at))
			supervisor_free(take(at, control->leaving, &control->leaving_count));
	}
	return control->leaving_count;
}

/* --- the end --- */

static void on_supervisor_stopped(void *arg)
{
	struct control *control = arg;

	if (--control->left == 0)
		step_soon(control->step);
}

void control_stop(struct control *control, bool remove_containers, supervisor_stopped *done, void *arg)
{
	control->stopping = true;
	control->done = done;
	control->done_arg = arg;
	control->left = control->count + control->leaving_count;
	for (size_t i = 0; i < control->count; i++)
		supervisor_stop(control->supervisors[i], remove_containers, on_supervisor_stopped, control);
	for (size_t i = 0; i < control->leaving_count; i++)
		supervisor_stop(control->leaving[i], remove_containers, on_supervisor_stopped, control);
	step_soon(control->step);
}
