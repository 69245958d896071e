/* When time presses, and how long is waited for the one whose turn it is. */
#include "orchestrator/certs/acme_due.h"
#include "tests/unit/unit.h"

#define DAY_S INT64_C(86400)
#define HOUR_S INT64_C(3600)
#define NOW_S INT64_C(1000000)
#define NOW_MS (NOW_S * 1000)

/* Days of 90: renewed at 60, ending soon from 83 on. Hours of 160: at 80, from 120 on. */
START_TEST(presses)
{
	static const struct {
		int64_t life_s;
		struct acme_window window;
		int64_t at_s;
		bool presses;
	} rows[] = {
	        {90 * DAY_S, {0, 0}, 60 * DAY_S, false},
	        {90 * DAY_S, {0, 0}, 71 * DAY_S, false},
	        {90 * DAY_S, {0, 0}, 72 * DAY_S, true},
	        {90 * DAY_S, {0, 0}, 91 * DAY_S, true},
	        {160 * HOUR_S, {0, 0}, 99 * HOUR_S, false},
	        {160 * HOUR_S, {0, 0}, 100 * HOUR_S, true},
	        /* the CA wants it replaced, and does not do it */
	        {90 * DAY_S, {10 * DAY_S, 12 * DAY_S}, 12 * DAY_S - 1, false},
	        {90 * DAY_S, {10 * DAY_S, 12 * DAY_S}, 12 * DAY_S, true},
	        /* later than we wait */
	        {90 * DAY_S, {88 * DAY_S, 89 * DAY_S}, 82 * DAY_S, false},
	        {90 * DAY_S, {88 * DAY_S, 89 * DAY_S}, 83 * DAY_S, true},
	};
	struct stack_st_X509 *chain = sk_X509_new_null();
	X509 *leaf = X509_new();

	sk_X509_push(chain, leaf);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct certificate certificate = {.chain = chain, .from_s = 0, .until_s = rows[i].life_s};
		const struct acme_record record = {.window = rows[i].window};
		ck_assert_msg(acme_due_presses(&record, &certificate, rows[i].at_s) == rows[i].presses, "row %zu", i);
		int64_t from_s = acme_due_presses_s(&record, &certificate);
		ck_assert_msg(acme_due_presses(&record, &certificate, from_s) &&
		                      !acme_due_presses(&record, &certificate, from_s - 1),
		              "row %zu", i);
	}
	sk_X509_pop_free(chain, X509_free);
	ck_assert(acme_due_presses(&(struct acme_record){0}, NULL, 0));
	ck_assert_int_eq(acme_due_presses_s(&(struct acme_record){0}, NULL), 0);
}
END_TEST

/* What one CA wishes is no reason for the other to wait. */
START_TEST(waits)
{
	static const struct {
		const char *name;
		struct acme_tries tries;
		int64_t failures;
		bool unreached;
		enum acme_may may;
		int64_t wait_s;
	} rows[] = {
	        {"as ever", {ACME_FIRST, ACME_FIRST, 0, {0, 0}}, 1, false, ACME_MAY_BOTH, 60},
	        {"nobody heard us", {ACME_FIRST, ACME_FIRST, 3, {0, 0}}, 3, true, ACME_MAY_BOTH, 20},
	        {"as the first wishes", {ACME_FIRST, ACME_FIRST, 1, {NOW_S + 900, 0}}, 1, false, ACME_MAY_BOTH, 900},
	        {"it is the fallback's", {ACME_FIRST, ACME_FIRST, 3, {NOW_S + 90000, 0}}, 1, false, ACME_MAY_BOTH, 60},
	        {"there is none", {ACME_FIRST, ACME_FIRST, 3, {NOW_S + 90000, 0}}, 1, false, ACME_MAY_FIRST, 90000},
	        {"the fallback again",
	         {ACME_FALLBACK, ACME_FIRST, 3, {NOW_S + 90000, 0}},
	         2,
	         false,
	         ACME_MAY_BOTH,
	         120},
	        {"both wish: the one that wishes less",
	         {ACME_FALLBACK, ACME_FIRST, 3, {NOW_S + 90000, NOW_S + 5000}},
	         2,
	         false,
	         ACME_MAY_BOTH,
	         5000},
	        {"the fallback alone",
	         {ACME_FALLBACK, ACME_FIRST, 0, {0, NOW_S + 5000}},
	         2,
	         false,
	         ACME_MAY_FALLBACK,
	         5000},
	        {"the first, by then",
	         {ACME_FALLBACK, ACME_FIRST, 3, {NOW_S + 100, NOW_S + 5000}},
	         2,
	         false,
	         ACME_MAY_BOTH,
	         120},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct acme_record record = {.tries = rows[i].tries, .failures = rows[i].failures};
		int64_t wait_ms = acme_due_wait_ms(&record, rows[i].unreached, rows[i].may, NULL, NOW_MS);
		ck_assert_msg(wait_ms == rows[i].wait_s * 1000, "%s: %lld", rows[i].name, (long long)wait_ms);
	}
}
END_TEST

UNIT_MAIN("acme_due", presses, waits)
