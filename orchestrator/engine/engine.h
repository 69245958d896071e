/* engine: how a container is made, started, stopped and heard of. A table of verbs; which engines
 * there are says engines.h. Fleet and proxy never know which one it is.
 *
 * Callbacks: every verb returns at once; its callback runs exactly once, later, never before the verb has returned,
 * and never after engine_free. A verb that hangs is ended by its deadline (ENGINE_TIMEOUT). Nothing here blocks.
 * Ownership: arguments are borrowed for the call; what a callback is given is valid for the callback only.
 * Only fleet calls verbs and hears news; what is on this host for a container (the directory of its socket, its program's
 * records) is the engine's to make and to take away.
 */
#pragma once

#include "common/err.h"
#include "orchestrator/base/address.h"
#include "orchestrator/base/options.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct event_base;
struct engine;

#define ENGINE_ID_SIZE 65 /* 64 hex digits and a NUL */
#define ENGINE_NAME_SIZE 128
#define ENGINE_IMAGE_SIZE 512 /* a name of 255, a tag of 128, a digest of 71, and what stands between them, fit */
#define ENGINE_SPEC_SIZE 17   /* 16 hex digits and a NUL */
#define ENGINE_OWNER_SIZE 33  /* 32 hex digits and a NUL */
#define ENGINE_KEY_SIZE 65    /* 64 hex digits and a NUL */

/* The variable by which a program knows which container it is in. Where its answers to probes say so, another container's at the
 * same address are told apart. */
#define ENGINE_IDENTITY_KEY "SELFLESS_ID"
#define ENGINE_IDENTITY_SIZE 65 /* letters and digits, and a NUL */

enum engine_reach { REACH_PUBLISHED, REACH_BRIDGE, REACH_SOCKET };

/* What the containers of one service are made from. */
struct engine_spec {
	const char *service;
	const char *image;             /* docker, swarm */
	const struct strings *command; /* empty: the image's own */
	const struct strings *publish; /* host addresses the port is published on; may be empty */
	const struct strings *volumes; /* "name:/path" or "/host:/path", with ":ro" if wanted */
	const struct strings *env;     /* "KEY=value" */
	int port;                      /* inside */
	int memory_mb;                 /* 0 = no limit */
	double cpus;                   /* 0 = no limit */
	int stop_ms;                   /* from SIGTERM to SIGKILL, for an engine that must know it at the create */
	enum engine_reach reach;
	const char *hash; /* label selfless.spec */
};

/* Where one container goes. */
struct engine_place {
	const char *name;  /* container name */
	int slot;          /* label selfless.slot; -1 for a spare */
	int host_port;     /* to be published on the spec's addresses; 0 = none */
	bool late_network; /* create leaves it in no network; start gives it that, with its port, once it is started,
	                         * and its program begins when it has it */
	bool apart; /* on another host than others of its service, as long as there are hosts enough; where that is not
	                    * one_host */
};

/* The addresses that a container's own connections come from. None: it has none that are its own, as on the host's network. */
#define ENGINE_SOURCES_MAX 8
struct engine_sources {
	struct in6_addr items[ENGINE_SOURCES_MAX]; /* IPv4 as ::ffff:a.b.c.d */
	size_t count;
};

/* EVICTED: it may run, and the engine is to end it or has lost sight of it, by nobody's wish here. */
enum engine_state { ENGINE_CREATED, ENGINE_RUNNING, ENGINE_PAUSED, ENGINE_EVICTED, ENGINE_EXITED, ENGINE_OTHER };

struct engine_container {
	char id[ENGINE_ID_SIZE];
	char name[ENGINE_NAME_SIZE];
	char service[ENGINE_NAME_SIZE];
	char spec[ENGINE_SPEC_SIZE];
	char owner[ENGINE_OWNER_SIZE];       /* the settings' of who made it; "": it has none */
	char identity[ENGINE_IDENTITY_SIZE]; /* its ENGINE_IDENTITY_KEY; "": it has none, or it is not known yet */
	char image[ENGINE_IMAGE_SIZE];
	int slot;               /* -1: spare or unknown */
	int host_port;          /* from label selfless.port */
	struct address address; /* where it is reached once it runs; len 0 = not known from a list: ask with inspect */
	struct engine_sources sources; /* while it runs */
	enum engine_state state;
	int64_t made_ms;    /* when, since the epoch, as the engine says; 0: it does not */
	int64_t running_ms; /* since it was started, where it runs; a minute or more may be said to be one */
	bool no_network;    /* in none: it was made with late_network, and start is yet to be called, or again */
	bool spoilt;        /* it cannot be started: what it had on this host is gone, as after a reboot */
};

