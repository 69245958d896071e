/* supervisor_private: the structs behind supervisor.h, shared by the supervisor_*.c files.
 *
 *   supervisor.c            new, free, the step, operator's wishes
 *   supervisor_scale.c      requests counted -> which slots are live
 *   supervisor_slot.c       one slot: what is to be done next; faults, back-off
 *   supervisor_crashes.c    is it a crash loop?
 *   supervisor_container.c  one container up to the moment it serves
 *   supervisor_leave.c      one container on its way out
 *   supervisor_reconcile.c  the engine's list and events against what we know
 *   supervisor_revision.c   which revision a slot's container is made from
 *   supervisor_roll.c       one slot after the other to the newest revision
 *   supervisor_spare.c      containers that wait, paused, to stand in for a slot
 *   supervisor_stand_in.c   which of them for which slot
 *   supervisor_obstacle.c   can nothing come?
 *   supervisor_words.c      messages: why something does not serve
 *   supervisor_call.c       engine calls in flight
 *   supervisor_view.c       what admin and metrics read
 *
 * How it works: callbacks only write down what they learnt and ask for a step (supervisor_soon). A step runs from the
 * loop, looks at the whole situation and issues what is to be done next; it may run at any time and any number of
 * times. So calls may end in any order, and nothing is entered twice.
 */
#pragma once

#include "orchestrator/base/backoff.h"
#include "orchestrator/fleet/incident.h"
#include "orchestrator/fleet/revision.h"
#include "orchestrator/fleet/supervisor.h"
#include "orchestrator/base/timer.h"

#include <sys/queue.h>

#define NEVER INT64_MAX
#define DOUBT_US 1000000         /* between two looks whether one that was adopted runs */
#define CRASH_WINDOW_US 30000000 /* so many faults in this time */
#define CRASH_FAULTS 3
#define DEATH_NEWS_US 50000      /* the engine tells of a death within this time, */
#define DEATH_LATE_US 250000     /* or, if it is busy, within this; one that listens no more is hardly alive */
#define PORT_RETRY_US 5000       /* the port of a dead container is freed a little later */
#define PORT_PATIENCE_US 3000000 /* after that it is taken for somebody else's */
#define SLOT_EXTRA -1            /* container->slot of one that is in no slot */

enum container_use {
	CONTAINER_CURRENT, /* in its slot */
	CONTAINER_NEXT,    /* created ahead for its slot */
	CONTAINER_EXTRA,   /* stands in during a roll */
	CONTAINER_SPARE,   /* waits, paused, or stands in for a slot */
	CONTAINER_LEAVING  /* on its way out */
};

enum container_phase {
	CONTAINER_NEW, /* create not answered yet: no id */
	CONTAINER_CREATED,
	CONTAINER_STARTED, /* its address is not known yet */
	CONTAINER_SERVING  /* has (or had) a backend */
};

enum leave_stage {
	LEAVE_DRAIN,   /* wait until nothing is in flight */
	LEAVE_STOP,    /* SIGTERM, stop_ms, SIGKILL */
	LEAVE_KILL,    /* SIGKILL: it is faulty, or nobody uses it */
	LEAVE_INSPECT, /* a fault: how did it end, */
	LEAVE_LOGS,    /* what did it say last */
	LEAVE_REMOVE
};

/* What the engine would not do for a container. It was to leave the phase that it is in. */
struct failure {
	enum reason reason; /* REASON_NONE: nothing failed */
	enum engine_fault fault;
	bool remake; /* another container, made in its place, would do without what this one was refused */
	char message[SUPERVISOR_MESSAGE_SIZE];
};

