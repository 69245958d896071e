/* container: one container, from its making to its removal: where it stands, what the engine says of it, and what failed.
 *
 *   NEW --create--> CREATED --start--> STARTED --address known--> SERVING (backend made, health watches)
 *   from any of them: leaving (container_leave.c), until the engine says that it is gone
 *
 * container.c           the thing itself: its life, its backend, what is noted on it
 * container_verbs.c     the engine's verbs, up to the moment it serves
 * container_leave.c     its way out
 * container_events.c    what the engine tells of it
 * container_ends.c      who ended it, and in which words
 *
 * A container does not know who wants it. Answers and events only write on it and ask for a step; whoever wants it
 * (fleet/berth.h) looks in that step, and lets go of one that leaves. Only these files write what is in it.
 * Invariants: an id is there from CREATED on; a backend only while it is SERVING.
 */
#pragma once

#include "orchestrator/base/backoff.h"
#include "orchestrator/config/config.h"
#include "orchestrator/fleet/calls.h"
#include "orchestrator/fleet/cells.h"
#include "orchestrator/fleet/fleet.h"
#include "orchestrator/fleet/incident.h"
#include "orchestrator/fleet/lately.h"
#include "orchestrator/fleet/lists.h"
#include "orchestrator/fleet/revision.h"
#include "orchestrator/fleet/sources.h"
#include "orchestrator/fleet/step.h"
#include "orchestrator/fleet/words.h"

#include <sys/queue.h>

#define SLOT_NONE -1 /* container->slot of one that is in no slot */
#define LAST_WORDS_SIZE 200
#define SPARE_NONE -1 /* container->spare of one that is no spare */

struct health;

/* What the services on one engine share. */
struct harbour {
	LIST_HEAD(, containers) services; /* names and ports are everybody's */
	struct cells by_port;             /* containers that have one on the host */
	struct calls *calls;
	struct address_set *sources;   /* of all that run: see sources.h */
	struct lists *lists;           /* who asks for them */
	const struct leading *leading; /* who leads; NULL: nobody else can */
	struct lately *lately;         /* who remembers what went wrong; NULL: nobody */
};

/* The containers of one service, whatever their use, and what they need. */
struct containers {
	TAILQ_HEAD(, container) all;
	struct cells by_place;
	LIST_ENTRY(containers) link;
	struct harbour *harbour;
	struct step *step; /* of whoever wants them */
	struct engine *engine;
	const struct config *config;
	const struct config_service *service;
	struct fleet *fleet;
	struct health *health;
	bool engine_up;
	bool following;    /* another orchestrator leads, or none does: what there is, is not ours to change */
	bool shared_lost;  /* what they share (a network, a volume) may have gone: the engine refused one of them */
	bool awaits_other; /* a name or port that a container of another service has */
};

enum container_phase {
	CONTAINER_NEW, /* create not answered yet: no id */
	CONTAINER_CREATED,
	CONTAINER_STARTED, /* it has no backend: its address is not known yet, or it waits */
	CONTAINER_SERVING  /* has (or had) a backend */
};

enum container_verb {
	CONTAINER_NONE,
	CONTAINER_CREATE,
	CONTAINER_START,
	CONTAINER_LOCATE,
	CONTAINER_RENAME,
	CONTAINER_PAUSE,
	CONTAINER_UNPAUSE
};

/* What the engine would not do for a container. */
struct failure {
	enum container_verb verb; /* CONTAINER_NONE: nothing failed */
	enum reason reason;
	enum engine_fault fault;
	bool remake; /* another one, made in its place, does without its port once that is forgone */
	char message[WORDS_SIZE];
};

enum leave_stage {
	LEAVE_DRAIN,   /* wait until nothing is in flight */
	LEAVE_STOP,    /* SIGTERM, stop_ms, SIGKILL */
	LEAVE_KILL,    /* SIGKILL: it is faulty, or nobody uses it */
	LEAVE_INSPECT, /* a fault: how did it end, */
	LEAVE_LOGS,    /* what did it say last */
	LEAVE_REMOVE
};

