/* scaler: requests counted in windows -> wanted number of containers. Pure.
 *
 * Invariants: min <= wanted <= max; while the chain runs, start_us moves by exactly one window at each end, so
 * nothing drifts and no request falls between two windows; without a chain count is 0.
 */
#include "orchestrator/fleet/scaler.h"

#include <assert.h>
#include <string.h>

#define US_PER_S 1000000

static int64_t clamp(const struct config_scale *scale, int64_t wanted)
{
	if (wanted < scale->min)
		return scale->min;
	return wanted > scale->max ? scale->max : wanted;
}

int scaler_wanted(const struct config_scale *scale, uint64_t count)
{
	uint64_t per = (uint64_t)scale->requests_per_container;
	uint64_t wanted = count / per;

	if (count == 0)
		return (int)clamp(scale, scale->min);
	if (scale->formula == CONFIG_FORMULA_FLOOR_PLUS_1 || count % per != 0)
		wanted++;
	return (int)clamp(scale, wanted > (uint64_t)scale->max ? scale->max : (int64_t)wanted);
}

void scaler_init(struct scaler *scaler, const struct config_scale *scale)
{
	memset(scaler, 0, sizeof(*scaler));
	scaler->scale = scale;
	scaler->wanted = (int)clamp(scale, scale->min);
}

/* The wanted number becomes this; count is what that was made from. */
static struct scaler_decision decide(struct scaler *scaler, int wanted, uint64_t count, bool window_ended)
{
	struct scaler_decision decision = {.changed = wanted != scaler->wanted,
	                                   .window_ended = window_ended,
	                                   .count = count,
	                                   .from = scaler->wanted,
	                                   .wanted = wanted};

	scaler->wanted = wanted;
	return decision;
}

static struct scaler_decision nothing(const struct scaler *scaler)
{
	return (struct scaler_decision){.count = scaler->count, .from = scaler->wanted, .wanted = scaler->wanted};
}

void scaler_configure(struct scaler *scaler, const struct config_scale *scale)
{
	scaler->scale = scale;
	scaler->wanted = (int)clamp(scale, scaler->wanted);
}

struct scaler_decision scaler_adopt(struct scaler *scaler, int64_t now_us, int running)
{
	int wanted = (int)clamp(scaler->scale, running);

	if (wanted > scaler->wanted && !scaler->open) {
		scaler->open = true;
		scaler->start_us = now_us;
		scaler->count = 0;
	}
	return wanted > scaler->wanted ? decide(scaler, wanted, 0, false) : nothing(scaler);
}

void scaler_follow(struct scaler *scaler, int wanted)
{
	scaler->wanted = (int)clamp(scaler->scale, wanted);
	scaler->held_down = true; /* else each request would want more again */
}

void scaler_begin(struct scaler *scaler)
{
	uint64_t total = scaler->total;

	scaler_init(scaler, scaler->scale);
	scaler->total = total;
}

int64_t scaler_deadline_us(const struct scaler *scaler)
{
	return scaler->open ? scaler->start_us + scaler->scale->window_s * US_PER_S : -1;
}

struct scaler_decision scaler_tick(struct scaler *scaler, int64_t now_us)
{
	uint64_t count = scaler->count;
	int64_t end_us = scaler_deadline_us(scaler);

	if (!scaler->open || now_us < end_us)
		return nothing(scaler);
	scaler->last_count = count;
	scaler->count = 0;
	scaler->start_us = end_us;
	scaler->open = count > 0;
	scaler->held_down = false;
	return decide(scaler, scaler_wanted(scaler->scale, count), count, true);
}

/* Early growth: what the count so far asks for already. Where no container is wanted, the first request brings one whatever
 * `early` says: it could not be answered otherwise. */
static int wanted_early(const struct scaler *scaler)
{
	int wanted = scaler_wanted(scaler->scale, scaler->count);

	if (scaler->scale->early && !scaler->held_down && wanted > scaler->wanted)
		return wanted;
	return scaler->wanted == 0 ? (int)clamp(scaler->scale, 1) : scaler->wanted;
}

static struct scaler_decision count(struct scaler *scaler, int64_t now_us, uint64_t requests)
{
	int from = scaler->wanted;
	struct scaler_decision decision = nothing(scaler), tick;
	int wanted;

	while ((tick = scaler_tick(scaler, now_us)).window_ended)
		decision = tick;
	if (!scaler->open) {
		scaler->open = true;
		scaler->start_us = now_us;
	}
	scaler->count += requests;
	wanted = wanted_early(scaler);
	if (wanted != scaler->wanted)
		decision = decide(scaler, wanted, scaler->count, decision.window_ended);
	decision.from = from;
	decision.changed = decision.from != decision.wanted;
	return decision;
}

struct scaler_decision scaler_count(struct scaler *scaler, int64_t now_us)
{
	scaler->total++;
	return count(scaler, now_us, 1);
}

struct scaler_decision scaler_count_others(struct scaler *scaler, int64_t now_us, uint64_t requests)
{
	return count(scaler, now_us, requests);
}

struct scaler_decision scaler_wake(struct scaler *scaler, int64_t now_us)
{
	if (scaler->wanted > 0)
		return nothing(scaler);
	if (!scaler->open) {
		scaler->open = true;
		scaler->start_us = now_us;
	}
	return decide(scaler, (int)clamp(scaler->scale, 1), scaler->count, false);
}

struct scaler_decision scaler_ask(struct scaler *scaler, int wanted)
{
	struct scaler_decision decision = decide(scaler, (int)clamp(scaler->scale, wanted), scaler->count, false);

	if (decision.changed)
		scaler->held_down = scaler->open && decision.wanted < decision.from;
	return decision;
}