struct container {
	TAILQ_ENTRY(container) link; /* supervisor->containers: every one we know, whatever its use */
	struct supervisor *supervisor;
	enum container_use use;
	enum container_phase phase;
	bool busy; /* a call about it is in flight: it is not freed, no other call is made */
	int slot;
	unsigned revision; /* 0 = made from something else than we know */
	bool unwanted;     /* an operator wants another in its place */
	char id[ENGINE_ID_SIZE];
	char name[ENGINE_NAME_SIZE];
	int host_port;
	struct address address;  /* as the engine says; len 0 = it is yet to be asked */
	struct backend *backend; /* a reference, and a member of the fleet; NULL if it does not serve */
	uint64_t serial;         /* of its last backend; 0 = it had none */
	bool in_fleet;
	bool adopted;
	bool may_run;           /* start was called, or it was found running; until it is known dead */
	bool exited;            /* its process has ended; the engine still holds what it had */
	bool dead;              /* ran and does not any more */
	bool paused;            /* a spare that waits */
	bool late_network;      /* it has no network before it runs, or had none when it was found */
	bool warm;              /* a spare that has shown that it works */
	bool runs_on;           /* one that cannot be paused: it waits all the same */
	bool gone;              /* does not exist any more */
	bool oom;               /* the kernel killed a process of it for want of memory, */
	int64_t oom_us;         /* and when we were told */
	bool stop_called;       /* by us: signals of that are told as events, too */
	bool by_us;             /* we killed it while it ran */
	bool by_hand;           /* somebody else killed it: no sign of a crash loop */
	int signal;             /* the last one that somebody else had the engine send, */
	int64_t signalled_us;   /* and when; 0 = none */
	bool crash_noted;       /* its end was counted as one towards a crash loop, */
	bool excused;           /* and was somebody's kill, as it turned out */
	int64_t ended_us;       /* when it was known to run no more, after it had run; 0 = it did not, or runs */
	struct failure failure; /* written by callbacks; whose container it is takes it in the next step */
	int exit_code;          /* -1 unknown */
	int64_t touched_us;     /* last call or event: an older list says nothing about it */
	int64_t running_ms;     /* adopted: since its start */
	int64_t doubt_us;       /* adopted, not ready yet: when the engine is asked whether it really runs */
	bool seen;              /* reconcile: it is in the list */
	/* LEAVING */
	enum leave_stage stage;
	bool faulty; /* its last words are worth keeping */
	enum reason reason;
	struct incident incident; /* copied: the slot's may be over before this one is gone */
	int64_t drain_until_us;
	struct backoff retry; /* of stopping and removing it */
};

TAILQ_HEAD(containers, container);

struct crashes {
	int64_t at_us[CRASH_FAULTS]; /* of the last ones, newest first; 0 = none */
	unsigned barren;             /* of the last ones, so many were never ready before */
	unsigned level;              /* of the back-off: doubles with each; 0 = no crash loop */
};

struct slot {
	int index;
	bool live; /* wanted */
	struct container *current;
	struct container *next;
	enum reason reason; /* last fault or failure */
	char message[SUPERVISOR_MESSAGE_SIZE];
	unsigned faults;
	struct crashes crashes;
	bool back_off_untold; /* of a crash loop: its line is not in the log yet */
	struct backoff retry; /* of what the engine refuses; a crash loop waits there, too */
	int64_t ready_us;     /* since when current serves; NEVER */
	int64_t wanted_us;    /* since when it is to serve: growth */
	int64_t ended_us;     /* when its last container died: the port may be held a little longer */
	struct backoff rename;
	struct backoff ahead;     /* of creating the next one */
	struct incident incident; /* open from the fault until a replacement is ready */
	enum reason incident_reason;
};

struct spare {
	int index;
	struct container *container;
	int slot;  /* the one it stands in for; SLOT_EXTRA: none */
	bool told; /* that it serves there */
	enum reason reason;
	char message[SUPERVISOR_MESSAGE_SIZE];
	struct backoff retry; /* of what the engine refuses; a crash loop waits there, too */
	struct crashes crashes;
	int64_t born_us;
};

enum roll_state { ROLL_IDLE, ROLL_STAND_IN, ROLL_SLOTS };

struct roll {
	enum roll_state state;
	struct container *extra; /* the stand-in */
	int slot;                /* the one being rolled; SLOT_EXTRA = none yet */
	unsigned faults;         /* of that slot when its turn began */
	unsigned blocked;        /* number of a revision that failed and has nothing to go back to; 0 = none */
	bool unproven;           /* no container of the newest revision has become ready yet */
	bool doubt;              /* of the stand-in: the engine was away */
	bool stuck;              /* the slot's new container fails, and there is nothing to go back to */
	bool for_port;           /* nothing is stale: the slots wait for their ports, which others hold */
	bool supplanted;         /* by a newer revision: it ends as soon as the slot serves */
	char message[SUPERVISOR_MESSAGE_SIZE]; /* why the stand-in could not be made, or did not get ready */
	char failed[SUPERVISOR_MESSAGE_SIZE];  /* why the last one stopped or went back; "" once another one begins */
	struct backoff retry;                  /* no roll begins before */
	unsigned rolled;                       /* slots done, for the log */
};