#define CONTAINER_SERIALS 8

struct container {
	TAILQ_ENTRY(container) link;
	struct cells_entry at_place, at_port; /* the latter where it has a host port */
	struct containers *all;
	struct revision *revision; /* a reference: what it is made from, */
	bool unknown;              /* or not: it was found, made from something else: */
	char found_image[ENGINE_IMAGE_SIZE];
	enum container_phase phase;
	struct call_mark call;
	int slot, spare; /* they stay */
	bool ahead;      /* it was made before it is needed, and is not to run yet */
	bool unwanted;   /* an operator wants another in its place, */
	bool kept;       /* or wanted, and that failed */
	char id[ENGINE_ID_SIZE];
	char identity[ENGINE_IDENTITY_SIZE]; /* by which its program knows itself; "": not known */
	char name[ENGINE_NAME_SIZE];
	char old_name[ENGINE_NAME_SIZE]; /* while it is renamed, when it has both; else "" */
	int host_port;
	struct address address;        /* as the engine says; len 0 = it is yet to be asked */
	struct engine_sources sources; /* as they are in the harbour's set */
	struct backend *backend;       /* a reference; NULL if it does not serve */
	uint64_t serials
	        [CONTAINER_SERIALS]; /* of its last backends: requests may wait for its end that were on any of them */
	size_t serial_count;         /* ever */
	bool member;                 /* its backend is to be one of the fleet's members, */
	bool in_fleet;               /* and is */
	bool adopted;
	bool may_run;         /* start was called, or it was found running; until it is known dead */
	bool started_outside; /* made ahead, and run by somebody else */
	bool exited;          /* its process has ended; the engine still holds what it had */
	bool dead;            /* ran and does not any more */
	bool paused;
	bool runs_on;         /* it cannot be paused */
	bool late_network;    /* it has no network before it runs, or had none when it was found */
	bool gone;            /* does not exist any more */
	bool oom;             /* the kernel killed a process of it for want of memory, */
	int64_t oom_us;       /* and when we were told */
	bool stop_called;     /* by us: signals of that are told as events, too */
	int64_t term_us;      /* when it was sent SIGTERM by us, */
	int term_ms;          /* and how long it had to end; 0 = it was not */
	bool by_us;           /* we killed it while it ran */
	bool by_hand;         /* somebody else killed it: no sign of a crash loop */
	bool evicted;         /* the engine ends it, for somebody else: another one is to take its place */
	int signal;           /* the last one that somebody else had the engine send, */
	int64_t signalled_us; /* and when; 0 = none */
	bool crash_noted;     /* its end was counted as one towards a crash loop, */
	bool excused;         /* and was somebody's kill, as it turned out */
	int64_t ended_us;     /* when it was known to run no more, after it had run; 0 = it did not, or runs */
	int exit_code;        /* -1 unknown */
	bool heard;           /* what it said last is known, */
	char last_words[LAST_WORDS_SIZE]; /* and this is the last line of it; "": nothing */
	bool unheard;                     /* the engine was asked, and has none of its output */
	bool heard_untold;                /* nobody took that yet */
	int64_t running_ms;               /* adopted: since its start */
	bool seen;                        /* it is in the list that is being compared */
	struct failure failure;
	struct incident incident; /* the story that it is part of */
	/* on its way out */
	bool leaving;
	enum leave_stage stage;
	bool faulty; /* its last words are worth keeping */
	enum reason reason;
	int64_t drain_until_us;
	int64_t owes_until_us; /* requests that were on it may wait so long to be told that it has ended; 0 = none does */
	struct backoff retry; /* of stopping and removing it */
};

/* --- all of them ----------------------------------------------------------------------------------------------- */

void harbour_init(struct harbour *harbour, struct lists *lists);
void harbour_clear(struct harbour *harbour); /* after the engine and all services: frees the calls */

