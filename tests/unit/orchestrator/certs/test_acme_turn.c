/* Whose turn it is, after what failed where. */
#include "orchestrator/certs/acme_turn.h"
#include "tests/unit/unit.h"

#include <stdbool.h>

#define NOW_S 1000000
#define HOUR_S 3600

enum what { END, THEIRS, OURS, BARRED, LONG_BARRED };

static struct acme_failure failure_of(enum what what)
{
	struct acme_failure failure = {.ours = what == OURS};

	if (what == BARRED)
		failure.not_before_s = NOW_S + 600;
	if (what == LONG_BARRED)
		failure.not_before_s = NOW_S + 2 * HOUR_S;
	return failure;
}

/* Each order fails where it was made; after which the next one's turn is asked for. */
START_TEST(turns)
{
	static const struct {
		const char *name;
		bool presses;
		enum what fails[8];
		const char *at; /* F: the first, B: the fallback: of the orders in `fails`, and of the next */
	} rows[] = {
	        {"nothing has failed", true, {END}, "F"},
	        {"not again and again", true, {THEIRS, THEIRS}, "FFF"},
	        {"again and again, then in turns", true, {THEIRS, THEIRS, THEIRS, THEIRS, THEIRS, THEIRS}, "FFFBFBF"},
	        {"there is time", false, {THEIRS, THEIRS, THEIRS, THEIRS, THEIRS}, "FFFFFF"},
	        {"ours", true, {OURS, OURS, OURS, OURS}, "FFFFF"},
	        {"ours begins the count anew", true, {THEIRS, THEIRS, OURS, THEIRS, THEIRS, THEIRS}, "FFFFFFB"},
	        {"ours at the fallback changes nothing", true, {THEIRS, THEIRS, THEIRS, OURS, THEIRS}, "FFFBFB"},
	        {"ours at the first, back from the fallback", true, {THEIRS, THEIRS, THEIRS, THEIRS, OURS}, "FFFBFF"},
	        {"the first wants nothing for hours", true, {LONG_BARRED, THEIRS, THEIRS}, "FBBB"},
	        {"and there is time", false, {LONG_BARRED, THEIRS}, "FFF"},
	        {"for minutes", true, {BARRED, BARRED}, "FFF"},
	        {"both: that for less", true, {LONG_BARRED, BARRED, BARRED}, "FBBB"},
	        {"both for as long: in turns", true, {LONG_BARRED, LONG_BARRED, LONG_BARRED}, "FBFB"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct acme_tries tries = {0};
		for (size_t k = 0; rows[i].at[k] != '\0'; k++) {
			enum acme_turn turn =
			        acme_turn_at(&tries, rows[i].presses ? ACME_MAY_BOTH : ACME_MAY_FIRST, NOW_S);
			ck_assert_msg((turn == ACME_FALLBACK) == (rows[i].at[k] == 'B'), "%s: %zu", rows[i].name, k);
			struct acme_failure failure = failure_of(rows[i].fails[k]);
			if (rows[i].fails[k] != END)
				acme_turn_failed(&tries, turn, &failure, NOW_S);
		}
	}
}
END_TEST

/* Once nobody is barred any more it is the other's. */
START_TEST(bars_end)
{
	struct acme_failure barred = failure_of(LONG_BARRED), theirs = failure_of(THEIRS);
	struct acme_tries tries = {0};

	acme_turn_failed(&tries, ACME_FIRST, &barred, NOW_S);
	acme_turn_failed(&tries, ACME_FALLBACK, &theirs, NOW_S);
	ck_assert_int_eq(acme_turn_at(&tries, ACME_MAY_BOTH, NOW_S + 2 * HOUR_S - 1), ACME_FALLBACK);
	ck_assert_int_eq(acme_turn_at(&tries, ACME_MAY_BOTH, NOW_S + 2 * HOUR_S), ACME_FIRST);
}
END_TEST

/* Whatever has failed where. */
START_TEST(one_alone)
{
	struct acme_failure theirs = failure_of(THEIRS), barred = failure_of(LONG_BARRED);
	struct acme_tries tries = {0};

	for (int i = 0; i < 5; i++) {
		ck_assert_int_eq(acme_turn_at(&tries, ACME_MAY_FALLBACK, NOW_S), ACME_FALLBACK);
		acme_turn_failed(&tries, ACME_FALLBACK, i % 2 == 0 ? &theirs : &barred, NOW_S);
	}
}
END_TEST

#define PRESSES_S (NOW_S + 500)

/* A wait for the first one is none for the fallback. */
START_TEST(early)
{
	static const struct {
		const char *name;
		struct acme_tries tries;
		enum acme_may may;
		int64_t at_s;
	} rows[] = {
	        {"once time presses", {ACME_FIRST, ACME_FIRST, 3, {0, 0}}, ACME_MAY_BOTH, PRESSES_S},
	        {"whatever the first wishes", {ACME_FIRST, ACME_FIRST, 3, {NOW_S + 9000, 0}}, ACME_MAY_BOTH, PRESSES_S},
	        {"not before the fallback's wish",
	         {ACME_FIRST, ACME_FIRST, 3, {NOW_S + 9000, NOW_S + 600}},
	         ACME_MAY_BOTH,
	         NOW_S + 600},
	        {"whenever that is",
	         {ACME_FIRST, ACME_FIRST, 3, {NOW_S + 600, NOW_S + 9000}},
	         ACME_MAY_BOTH,
	         NOW_S + 9000},
	        {"the first has not failed often", {ACME_FIRST, ACME_FIRST, 2, {0, 0}}, ACME_MAY_BOTH, INT64_MAX},
	        {"it cannot be asked", {ACME_FIRST, ACME_FIRST, 2, {0, 0}}, ACME_MAY_FALLBACK, PRESSES_S},
	        {"there is no fallback", {ACME_FIRST, ACME_FIRST, 3, {0, 0}}, ACME_MAY_FIRST, INT64_MAX},
	        {"that one is waited for", {ACME_FIRST, ACME_FALLBACK, 3, {0, 0}}, ACME_MAY_BOTH, INT64_MAX},
	        {"that one was asked", {ACME_FALLBACK, ACME_FIRST, 3, {NOW_S + 9000, 0}}, ACME_MAY_BOTH, INT64_MAX},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		int64_t at_s = acme_turn_early_s(&rows[i].tries, rows[i].may, PRESSES_S);
		ck_assert_msg(at_s == rows[i].at_s, "%s: %lld", rows[i].name, (long long)at_s);
	}
}
END_TEST

UNIT_MAIN("acme_turn", turns, bars_end, one_alone, early)
