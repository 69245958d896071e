/* bodies: the request bodies that are being received: how fast each comes, and which one must make room. Pure.
 *
 * A body may be slow while there is room, but not for ever: after PACE_US it must have come with PACE_BYTES_S on average.
 * Where memory is full, one that is slow now goes for those that are not, the slowest first. A body that is whole is no
 * longer here: nobody takes the place of a request that is being served or held.
 *
 * A body is embedded in its owner, which is in the ring from body_begin to body_end.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct body {
	struct body *prev, *next; /* NULL: not being received */
	/* Refuses the request whose body this is, so that others find room. */
	void (*evict)(struct body *body);
	int64_t since_us;
	int64_t bytes;      /* received so far, as they are kept: without the framing of chunks */
	int64_t step_us;    /* when it last came quickly, */
	int64_t step_bytes; /* and what there was of it then */
};

struct bodies {
	struct body ring; /* in order of their beginning */
};

void bodies_init(struct bodies *bodies);
void body_begin(struct bodies *bodies, struct body *body, void (*evict)(struct body *body), int64_t now_us);
void body_end(struct body *body); /* whole, refused or gone; harmless if it is over already */

/* More of it came. */
void body_grow(struct body *body, int64_t bytes, int64_t now_us);

/* Until when it may bring nothing: the idle timeout from now on, or where its average falls below the least pace. */
int64_t body_due_us(const struct body *body, int64_t idle_timeout_us, int64_t now_us);

/* Does it keep others out where room is short? */
bool body_is_slow(const struct body *body, int64_t now_us);

/* The one that makes room for so many bytes: of those that are slow now the one with the lowest average since it began,
 * the oldest of equal ones. Those that hold less than is needed come last, since ending them alone is no help. NULL: none
 * is slow. */
struct body *bodies_slowest(const struct bodies *bodies, int64_t need_bytes, int64_t now_us);