/* Why a verb failed; the message says the rest. */
enum engine_fault {
	ENGINE_OK,
	ENGINE_NOT_FOUND,  /* no such container */
	ENGINE_NAME_TAKEN, /* another container has the name */
	ENGINE_PORT_TAKEN, /* the host port is in use */
	ENGINE_PORT_LOST,  /* the engine itself holds the host port, and no container has it */
	ENGINE_NO_IMAGE,
	ENGINE_NO_NETWORK,  /* the one it is to be in is gone */
	ENGINE_NO_VOLUME,   /* it is gone, or cannot be mounted */
	ENGINE_NO_SPACE,    /* on the engine's disk */
	ENGINE_REFUSED,     /* the engine understood and will not, for another reason: a memory limit, ... */
	ENGINE_UNREACHABLE, /* the engine does not answer */
	ENGINE_TIMEOUT,
	ENGINE_FAULTS
};

const char *engine_fault_text(enum engine_fault fault); /* "port-taken": for logs, admin, metrics */
bool engine_in_doubt(enum engine_fault fault);          /* is it unknown whether the engine did it? */

struct engine_result {
	enum engine_fault fault;
	const char *message;  /* "" when ok; else the engine's own words and, where we know one, the remedy */
	const char *id;       /* create: the new container; else the one asked for */
	const char *identity; /* create, start, inspect: its ENGINE_IDENTITY_KEY; NULL: this answer does not tell */
	/* create: it is in none, as its place asked; an engine may be unable to do that. inspect: it is in none now */
	bool no_network;
	bool remake; /* start, ENGINE_PORT_LOST: after forgo_port another one, made in its place, does without it */
	struct address
	        address; /* start, inspect: where it is reached; len 0 = not known, as it does not run, or not yet */
	/* list */
	const struct engine_container *containers;
	size_t count;
	/* inspect */
	enum engine_state state;
	int exit_code;
	bool oom_killed;
	int pid; /* of its first process, on this host; 0 = it does not run */
	/* logs */
	const char *text;
	size_t text_len;
	/* image */
	const struct engine_image *image;
	/* images */
	const struct strings *names;
};

/* What an image says of itself; texts are "" where it says nothing. */
struct engine_image {
	const int *ports; /* TCP ports that it says it listens on, ascending */
	size_t port_count;
	const char *health; /* the command that it says shows its health, its words with a space between */
	const char *user;
	const struct strings *volumes; /* paths, in alphabetical order */
};

typedef void engine_done(const struct engine_result *result, void *arg);

/* DIE: it runs no more, for certain. EXIT: the container's process has ended; how, and that the engine is done with it, DIE says
 * later. KILL: the engine sent a signal to it, for us or for somebody else, of which it may or may not die. EVICT: it is
 * ENGINE_EVICTED now; DIE follows if it is known to have ended. SOURCES: where its connections come from is known, soon after
 * each start. MOVED: it runs, and is reached elsewhere than before. Not every engine, and not every container, has these five. */
enum engine_event_type {
	ENGINE_EVENT_DIE,
	ENGINE_EVENT_KILL,
	ENGINE_EVENT_EVICT,
	ENGINE_EVENT_EXIT,
	ENGINE_EVENT_OOM,
	ENGINE_EVENT_START,
	ENGINE_EVENT_PAUSE,
	ENGINE_EVENT_UNPAUSE,
	ENGINE_EVENT_SOURCES,
	ENGINE_EVENT_MOVED,
	ENGINE_EVENT_DESTROY
};

struct engine_event {
	enum engine_event_type type;
	const char *id;
	int exit_code;                        /* DIE; -1: the engine does not know */
	int signal;                           /* KILL: its number; 0 if the engine does not say */
	const struct engine_sources *sources; /* SOURCES */
	const struct address *address;        /* MOVED */
	int64_t engine_time_ns;               /* when the engine says it happened; 0 if it does not */
};

/* Orchestrators of one name may stand on several hosts: one of them leads, which alone makes, changes and removes containers; the
 * others follow. Which one, the engine knows: nobody of ours decides it. */
#define ENGINE_HOST_SIZE 128
struct engine_role {
	bool leads; /* this one does */
	const char *
	        leader; /* the host whose orchestrator leads, "name (address)"; "": none does, or it is not known which */
};

/* What they have in common: the owner on their containers, and the key of their specs' hash. Whoever came first brought his own. */
struct engine_shared {
	const char *owner, *key;
};

/* A host that containers may be on. */
struct engine_node {
	const char *host;    /* its name, that others may have, too */
	const char *address; /* of the containers on it, without a port */
	const char *state;   /* one word: "ready", "drain", "down" */
	bool self;           /* this orchestrator is on it */
	bool ready;          /* it answers */
	bool manager;        /* the leader is elected by these, as long as most of them */
	bool reachable;      /* reach each other */
	bool leader;
};

/* News, for fleet alone. on_up: the event stream (again) runs; what happened before is not told: list and
 * compare now. on_down: the engine does not answer; it is tried again with back-off until it does. It may come again, with
 * another reason. By an engine that elects (struct engine_can) alone: on_shared, once, before the first on_up; on_role, before that,
 * too, and at each change, and what it told holds while the engine is down; so does on_nodes, which tells all that there are. */
