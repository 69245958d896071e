/* backend: one container that serves, or is about to.
 *
 *                 probe good              failed exchange, soft fault
 *   STARTING ----------------> READY <=========================> SUSPECT
 *      |                         |            probe good            |
 *      |                         v                                  v
 *      |                      DRAINING (scale-down, roll, shutdown) |
 *      |  fault                  |  empty, drain_ms passed, fault   |  fault
 *      +------------------------>+------------> DOWN <--------------+
 *
 * Only READY backends are picked; while no backend of a service is READY a SUSPECT one is not picked either (requests
 * are held). DOWN is final: the container is being removed; its slot gets a new backend.
 * State has one door, backend_set_state: it checks the transition, logs `old -> new reason`, and tells the observer.
 * health calls it for verdicts, supervisor for our own doings; nobody else may.
 *
 * Ownership: counted. fleet holds one reference while the backend is a member; an exchange holds one from acquire to
 * release; a pooled connection none (the proxy closes them when told of DOWN).
 */
#pragma once

#include "orchestrator/base/address.h"
#include "orchestrator/engine/engine.h"
#include "orchestrator/fleet/incident.h"
#include "orchestrator/fleet/reason.h"
#include "orchestrator/wire/pulse.h"

#include <stdbool.h>
#include <stdint.h>

#define BACKEND_FINDING_SIZE 512

enum backend_state { BACKEND_STARTING, BACKEND_READY, BACKEND_SUSPECT, BACKEND_DRAINING, BACKEND_DOWN, BACKEND_STATES };

const char *backend_state_text(enum backend_state state);

struct backend;
struct backend_group;
struct fleet;
struct upstream_pool;
struct watch;

/* Who hears of changes of state. Called from backend_set_state, after the state changed; it may acquire, release and start
 * exchanges. A state of a backend of the same group that is set while the observer runs (a held request is let go, and its
 * connection fails at once) takes effect at once; the observer is told of it when it has returned, in order. */
typedef void backend_observer(struct backend *backend, enum backend_state from, enum reason reason, void *arg);

/* What the backends of one service share: its name for the log, their serials, the names of their incidents, their observer
 * (NULL: nobody). A fleet makes one, and frees it when it is freed itself; no backend's state is set after that. */
struct backend_group *backend_group_new(struct fleet *fleet, const char *service, backend_observer *observer,
                                        void *arg);
void backend_group_rename(struct backend_group *group, const char *service);
void backend_group_free(struct backend_group *group); /* NULL is fine */
const char *backend_group_service(const struct backend_group *group);
struct incident_names *backend_group_names(struct backend_group *group);

/* One reference, state STARTING (no observer call). Its serial is unique in its group, never used again and never 0: `tried`
 * lists hold serials. */
struct backend *backend_new(struct backend_group *group, int slot, const char *container_id,
                            const struct address *address);
struct backend *backend_ref(struct backend *backend);
void backend_unref(struct backend *backend);

/* Asserts that the transition is allowed. From a state to itself only the reason changes, and no observer is called. */
void backend_set_state(struct backend *backend, enum backend_state to, enum reason reason);

enum backend_state backend_state(const struct backend *backend);
enum reason backend_reason(const struct backend *backend);
int64_t backend_since_us(const struct backend *backend);    /* clock_us of the last change of state */
struct fleet *backend_fleet(const struct backend *backend); /* its group's */
const char *backend_service(const struct backend *backend); /* the name, as of now */
int backend_slot(const struct backend *backend);
uint64_t backend_serial(const struct backend *backend);
const char *backend_container_id(const struct backend *backend);
/* By which its program knows itself (see ENGINE_IDENTITY_KEY); "": not known. */
const char *backend_identity(const struct backend *backend);
void backend_set_identity(struct backend *backend, const char *identity);
const struct address *backend_address(const struct backend *backend);
const char *backend_address_text(const struct backend *backend); /* "127.0.0.1:8000", "unix:/run/..." */

unsigned backend_in_flight(const struct backend *backend);
void backend_flight_begin(struct backend *backend); /* fleet alone calls these two */
void backend_flight_end(struct backend *backend);
uint64_t backend_requests(const struct backend *backend); /* exchanges that acquired the backend, since it was made */
int64_t backend_probe_us(const struct backend *backend);  /* how long the last good probe took; -1 none yet */
int64_t backend_well_us(const struct backend *backend);   /* when a probe last found it well (clock_us); 0: none did */
void backend_note_probe(struct backend *backend, int64_t took_us, bool good); /* health, for each probe that ended */

struct pulse *backend_pulse(struct backend *backend);

/* What is wrong with the backend, as its last probe found, in a sentence for people; "" while nothing is known to be wrong.
 * health writes it; a text that is too long is cut. */
const char *backend_finding(const struct backend *backend);
void backend_set_finding(struct backend *backend, const char *finding);

/* Did the last probe get no word at all, not even from its host? health writes it. */
bool backend_unreachable(const struct backend *backend);
void backend_set_unreachable(struct backend *backend, bool unreachable);

/* The incident that the backend is part of, until it is READY (again): from the first evidence against it on, or from its start
 * where it replaces a backend that failed. id "" = none. Every log line of an incident carries its id. */
const struct incident *backend_incident(const struct backend *backend);
void backend_open_incident(struct backend *backend); /* begins one now unless there is one */
void backend_join_incident(struct backend *backend, const struct incident *incident);

/* What belongs to the backend and is made by others, who free it when the backend is DOWN; NULL: there is none. */
struct upstream_pool *backend_pool(const struct backend *backend); /* of connections: the proxy's */
void backend_set_pool(struct backend *backend, struct upstream_pool *pool);
struct watch *backend_watch(const struct backend *backend); /* its probes and what they found: health's */
void backend_set_watch(struct backend *backend, struct watch *watch);
