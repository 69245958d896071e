/* stats: counters and one histogram. */
#include "orchestrator/proxy/stats.h"

#include <math.h>
#include <stddef.h>

const double stats_bucket_s[STATS_BUCKETS] = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                              0.1,    0.25,  0.5,    1,     2.5,  10,    INFINITY};

static const char *const replay_texts[] = {
#define X(name, text) text,
        STATS_REPLAYS(X)
#undef X
};

const char *stats_replay_text(enum stats_replay replay)
{
	return replay_texts[replay];
}

void stats_reply(struct stats *stats, int code, int64_t took_us)
{
	stats->by_code[code >= 0 && code < 600 ? code : 0]++;
	stats->seconds_us += (uint64_t)took_us;
	size_t i = 0;
	while (i < STATS_BUCKETS - 1 && (double)took_us > stats_bucket_s[i] * 1e6)
		i++;
	stats->bucket[i]++;
}

uint64_t stats_replies(const struct stats *stats)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < STATS_BUCKETS; i++)
		sum += stats->bucket[i];
	return sum;
}