struct engine_observer {
	void (*on_event)(const struct engine_event *event, void *arg);
	void (*on_shared)(const struct engine_shared *shared, void *arg);
	void (*on_role)(const struct engine_role *role, void *arg);
	void (*on_nodes)(const struct engine_node *nodes, size_t count, void *arg);
	void (*on_up)(void *arg);
	void (*on_down)(const char *message, void *arg);
	void *arg;
};

struct engine_verbs {
	/* Makes what containers share: the network, the volumes (with labels). Harmless when there already. */
	void (*prepare)(struct engine *engine, const struct engine_spec *spec, engine_done *done, void *arg);
	/* Containers with label selfless.name = ours, in any state. */
	void (*list)(struct engine *engine, engine_done *done, void *arg);
	void (*create)(struct engine *engine, const struct engine_spec *spec, const struct engine_place *place,
	               engine_done *done, void *arg);
	/* spec and place: as for its create, but late_network as that said no_network. Answers with the address. With
	 * late_network the port may still be a dead container's for some time: that is waited for. Where it is refused the
	 * container does not run; in doubt (ENGINE_UNREACHABLE, ENGINE_TIMEOUT) it may, and start may be called again. */
	void (*start)(struct engine *engine, const struct engine_spec *spec, const struct engine_place *place,
	              const char *id, engine_done *done, void *arg);
	/* SIGTERM, up to grace_ms for it to leave, SIGKILL; then it is still there, exited. */
	void (*stop)(struct engine *engine, const char *id, int grace_ms, engine_done *done, void *arg);
	/* SIGKILL if it runs, and gone, with what it had on this host. Not found is ok. */
	void (*remove)(struct engine *engine, const char *id, engine_done *done, void *arg);
	/* These three are NULL where the engine cannot (struct engine_can). */
	void (*rename)(struct engine *engine, const char *id, const char *name, engine_done *done, void *arg);
	void (*pause)(struct engine *engine, const char *id, engine_done *done, void *arg);
	void (*unpause)(struct engine *engine, const char *id, engine_done *done, void *arg);
	/* Containers that are created from now on do without this host port, until the engine has been away. Only for a port
	 * of a start that was answered with remake: whether Docker has lost it, or a container of ours that has just ended holds
	 * it a little longer, is fleet's to know. NULL: this engine never answers so. */
	void (*forgo_port)(struct engine *engine, int port);
	/* Nothing at its address answers any more, by which its host itself may be gone: what is created from now on comes to
	 * others, until that answers again. NULL: all are on this host. */
	void (*host_lost)(struct engine *engine, const char *id);
	void (*inspect)(struct engine *engine, const char *id, engine_done *done, void *arg);
	/* The last `lines` lines of its output, stdout and stderr together. */
	void (*logs)(struct engine *engine, const char *id, int lines, engine_done *done, void *arg);
	/* Takes away what containers share and nothing is kept in: the network, where no container is in it. NULL: there is nothing. */
	void (*unprepare)(struct engine *engine, engine_done *done, void *arg);
	/* What an image that is on this host says of itself; ENGINE_NO_IMAGE: there is none. And the names of all that are there.
	 * NULL: this engine knows no images. */
	void (*image)(struct engine *engine, const char *name, engine_done *done, void *arg);
	void (*images)(struct engine *engine, engine_done *done, void *arg);
	void (*free)(struct engine *engine);
};

/* What fleet may count on. */
struct engine_can {
	bool rename;       /* else a container keeps the name it was made with */
	bool ahead;        /* create makes what start begins; else a container runs once it is created */
	bool pause;        /* pause and unpause */
	bool late_network; /* else a place's late_network is not heeded */
	bool local_ports;  /* host_port is a port of this host: no two containers have it at once */
	bool one_host;     /* all containers are on this host, and share its volumes */
	bool gone_ended;   /* one that is gone has ended; else only DIE says that */
	bool elects;       /* on_role says whether this orchestrator leads; else it always does */
};

/* First member of every engine. */
struct engine {
	const struct engine_verbs *verbs;
	const struct engine_can *can; /* set by engines_make */
};

struct engine_settings {
	struct event_base *base;
	const char *name;          /* label selfless.name, and the network's name */
	struct engine_shared own;  /* owner: label selfless.owner; docker, swarm. key: swarm, for others to share */
	const char *docker_socket; /* docker, swarm */
	int poll_ms; /* swarm: between two looks at it while something is under way; four times that otherwise */
	const char *state_dir; /* process: its records, logs and the services' data; docker: the file that late_network
	                            * needs. Made where missing. */
	const char
	        *socket_dir; /* under which the containers' sockets are (REACH_SOCKET); made when the first is needed */
	struct engine_observer observer;
};

/* Makes an engine: starts connecting; on_up or on_down follows. Settings are borrowed for the call. Frees with
 * engine->verbs->free, which no callback of the engine may call; what is under way then ends without a callback. False, with
 * what to do in err: there can be none. */
typedef bool engine_new(const struct engine_settings *settings, struct engine **engine, struct err *err) MUST_CHECK;