struct supervisor {
	TAILQ_ENTRY(supervisor) link; /* all */
	struct supervisors *all;
	bool awaits_other; /* a name or port that a container of another service has */
	struct event_base *base;
	struct engine *engine;
	const struct config *config;
	const struct config_service *service;
	const struct identity *identity;
	struct supervisor_observer observer;
	struct fleet *fleet;
	struct health *health;
	struct scaler scaler;
	size_t waiting;            /* requests in the proxy, for a container */
	struct revision *revision; /* what new containers are made from */
	struct revision *previous; /* what a failed roll goes back to; NULL */
	unsigned last_revision;
	struct containers containers;
	struct slot **slots; /* never shrinks; slots from scale.max on are not used */
	size_t slot_count;
	struct spare **spares; /* never shrinks; those from scale.spares on have no container, or one that leaves */
	size_t spare_count;
	struct roll roll;
	struct timer *timer; /* the next step */
	int64_t wake_us;     /* collected by a step: when the next one is due */
	bool stepping, again;
	bool started; /* the first list came */
	bool engine_up;
	bool prepared, preparing;
	unsigned prepare_number; /* of the revision that this is done for */
	bool previous_prepared;  /* the same for the one before */
	struct backoff prepare;
	enum reason prepare_reason; /* of the last failure */
	char prepare_message[SUPERVISOR_MESSAGE_SIZE];
	bool told_runs_on; /* that the engine cannot pause */
	bool list_wanted, listing;
	int64_t list_us;     /* when the list that is being compared was asked for; NEVER: just now */
	int64_t own_list_us; /* when we asked for ours */
	bool stopping, removing;
	bool stopped_all; /* that is done */
	int64_t stop_until_us;
	supervisor_stopped *stopped;
	void *stopped_arg;
	uint64_t replacements[REASON_COUNT];
	struct supervisor_times times;
};

/* supervisor.c */
void supervisor_soon(struct supervisor *supervisor);
void supervisor_wake(struct supervisor *supervisor, int64_t at_us);        /* within a step: the next is due by then */
struct slot *supervisor_slot_of(struct supervisor *supervisor, int index); /* makes it if need be; never moves */

/* supervisor_scale.c */
void scale_step(struct supervisor *supervisor);

/* supervisor_slot.c */
void slot_look(struct supervisor *supervisor, struct slot *slot); /* what became of its containers? */
void slot_step(struct supervisor *supervisor, struct slot *slot);
void slot_retire(struct supervisor *supervisor, struct slot *slot, enum reason reason); /* drains and empties it */
void slot_vacate(struct supervisor *supervisor, struct slot *slot, enum reason reason); /* the same, then refills it */
bool slot_ready(const struct slot *slot);
struct container *slot_current(const struct slot *slot); /* the container in it that does not leave; NULL */
struct container *slot_next(const struct slot *slot);    /* the same, of the one created ahead */

/* supervisor_crashes.c */
bool container_crashed(const struct container *container, enum reason reason); /* or did somebody do that to it? */
void crashes_calm(struct crashes *crashes,
                  int64_t well_since_us); /* of the container that has ended; NEVER: it was not */
/* One more, of a container that was ready once, or never; how long to wait, 0 = it is no loop. */
int64_t crashes_note(struct crashes *crashes, bool was_ready);
void crashes_pardon(struct crashes *crashes); /* the last one was none */

/* supervisor_ends.c */
void container_note_signal(struct container *container, int signal);  /* the engine sent it, for whomever */
void container_note_exit(struct container *container, int exit_code); /* told again, it is no news */
/* That somebody else had sent, so recently that its end comes of it, whatever its exit code. 0: none. */
int container_signal(const struct container *container);
bool container_killed(const struct container *container);        /* by others, or will have been once it has ended */
bool container_ended_by_hand(const struct container *container); /* it has ended: not by its requests' doing */

/* supervisor_words.c */
/* As snprintf, but a text without room for all of it ends with a whole word and "...". */
void message_write(char message[SUPERVISOR_MESSAGE_SIZE], const char *format, ...)
        __attribute__((format(printf, 2, 3)));
/* What became of one that failed: what its last probe saw, or how it ended; "" if nobody knows. */
void container_explain(const struct container *container, char text[SUPERVISOR_MESSAGE_SIZE]);

/* supervisor_container.c */
struct container *container_new(struct supervisor *supervisor, enum container_use use, int slot);
void container_free(struct container *container);
enum reason reason_of(enum engine_fault fault, enum reason otherwise);
void container_create(struct container *container, const char *name, int host_port);
void container_start(struct container *container);
void container_rename(struct container *container, const char *name);
void container_locate(struct container *container);                             /* STARTED -> SERVING */
void container_retire_backend(struct container *container, enum reason reason); /* DOWN, out of the fleet */
const struct incident *container_incident(const struct container *container);
bool container_stale(const struct container *container); /* not of the newest revision, or unwanted: to be rolled */
struct container *container_by_id(struct supervisor *supervisor, const char *id);
bool name_in_use(struct supervisor *supervisor, const char *name);
/* Another container, of whichever service, than that slot's that has this host port; NULL: none known, or `port` is 0 */
const struct container *port_holder(struct supervisor *supervisor, int port, int slot);
/* Its port is that of one on its way out, or of another service's, which has to move. */
bool container_port_leaves(const struct container *container);
/* What failed since the last look, once; false: nothing. */
bool container_take_failure(struct container *container, struct failure *failure);
/* Was it counted as a crash, and was somebody's kill, as it turned out? Told once. */
bool container_take_excuse(struct container *container);
/* The engine refused its port, which it can do without: it leaves, and the next one has none. */
bool container_goes_without_port(struct container *container, const struct failure *failure);
void container_log(int level, const struct container *container, const char *event, const char *reason,
                   const char *error);

