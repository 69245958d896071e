/* stats: what the proxy counts, per service. Plain numbers, read by admin. */
#pragma once

#include <stdint.h>

#define STATS_BUCKETS 14

extern const double stats_bucket_s[STATS_BUCKETS]; /* upper bounds of the histogram, the last is +Inf */

/* Why a request was sent again. */
#define STATS_REPLAYS(X)      \
	X(CONNECT, "connect") \
	X(STALE, "stale")     \
	X(BROKEN, "broken")   \
	X(STATUS, "status")   \
	X(DOWN, "down")

enum stats_replay {
#define X(name, text) STATS_REPLAY_##name,
	STATS_REPLAYS(X)
#undef X
	        STATS_REPLAY_COUNT
};

const char *stats_replay_text(enum stats_replay replay);

struct stats {
	uint64_t by_code[600]; /* replies, by status; 0: the client left first */
	uint64_t replays[STATS_REPLAY_COUNT];
	uint64_t hedged; /* requests that were sent to a second backend while the first one seemed to hang */
	uint64_t held_total;
	uint64_t in_flight;             /* now */
	uint64_t held;                  /* now */
	uint64_t bucket[STATS_BUCKETS]; /* not cumulated */
	uint64_t seconds_us;            /* sum */
};

void stats_reply(struct stats *stats, int code, int64_t took_us);
uint64_t stats_replies(const struct stats *stats); /* so far */
