/* berth: a name, a port, a back-off, and the container that is to be there.
 *
 *   kind    name            port                revision            may start             ready               lost
 *   slot    NAME_i          first + i           for slots           nobody runs there     make the one ahead  incident
 *   ahead   NAME_i.next     first + i           for slots           never                 -                   later
 *   spare   NAME_spare_k    first + max + k     newest, settled     no slot is pending    pause, or stand in  back-off
 *   roll    NAME_roll       revision's own      newest              at once               the slots' turn     go back
 *
 * Name, port and what a failure means are in a table here; whether it may start, and what is to be done with a container that
 * is ready or lost, the owner says (slots, spares, roll), who looks at the berth in each step: berth_look, before all else.
 * A container that leaves is in no berth: berth_container gives it to nobody.
 */
#pragma once

#include "orchestrator/fleet/cause.h"
#include "orchestrator/fleet/container.h"
#include "orchestrator/fleet/container_leave.h"

enum berth_kind { BERTH_SLOT, BERTH_AHEAD, BERTH_SPARE, BERTH_ROLL, BERTH_KINDS };

struct berth {
	TAILQ_ENTRY(berth) link;
	enum berth_kind kind;
	int index; /* of the slot or the spare; -1 of the roll */
	struct containers *containers;
	struct container *container; /* or one that leaves; see berth_container */
	int port;                    /* on the host, of its last container; 0 = none */
	struct backoff retry;        /* of what the engine refuses; a crash loop waits there, too */
	enum reason reason;          /* of the last fault or failure, */
	char message[WORDS_SIZE];    /* in words, */
	char cause[CAUSE_SIZE];      /* and in one sentence that says what to do; "": none */
	enum reason why;             /* as reason, but a crash loop's is that of its last crash */
	bool by_engine;              /* the message is the engine's answer, not that it gave none */
	char lost[ENGINE_ID_SIZE];   /* the container whose end that was; "": none */
	int exit_code;               /* of that; -1 unknown */
	char last_words[LAST_WORDS_SIZE];
};

TAILQ_HEAD(berths, berth); /* of one service */

void berth_init(struct berth *berth, struct berths *all, enum berth_kind kind, int index,
                struct containers *containers);

struct container *berth_container(const struct berth *berth); /* NULL: there is none that stays */
struct backend *berth_backend(const struct berth *berth);     /* of that; NULL: it does not serve */
bool berth_ready(const struct berth *berth);                  /* its backend is READY */
bool berth_lost(const struct berth *berth);                   /* its container has failed or ended */
bool berth_evicted(const struct berth *berth);                /* the engine ends it: it is to leave after a drain */

void berth_name(const struct berth *berth, const struct revision *revision, char name[ENGINE_NAME_SIZE]);
int berth_port(const struct berth *berth, const struct revision *revision); /* on the host; 0 = none */
/* Was this container, that leaves, in this berth, or one of the same slot or spare? */
bool berth_had(const struct berth *berth, const struct container *container);
/* The next of these behind that one, NULL: the first; the newest first. NULL: none is left. */
struct container *berth_had_next(const struct berth *berth, const struct container *behind);
#define BERTH_FOREACH_HAD(container, berth)                                  \
	for ((container) = berth_had_next(berth, NULL); (container) != NULL; \
	     (container) = berth_had_next(berth, container))

/* A container of this revision is made for it, under this name. There must be none. */
void berth_make(struct berth *berth, struct revision *revision, const char *name);
void berth_make_at(struct berth *berth, struct revision *revision, const char *name, int port); /* on another port */
void berth_put(struct berth *berth, struct container *container);              /* one that is there already */
struct container *berth_take(struct berth *berth);                             /* out of it */
void berth_leave(struct berth *berth, enum reason reason, enum leave_how how); /* if there is one */

/* From created to serving, where no call is in flight: starts it, if it and we may and its port is nobody's who goes, and finds its
 * address. */
void berth_advance(struct berth *berth, bool may_start);

/* What became of its container's last call? True: something failed, the caller decides (berth_refused, as a rule). Lets go of
 * one that leaves. */
bool berth_look(struct berth *berth, struct failure *failure);
/* Notes the failure, backs off, and the container leaves unless the same one is tried again. False: another container, made
 * at once, will do without what this one could not have; nothing is noted. */
bool berth_refused(struct berth *berth, const struct failure *failure);
bool failure_is_port(const struct failure *failure); /* its port is somebody's */

/* Its container is lost: the reason is noted, in words as well. */
enum reason berth_fault(struct berth *berth);
/* How a container of it ended is known by now, and what that said last: noted, if that is the one that it lost last. */
void berth_hear(struct berth *berth, const struct container *container);
void berth_say(struct berth *berth, enum reason reason, const char *message);      /* message: "" = nothing to say */
void berth_say_more(struct berth *berth, enum reason reason, const char *message); /* of the same; the cause stays */
void berth_wait(struct berth *berth, int64_t wait_us);                             /* nothing is tried for so long */

/* --- all of one service ---------------------------------------------------------------------------------------- */

void berths_let_go(struct berths *all); /* of containers that leave, where nobody looks */
/* A berth whose back-off waits for one of these is tried now: the engine is back, */
void berths_engine_back(struct berths *all);
void berths_afresh(struct berths *all);     /* whatever failed before is tried now, */
void berths_names_free(struct berths *all); /* a container of ours that nobody wanted had the name, and leaves, */
void berths_port_free(struct berths *all, int port); /* one that served on the port is gone */
