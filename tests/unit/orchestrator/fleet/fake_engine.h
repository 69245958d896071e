/* fake_engine: an engine for tests. Its containers are listeners in this process; every verb takes as long, and fails
 * as often, as the test says.
 *
 * It checks what the supervisor promises: never two running containers in one slot, no verb while it is down.
 */
#pragma once

#include "orchestrator/engine/engine.h"
#include "orchestrator/engine/socket_dir.h"

#include <event2/event.h>
#include <sys/queue.h>

enum fake_verb {
	FAKE_PREPARE,
	FAKE_LIST,
	FAKE_CREATE,
	FAKE_START,
	FAKE_STOP,
	FAKE_REMOVE,
	FAKE_RENAME,
	FAKE_PAUSE,
	FAKE_UNPAUSE,
	FAKE_INSPECT,
	FAKE_LOGS,
	FAKE_VERBS
};

enum fake_answer {
	FAKE_GOOD, /* 200 */
	FAKE_ILL,  /* 500 on everything */
	FAKE_HANG, /* accepts and says nothing */
	FAKE_SLOW, /* 200 after 30 ms */
	FAKE_ODD,  /* 404 on everything */
	FAKE_RESET /* closes without a word */
};

struct fake_container {
	struct fake_container *next;
	char id[ENGINE_ID_SIZE];
	char name[ENGINE_NAME_SIZE];
	char service[ENGINE_NAME_SIZE];
	char spec[ENGINE_SPEC_SIZE];
	char owner[ENGINE_OWNER_SIZE];    /* "": it has none */
	char socket_dir[SOCKET_DIR_SIZE]; /* "": it is reached at its port */
	struct address address;
	struct engine_sources sources; /* of its last start */
	int slot;
	int port;
	enum engine_state state;
	bool unpublished;        /* made without its port, which was found lost */
	bool no_network;         /* made with late_network, and not yet started */
	bool foreign;            /* not in lists */
	enum fake_answer answer; /* while it is not paused */
	int fd;
	struct event *accept;
	int exit_code;
	bool oom;
	int stop_ms; /* of its spec */
};

struct fake_engine {
	struct engine engine;  /* first */
	struct engine_can can; /* all, unless a test says otherwise before anything is made */
	struct event_base *base;
	struct engine_observer observer;
	const char *socket_dir; /* under which containers get their directories */
	struct fake_container *containers;
	int64_t delay_us[FAKE_VERBS];
	int fail_times[FAKE_VERBS]; /* so many of the next calls fail */
	enum engine_fault fail_with[FAKE_VERBS];
	bool hidden_failure[FAKE_VERBS]; /* they fail, but take effect all the same */
	unsigned calls[FAKE_VERBS];
	enum fake_answer answer; /* of containers created from now on */
	bool down;               /* every call ends in ENGINE_UNREACHABLE */
	bool silent;             /* no events */
	bool never_late;         /* create gives each its network, whatever its place asks */
	bool late_end;           /* what a refused start undoes is told after the answer */
	int lost_port;           /* no container that publishes it starts; 0 = none */
	int noted_port;          /* so this was found lost, and is not published where it need not; 0 = none */
	const char *output;      /* of every container; NULL: "one", "two" */
	const char *image;       /* of every container, in lists; NULL: "" */
	bool unlocated;          /* start and list give no address: inspect has to be called */
	int serial;
	unsigned source;      /* of the last start: each has the next address */
	TAILQ_HEAD(, op) ops; /* verbs that are not answered yet */
	unsigned in_flight;
	bool two_in_a_slot; /* the promise was broken */
	bool late_extra;    /* one in no slot was to have its network late, and with it a name it should not have */
};

struct fake_engine *fake_engine_new(struct event_base *base);
void fake_engine_free(struct fake_engine *fake); /* also the containers; what is under way ends without a callback */

/* What happens without the supervisor. */
struct fake_container *fake_add(struct fake_engine *fake, const char *service, const char *name, int slot,
                                const char *spec, enum engine_state state, const char *socket_dir, int port);
struct fake_container *fake_by_name(struct fake_engine *fake, const char *name);
void fake_kill(struct fake_engine *fake, struct fake_container *container, int exit_code); /* die event */
void fake_signal(struct fake_engine *fake, struct fake_container *container, int signal);  /* kill event: docker stop */
void fake_exit(struct fake_engine *fake, struct fake_container *container);                /* exit event; die is due */
void fake_exit_over(struct fake_engine *fake, struct fake_container *container);           /* and here it is */
void fake_restart(struct fake_engine *fake, struct fake_container *container);             /* one that has ended */
void fake_remove(struct fake_engine *fake, struct fake_container *container);              /* as rm -f */
void fake_oom_lived(struct fake_engine *fake, struct fake_container *container); /* oom event: of a child of it */
void fake_oom(struct fake_engine *fake, struct fake_container *container);       /* oom event, then die */
void fake_evict(struct fake_engine *fake, struct fake_container *container);     /* evict event: it runs on */
void fake_pause(struct fake_engine *fake, struct fake_container *container);     /* pause event */
void fake_unpause(struct fake_engine *fake, struct fake_container *container);   /* unpause event */
unsigned fake_count(const struct fake_engine *fake, enum engine_state state);
