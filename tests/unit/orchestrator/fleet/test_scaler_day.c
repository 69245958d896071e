/* The scaler over a full day, and over random requests beside a reference that looks at all of them anew each time.
 *
 * The reference knows no state: from the list of requests it finds the windows, and in the last one counts. It is slow
 * and plain; what it says and what the scaler did must be the same after every single event.
 */
#include "orchestrator/fleet/scaler.h"

#include "tests/unit/unit.h"

#include <stdio.h>

#define US_PER_S 1000000
#define DAY_US (86400 * (int64_t)US_PER_S)
#define MOST_REQUESTS 600
#define TRACES 60

static uint64_t random_state;

static uint64_t random_below(uint64_t limit)
{
	random_state = random_state * 6364136223846793005 + 1442695040888963407;
	return (random_state >> 33) % limit;
}

/* --- requests -------------------------------------------------------------------------------------------------- */

static int64_t requests_us[MOST_REQUESTS];
static size_t request_count;

/* Bursts with anything between: from a microsecond to several windows of silence, some of exactly a window. */
static void make_requests(int64_t window_us)
{
	int64_t at_us = 0;

	for (request_count = 0; request_count < MOST_REQUESTS; request_count++) {
		switch (random_below(40)) {
		case 0:
			at_us += (int64_t)random_below((uint64_t)window_us * 4);
			break;
		case 1:
			at_us += window_us;
			break;
		case 2: /* several in the same microsecond */
			break;
		default:
			at_us += (int64_t)random_below((uint64_t)window_us / 20 + 2);
			break;
		}
		if (at_us >= DAY_US)
			break;
		requests_us[request_count] = at_us;
	}
}

static struct config_scale random_scale(void)
{
	struct config_scale scale = {.window_s = 1 + (int64_t)random_below(300),
	                             .requests_per_container = 1 + (int64_t)random_below(30),
	                             .formula =
	                                     random_below(2) == 0 ? CONFIG_FORMULA_CEIL : CONFIG_FORMULA_FLOOR_PLUS_1,
	                             .early = random_below(3) != 0,
	                             .min = (int64_t)random_below(4)};

	scale.max = scale.min + 1 + (int64_t)random_below(12);
	return scale;
}

/* --- the reference --------------------------------------------------------------------------------------------- */

static int formula(const struct config_scale *scale, size_t n)
{
	int64_t wanted = scale->min;

	if (n > 0 && scale->formula == CONFIG_FORMULA_CEIL)
		wanted = ((int64_t)n + scale->requests_per_container - 1) / scale->requests_per_container;
	else if (n > 0)
		wanted = (int64_t)n / scale->requests_per_container + 1;
	wanted = wanted < scale->min ? scale->min : wanted;
	return (int)(wanted > scale->max ? scale->max : wanted);
}

/* Of the first `seen` requests. */
static size_t count_between(int64_t from_us, int64_t to_us, size_t seen)
{
	size_t n = 0;

	for (size_t i = 0; i < seen; i++)
		n += requests_us[i] >= from_us && requests_us[i] < to_us;
	return n;
}

static int64_t first_from(int64_t from_us, size_t seen)
{
	for (size_t i = 0; i < seen; i++)
		if (requests_us[i] >= from_us)
			return requests_us[i];
	return -1;
}

struct answer {
	int wanted;
	size_t count; /* in the open window */
	bool open;
};

/* What should be at now_us, after the first `seen` requests. */
static struct answer reference(const struct config_scale *scale, int64_t now_us, size_t seen)
{
	struct answer answer = {.wanted = (int)scale->min};
	int64_t window_us = scale->window_s * US_PER_S, start_us = first_from(0, seen);

	while (start_us != -1) {
		size_t n = count_between(start_us, start_us + window_us, seen);
		bool over = start_us + window_us <= now_us;

		answer.count = n;
		answer.open = true;
		if (n > 0 && answer.wanted == 0)
			answer.wanted = 1;
		if (!over && scale->early && formula(scale, n) > answer.wanted)
			answer.wanted = formula(scale, n);
		if (!over)
			return answer;
		answer.wanted = formula(scale, n);
		start_us += window_us;
		if (n == 0)
			start_us = first_from(start_us, seen);
	}
	answer.count = 0;
	answer.open = false;
	return answer;
}

/* --- the comparison -------------------------------------------------------------------------------------------- */

struct life {
	struct config_scale scale;
	struct scaler scaler;
	uint64_t windows; /* closed */
	uint64_t counted; /* in closed ones */
};

static void compare(const struct life *life, int64_t now_us, size_t seen)
{
	struct answer answer = reference(&life->scale, now_us, seen);

	ck_assert_int_eq(life->scaler.wanted, answer.wanted);
	ck_assert_int_eq(life->scaler.open, answer.open);
	ck_assert_uint_eq(life->scaler.count, answer.count);
	ck_assert_int_ge(life->scaler.wanted, life->scale.min);
	ck_assert_int_le(life->scaler.wanted, life->scale.max);
}

