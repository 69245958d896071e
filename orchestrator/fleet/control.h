/* control: all supervisors of one configuration, and their line to the engine.
 *
 * Hands each supervisor the engine's list at start, after every loss of the engine and every 30 s; routes engine
 * events; removes containers of our name and owner whose service is not configured, drain_ms after the first list.
 *
 * Order of life: control_new, then the engine with control_observer in its settings, then control_start. At the end:
 * control_stop, its callback, then free the engine first and control after it.
 */
#pragma once

#include "orchestrator/config/config.h"
#include "orchestrator/engine/engine.h"
#include "orchestrator/fleet/supervisor.h"

struct event_base;
struct control;

/* The first list showed running containers of our name that another orchestrator made: nothing was touched, and nothing
 * will be. message: for a person. Called at most once. */
typedef void control_refused(const char *message, void *arg);

struct control_settings {
	struct event_base *base;
	const struct config *config; /* borrowed */
	struct identity *identity;   /* borrowed */
	bool take_over;              /* such containers become ours instead */
	control_refused *refused;
	void *arg;                            /* of refused */
	struct supervisor_observer observer;  /* of all services */
	const struct health_traffic *traffic; /* borrowed; NULL: nobody has any */
};

struct control *control_new(const struct control_settings *settings);
struct engine_observer control_observer(struct control *control);

/* Makes the supervisors (not before: they need the engine). Their fleets are empty until the engine's first on_up. */
void control_start(struct control *control, struct engine *engine);
void control_free(struct control *control);

/* A new configuration: a supervisor for each service that is new, those that stay, be it under another name, are told
 * (supervisor_reload), those of services that are gone leave. They are kept until control_sweep. */
void control_reload(struct control *control, const struct config *config);

/* Frees those whose containers are gone; returns how many are left. Call it only while nobody else holds on to them. */
size_t control_sweep(struct control *control);

size_t control_count(const struct control *control);
struct supervisor *control_at(const struct control *control, size_t index); /* in the order of the configuration */
struct supervisor *control_find(const struct control *control, const char *service); /* NULL if there is none */
size_t control_containers(const struct control *control); /* that there are, of all services */
bool control_engine_up(const struct control *control);
bool control_engine_known(const struct control *control); /* it was heard of: it is up, or does not answer */

/* Nothing is started, replaced or scaled any more. remove_containers: all of them are stopped (stop_ms) and removed
 * first. done is called once, later. */
void control_stop(struct control *control, bool remove_containers, supervisor_stopped *done, void *arg);
