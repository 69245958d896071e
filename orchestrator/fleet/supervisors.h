/* supervisors: all of one configuration, and their line to the engine.
 *
 * Hands each supervisor the engine's list at start, after every loss of the engine and every 30 s; routes engine
 * events; removes containers of our name and owner whose service is not configured, drain_ms after the first list.
 *
 * Order of life: supervisors_new, then the engine with supervisors_observer in its settings, then supervisors_start. At the end:
 * supervisors_stop, its callback, then free the engine first and these after it.
 */
#pragma once

#include "orchestrator/config/config.h"
#include "orchestrator/engine/engine.h"
#include "orchestrator/fleet/supervisor.h"

struct event_base;
struct lately;
struct leading;
struct node_loss;
struct nodes;
struct supervisors;

/* The first list showed running containers of our name that another orchestrator made: nothing was touched, and nothing
 * will be. message: for a person. Called at most once. */
typedef void supervisors_refused(const char *message, void *arg);

struct supervisors_settings {
	struct event_base *base;
	const struct config *config; /* borrowed */
	struct identity *identity;   /* borrowed */
	bool take_over;              /* such containers become ours instead */
	supervisors_refused *refused;
	void *arg;                            /* of refused */
	struct supervisor_observer observer;  /* of all services */
	const struct health_traffic *traffic; /* borrowed; NULL: nobody has any */
	struct lately *lately;                /* borrowed; NULL: nobody remembers */
};

struct supervisors *supervisors_new(const struct supervisors_settings *settings);
struct engine_observer supervisors_observer(struct supervisors *supervisors);

/* Makes the supervisors (not before: they need the engine). Their fleets are empty until the engine's first on_up. */
void supervisors_start(struct supervisors *supervisors, struct engine *engine);
void supervisors_free(struct supervisors *supervisors);

/* A new configuration: a supervisor for each service that is new, those that stay, be it under another name, are told
 * (supervisor_reload), those of services that are gone leave. They are kept until supervisors_sweep. */
void supervisors_reload(struct supervisors *supervisors, const struct config *config);

/* Frees those whose containers are gone; returns how many are left. Call it only while nobody else holds on to them. */
size_t supervisors_sweep(struct supervisors *supervisors);

size_t supervisors_count(const struct supervisors *supervisors);
struct supervisor *supervisors_at(const struct supervisors *supervisors,
                                  size_t index); /* in the order of the configuration */
struct supervisor *supervisors_find(const struct supervisors *supervisors,
                                    const char *service);             /* NULL if there is none */
size_t supervisors_containers(const struct supervisors *supervisors); /* that there are, of all services */
/* The addresses that connections of our running containers come from; lives as long as the supervisors. */
const struct address_set *supervisors_sources(const struct supervisors *supervisors);
bool supervisors_lead(const struct supervisors *supervisors); /* not where the engine elects and does not answer */
bool supervisors_engine_up(const struct supervisors *supervisors);
/* Why it does not answer, in its own words and in one sentence, and since when (clock_us); "" while it does. */
struct supervisors_engine {
	char message[WORDS_SIZE];
	char cause[CAUSE_SIZE];
	int64_t since_us;
};
const struct supervisors_engine *supervisors_engine(const struct supervisors *supervisors);
const struct leading *supervisors_leading(const struct supervisors *supervisors);
const struct nodes *supervisors_nodes(const struct supervisors *supervisors);
/* What it would cost now to lose any one of them. */
void supervisors_node_loss(const struct supervisors *supervisors, struct node_loss *loss);
const char *
supervisors_boot(const struct supervisors *supervisors); /* another one at each start; "": no peers are configured */
/* By which address the others of this name know this host; "": by none, or it is not known yet. */
const char *supervisors_own_host(const struct supervisors *supervisors);
bool supervisors_engine_known(
        const struct supervisors *supervisors); /* it was heard of: it is up, or does not answer */

/* Nothing is started, replaced or scaled any more. remove_containers: all of them are stopped (stop_ms) and removed
 * first. done is called once, later. */
void supervisors_stop(struct supervisors *supervisors, bool remove_containers, supervisor_stopped *done, void *arg);