/* supervisor_leave.c */
enum leave_how { LEAVE_AT_ONCE, LEAVE_AFTER_STOP, LEAVE_AFTER_DRAIN };
void container_leave(struct container *container, enum reason reason, enum leave_how how);
void container_kill(struct container *container); /* one that leaves, at once */
void leave_step(struct container *container);

/* supervisor_reconcile.c */
void container_died(struct container *container, enum reason reason);
void supervisor_ask_list(struct supervisor *supervisor);

bool container_drain(struct container *container, enum reason reason); /* false: it does not serve */
bool container_drained(struct container *container);                   /* or drain_ms passed; else a step comes */

/* supervisor_spare.c */
void spares_step(struct supervisor *supervisor);
void spares_free(struct supervisor *supervisor);
void spares_look(struct supervisor *supervisor); /* what became of their containers? */
bool spare_stands_in(const struct container *container);
struct container *spare_container(const struct spare *spare);                    /* that does not leave; NULL */
int spare_port(const struct supervisor *supervisor, int index);                  /* host port; 0 = none */
bool spare_fits(const struct supervisor *supervisor, const struct spare *spare); /* not too many, on its own port */
void spare_paused_outside(struct container *container, bool paused);             /* so says the engine */
struct spare *spare_free_for(struct supervisor *supervisor, const char *name); /* NULL: not a spare's, or it has one */
void spare_adopt(struct spare *spare, struct container *container, enum engine_state state);
bool spare_comes(const struct spare *spare); /* it is about to stand in */

/* supervisor_obstacle.c */
/* It waits for what all containers need and a try did not bring; of that it is known that it cannot be had now. */
bool slot_unprepared(const struct supervisor *supervisor, const struct slot *slot);
bool slot_lacks(const struct supervisor *supervisor, const struct slot *slot);

/* supervisor_stand_in.c */
void stand_ins_assign(struct supervisor *supervisor);
void stand_in_settle(struct spare *spare); /* it serves in its slot's stead */

/* supervisor_roll.c */
void roll_step(struct supervisor *supervisor);
bool roll_settled(struct supervisor *supervisor);                  /* no roll is under way, none is due */
void roll_look(struct supervisor *supervisor);                     /* what became of the stand-in? */
struct container *roll_extra(const struct supervisor *supervisor); /* the stand-in that does not leave; NULL */
void roll_cancel(struct supervisor *supervisor, enum leave_how how);
void roll_to(struct supervisor *supervisor, struct revision *revision); /* takes it over */
/* What the newest revision needs was refused: a roll to it does not begin. */
void roll_refused(struct supervisor *supervisor, const char *message);

/* supervisor_revision.c */
/* What a slot's container is made from now: not the newest while that is unproven and the one before is known. */
const struct revision *revisions_for_slots(const struct supervisor *supervisor);
bool revisions_prepared(const struct supervisor *supervisor);                             /* what they share is there */
const struct revision *revisions_of(const struct container *container);                   /* what it is made from */
bool revisions_next_usable(const struct supervisor *supervisor, const struct slot *slot); /* the one created ahead */
bool revisions_may_create_ahead(const struct supervisor *supervisor);
bool revisions_go_back(struct supervisor *supervisor);                            /* false: to nothing known */
void revisions_trust(struct supervisor *supervisor);                              /* nothing older serves */
void revisions_replace(struct supervisor *supervisor, struct revision *revision); /* takes it over */
void revisions_renew(struct supervisor *supervisor); /* the same text: containers are made anew */

/* supervisor_call.c */
typedef void call_done(struct supervisor *supervisor, struct container *container, const struct engine_result *result);
/* The argument for one engine call, whose engine_done is on_call. container may be NULL; else it is busy until then. */
void *call_begin(struct supervisor *supervisor, struct container *container, call_done *done);
void on_call(const struct engine_result *result, void *arg);
void calls_forget(struct supervisor *supervisor); /* their answers will be ignored */

/* supervisor_view.c */
void times_add(struct supervisor_times *times, double seconds);
