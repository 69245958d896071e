/* bodies: a ring, and a walk over it where room is short. */
#include "orchestrator/proxy/bodies.h"

#include <stddef.h>

#define PACE_US 10000000
#define PACE_BYTES_S 1024
#define STEP_BYTES 16384 /* a body that brings less than this ... */
#define STEP_US 250000   /* ... in this time is slow */

void bodies_init(struct bodies *bodies)
{
	bodies->ring.prev = bodies->ring.next = &bodies->ring;
}

void body_begin(struct bodies *bodies, struct body *body, void (*evict)(struct body *body), int64_t now_us)
{
	*body = (struct body){.prev = bodies->ring.prev,
	                      .next = &bodies->ring,
	                      .evict = evict,
	                      .since_us = now_us,
	                      .step_us = now_us};
	body->prev->next = body->next->prev = body;
}

void body_end(struct body *body)
{
	if (body->next == NULL)
		return;
	body->prev->next = body->next;
	body->next->prev = body->prev;
	body->prev = body->next = NULL;
}

void body_grow(struct body *body, int64_t bytes, int64_t now_us)
{
	body->bytes += bytes;
	if (body->bytes - body->step_bytes < STEP_BYTES)
		return;
	body->step_bytes = body->bytes;
	body->step_us = now_us;
}

int64_t body_due_us(const struct body *body, int64_t idle_timeout_us, int64_t now_us)
{
	int64_t paid_us = body->bytes * 1000000 / PACE_BYTES_S;
	int64_t pace_us = body->since_us + (paid_us > PACE_US ? paid_us : PACE_US);
	int64_t idle_us = now_us + idle_timeout_us;

	return pace_us < idle_us ? pace_us : idle_us;
}

bool body_is_slow(const struct body *body, int64_t now_us)
{
	return now_us - body->step_us >= STEP_US;
}

static double rate(const struct body *body, int64_t now_us)
{
	return (double)body->bytes / (double)(now_us - body->since_us); /* a slow one is not new */
}

/* Is a to go before b? */
static bool goes_first(const struct body *a, const struct body *b, int64_t need_bytes, int64_t now_us)
{
	bool a_helps = a->bytes >= need_bytes, b_helps = b->bytes >= need_bytes;

	if (a_helps != b_helps)
		return a_helps;
	double a_rate = rate(a, now_us), b_rate = rate(b, now_us);
	return a_rate < b_rate || (a_rate == b_rate && a->since_us < b->since_us);
}

struct body *bodies_slowest(const struct bodies *bodies, int64_t need_bytes, int64_t now_us)
{
	struct body *first = NULL;

	for (struct body *body = bodies->ring.next; body != &bodies->ring; body = body->next)
		if (body->bytes > 0 && body_is_slow(body, now_us) &&
		    (first == NULL || goes_first(body, first, need_bytes, now_us)))
			first = body;
	return first;
}