/* The windows that ended by now_us; each must begin where the one before ended. */
static void close_windows(struct life *life, int64_t now_us)
{
	for (;;) {
		int64_t start_us = life->scaler.start_us, end_us = scaler_deadline_us(&life->scaler);
		struct scaler_decision decision = scaler_tick(&life->scaler, now_us);

		if (!decision.window_ended)
			return;
		ck_assert_int_eq(end_us, start_us + life->scale.window_s * US_PER_S);
		ck_assert_int_eq(life->scaler.start_us, end_us);
		ck_assert_int_eq(life->scaler.open, decision.count > 0); /* n = 0 ends the chain */
		ck_assert_int_eq(decision.wanted, formula(&life->scale, decision.count));
		life->windows++;
		life->counted += decision.count;
	}
}

/* late_us: how late windows are closed, at most; a request never waits for that. */
static void live_through(struct life *life, int64_t late_us, size_t compare_every)
{
	for (size_t i = 0; i < request_count; i++) {
		int64_t ends_us = scaler_deadline_us(&life->scaler);

		if (ends_us != -1 && ends_us + late_us <= requests_us[i]) {
			close_windows(life, ends_us + late_us);
			if (i % compare_every == 0)
				compare(life, ends_us + late_us, i);
		}
		close_windows(life, requests_us[i]);
		scaler_count(&life->scaler, requests_us[i]);
		if (i % compare_every == 0)
			compare(life, requests_us[i], i + 1);
	}
}

static void check_seed(uint64_t seed)
{
	struct life life = {0};
	int64_t late_us;

	random_state = seed;
	life.scale = random_scale();
	make_requests(life.scale.window_s * US_PER_S);
	late_us = (int64_t)random_below(2) * (int64_t)random_below((uint64_t)life.scale.window_s * US_PER_S * 2);
	scaler_init(&life.scaler, &life.scale);
	live_through(&life, late_us, 7);
	close_windows(&life, 3 * DAY_US);
	compare(&life, 3 * DAY_US, request_count);
	ck_assert_uint_eq(life.counted, request_count);
	ck_assert_int_eq(life.scaler.wanted, life.scale.min);
}

START_TEST(as_the_reference_says)
{
	for (uint64_t seed = 1; seed <= TRACES; seed++) {
		printf("seed %llu\n", (unsigned long long)seed); /* the last one is the one to repeat */
		check_seed(seed);
	}
}
END_TEST

/* Ten requests a second, all day: 720 windows from the first request on, to the microsecond, and every request in one. */
START_TEST(a_full_day_to_the_microsecond)
{
	static const struct config_scale scale = {
	        .window_s = 120, .requests_per_container = 20, .early = true, .min = 1, .max = 10};
	struct life life = {.scale = scale};
	int64_t first_us = 12345;
	uint64_t sent = 0;

	scaler_init(&life.scaler, &life.scale);
	for (int64_t at_us = first_us; at_us < first_us + DAY_US; at_us += 100000, sent++) {
		close_windows(&life, at_us);
		scaler_count(&life.scaler, at_us);
	}
	close_windows(&life, first_us + DAY_US - 1);
	ck_assert_uint_eq(life.windows, 719);
	ck_assert_int_eq(scaler_deadline_us(&life.scaler), first_us + DAY_US);
	close_windows(&life, first_us + DAY_US);
	ck_assert_uint_eq(life.windows, 720);
	ck_assert_uint_eq(life.counted, sent);
	ck_assert_int_eq(life.scaler.wanted, 10);
}
END_TEST

/* scaler_count alone, without a tick, must find the same windows: the loop may be that late. */
START_TEST(windows_closed_by_requests)
{
	for (uint64_t seed = 1; seed <= TRACES; seed++) {
		struct config_scale scale;
		struct scaler scaler;

		random_state = seed;
		scale = random_scale();
		make_requests(scale.window_s * US_PER_S);
		scaler_init(&scaler, &scale);
		for (size_t i = 0; i < request_count; i++) {
			struct answer answer;
			int before = scaler.wanted;
			struct scaler_decision decision = scaler_count(&scaler, requests_us[i]);

			ck_assert_int_eq(decision.from, before);
			ck_assert_int_eq(decision.wanted, scaler.wanted);
			ck_assert_int_eq(decision.changed, before != scaler.wanted);
			if (i % 7 != 0)
				continue;
			answer = reference(&scale, requests_us[i], i + 1);
			ck_assert_int_eq(scaler.wanted, answer.wanted);
			ck_assert_uint_eq(scaler.count, answer.count);
		}
	}
}
END_TEST

UNIT_MAIN("scaler-day", as_the_reference_says, a_full_day_to_the_microsecond, windows_closed_by_requests)
