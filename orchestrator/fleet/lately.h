/* lately: the last LATELY_MOST things that went wrong, for whoever looks when they are over: faults, what the engine refused,
 * rolls that failed, reloads that were refused, an engine that was away.
 *
 * What goes on is one entry, however often it comes again: it counts (`times`) and has the newest cause. Where something serves
 * again, its entry says how long that took. Rolls and reloads that fail for the same cause are one entry while each comes
 * within ten minutes of the one before. Kept as JSON by lately_file.h, so that it outlives the process.
 */
#pragma once

#include "common/buf.h"
#include "common/err.h"
#include "orchestrator/engine/engine.h"
#include "orchestrator/fleet/cause.h"
#include "orchestrator/fleet/incident.h"

#include <stdbool.h>
#include <stdint.h>

#define LATELY_MOST 20
#define LATELY_TEXT_MAX 65536 /* of all entries as JSON */

/*        what           in JSON */
#define LATELY_WHATS(X)                                                       \
	X(FAULT, "fault")     /* of a slot's container */                     \
	X(REFUSED, "refused") /* a slot, or all: what the engine would not */ \
	X(ROLL_FAILED, "roll-failed")                                         \
	X(REPLACE_FAILED, "replace-failed")   /* by order */                  \
	X(STAND_IN_FAILED, "stand-in-failed") /* others have the ports */     \
	X(RELOAD_REFUSED, "reload-refused")                                   \
	X(ENGINE_AWAY, "engine-away")

enum lately_what {
#define X(name, text) LATELY_##name,
	LATELY_WHATS(X)
#undef X
	        LATELY_WHAT_COUNT
};

#define LATELY_NO_SLOT -1

struct lately_entry {
	enum lately_what what;
	int64_t time_ms;                /* of the first, since the epoch */
	char service[ENGINE_NAME_SIZE]; /* "": none's */
	int slot;                       /* LATELY_NO_SLOT: none's, or all of the service's */
	char incident[INCIDENT_ID_SIZE];
	enum reason reason;
	char cause[CAUSE_SIZE];
	unsigned times;
	bool open;        /* it goes on */
	int64_t took_ms;  /* until it served again; -1: it does not (yet), or nobody knows */
	int64_t begun_us; /* clock_us; 0: in an earlier process */
	int64_t last_us;  /* when it last came, likewise */
};

struct lately;
struct json_writer;

/* changed: after each change, NULL is nobody; it may read. */
struct lately *lately_new(void (*changed)(void *arg), void *arg);
void lately_free(struct lately *lately); /* NULL is fine, here and below: then nothing is kept */

/* What it is about. */
struct lately_place {
	enum lately_what what;
	const char *service; /* NULL: none's */
	int slot;
	const char *incident; /* NULL: none */
};

/* It went wrong (again). */
void lately_note(struct lately *lately, const struct lately_place *place, enum reason reason, const char *cause);
/* More is known of why, of the entry of that incident, or of the newest at that place. */
void lately_explain(struct lately *lately, const struct lately_place *place, const char *cause);
/* Faults and refusals of that slot are over. took_ms: -1 since the entry was made. served: else it is not wanted any more. */
void lately_end(struct lately *lately, const char *service, int slot, int64_t took_ms, bool served);
/* The same of all that is the service's and is open: there is no service of that name any more. */
void lately_end_service(struct lately *lately, const char *service);
void lately_end_engine(struct lately *lately); /* it is back */

uint64_t lately_changes(const struct lately *lately); /* so far */
size_t lately_count(const struct lately *lately);
const struct lately_entry *lately_at(const struct lately *lately, size_t index); /* 0 is the newest */

/* An array, the newest first. */
void lately_write(struct json_writer *w, const struct lately *lately);
/* That array in text, from an earlier process. False: it is none, and nothing was taken. */
bool lately_read(struct lately *lately, const char *text, size_t len, struct err *err) MUST_CHECK;
