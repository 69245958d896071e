/* backoff: when what failed may be tried again: after 0.5 s, and twice as long after each further failure, up to 30 s, or at
 * a pace of its own. Pure but for the clock, and for the count of all failures by what is tried again, which may come from
 * any thread.
 *
 * All zero is ready for use: nothing failed, the next try is due. Embedded by value; owns nothing.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/*        what        label in metrics */
#define RETRIES(X)                                                                \
	X(SLOT, "slot")     /* a slot's container: made, started, found */        \
	X(CRASH, "crash")   /* a slot or a spare whose containers keep failing */ \
	X(AHEAD, "ahead")   /* the container created ahead */                     \
	X(SPARE, "spare")   /* a spare: made, started, paused, unpaused */        \
	X(REMOVE, "remove") /* a container on its way out */                      \
	X(RENAME, "rename")                                                       \
	X(PREPARE, "prepare") /* image, network and volumes */                    \
	X(ROLL, "roll")                                                           \
	X(LIST, "list")     /* the engine's list of containers */                 \
	X(HUNT, "hunt")     /* the search for what a process left behind */       \
	X(LINK, "link")     /* the connection to the engine */                    \
	X(PEER, "peer")     /* another orchestrator's counts */                   \
	X(AWAIT, "await")   /* the file that late_network needs */                \
	X(LOG, "log")       /* the access log's file, opened anew */              \
	X(STATE, "state")   /* a file in state_dir */                             \
	X(THREAD, "thread") /* a thread for what would block */                   \
	X(ACME, "acme")     /* an order of a certificate */                       \
	X(ADMIN, "admin")   /* the node's address, where admin is to listen */    \
	X(ACCEPT, "accept") /* connections, after descriptors or memory ran out */

enum retry {
#define X(name, text) RETRY_##name,
	RETRIES(X)
#undef X
	        RETRY_COUNT
};

struct backoff {
	unsigned level;  /* failures since it last went well */
	int64_t next_us; /* nothing is tried before (clock_us) */
};

struct backoff_pace {
	int64_t first_us, most_us;
};

/* It failed (once more): returns how long, in microseconds, nothing is tried now. */
int64_t backoff_fail(struct backoff *backoff, enum retry what);
int64_t backoff_fail_at(struct backoff *backoff, struct backoff_pace pace, enum retry what);

/* How long that is at this level: 1 is the first failure. */
int64_t backoff_wait_us(unsigned level);
int64_t backoff_pace_us(struct backoff_pace pace, unsigned level);

void backoff_wait(struct backoff *backoff, int64_t wait_us); /* nothing is tried for so long; the level stays */

bool backoff_due(const struct backoff *backoff);

void backoff_reset(struct backoff *backoff); /* it went well, or something else is to be tried */
void backoff_hurry(
        struct backoff *backoff); /* what it waited for may be there: try now; the next failure waits longer */

/* Of the whole process, since it started. */
uint64_t backoff_retries(enum retry what);
void backoff_count(enum retry what); /* one that is paced otherwise */
const char *backoff_retry_text(enum retry what);