/* The other members are the caller's to fill in first. */
void containers_init(struct containers *all);
/* Forgets calls in flight, and drops what is known: the containers themselves stay for the next start. */
void containers_clear(struct containers *all);
void containers_configure(struct containers *all, const struct config *config, const struct config_service *service);
void containers_set_engine(struct containers *all, bool up);
void containers_set_following(struct containers *all, bool following);
/* May containers be made, changed, removed now? */
bool containers_may_act(const struct containers *all);
/* Another one leads, or by an engine that elects nobody knows, since it does not answer: who looks on decides for its own rotation
 * alone, and takes up again what answers again. */
bool containers_look_on(const struct containers *all);
void containers_want_list(struct containers *all); /* in doubt: what does the engine have? */
bool containers_take_shared_lost(struct containers *all);

/* --- one ------------------------------------------------------------------------------------------------------- */

/* What a container is to be made from, and where it goes. */
struct container_place {
	struct revision *revision;
	int slot, spare;
	bool ahead;
};

struct container *container_new(struct containers *all, const struct container_place *place);
/* A container that is in the engine's list. known: the place's revision is what it is made from. */
struct container *container_found(struct containers *all, const struct container_place *place,
                                  const struct engine_container *listed, bool known);
void container_adopt_running(struct container *container, const struct engine_container *listed);
/* A list shows that it is made from this one, whatever was thought before. */
void container_recognize(struct container *container, struct revision *revision);
void container_note_running(struct container *container,
                            int64_t running_ms); /* it was started so long ago, or longer */
void container_adopt_spare(struct container *container, const struct engine_container *listed);
/* Not busy, and without a backend; wakes other services, that may wait for its name or port. */
void container_free(struct container *container);
const char *container_image(const struct container *container);            /* what it was made from */
struct container *container_by_id(struct containers *all, const char *id); /* NULL: none */

void container_set_port(struct container *container, int host_port); /* 0: none */

/* Those that were made for this slot, this spare, or none of both (SLOT_NONE, SPARE_NONE), and those of whichever service that
 * have this host port: the next one behind that, NULL: the first; the newest first. NULL: none is left. */
struct container *container_in_place(const struct containers *all, int slot, int spare, const struct container *behind);
struct container *container_on_port(const struct harbour *harbour, int host_port, const struct container *behind);

void container_take_up(struct container *container);      /* made ahead, it is needed now */
void container_set_unwanted(struct container *container); /* an operator's wish, */
void container_keep(struct container *container);         /* which is given up */
void container_blame(struct container *container);        /* its end was counted as a crash */

/* The container becomes part of this story, or of none any more. */
void container_join(struct container *container, const struct incident *incident);
void container_end_incident(struct container *container);
const struct incident *container_incident(const struct container *container); /* its own, else its backend's */

bool container_ready(const struct container *container);    /* NULL is not */
bool container_starting(const struct container *container); /* its start is in flight */
bool container_lost(const struct container *container);     /* DOWN, or dead without a backend */

/* The engine ends it, or is to: no new request goes there, and what it is at it may finish. Of a container that leaves it is no news. */
void container_evict(struct container *container);

/* Its process has ended, by all that is known: health hears of it. */
void container_died(struct container *container, enum reason reason);

/* The engine would not do it; otherwise: the reason, where its fault says none. Not noted of one that leaves. */
void container_fail(struct container *container, enum container_verb verb, const struct engine_result *result,
                    enum reason otherwise);
/* What failed since the last look, once; false: nothing. */
bool container_take_failure(struct container *container, struct failure *failure);
/* Was it counted as a crash, and was somebody's kill, as it turned out? Told once. */
bool container_take_excuse(struct container *container);

/* It has ended, and how, and what it said last, is known now, or never will be: told once. */
bool container_take_heard(struct container *container);

/* STARTED -> SERVING: health watches its backend. */
void container_serve(struct container *container);
void container_retire_backend(struct container *container, enum reason reason); /* DOWN, out of the fleet */
void container_rest(struct container *container,
                    enum reason reason); /* the same; then it is as when it had just started */
bool container_drain(struct container *container, enum reason reason); /* false: it does not serve */
bool container_drained(struct container *container);                   /* or drain_ms passed; else a step comes */

void container_log(int level, const struct container *container, const char *event, const char *reason,
                   const char *error);
