/* What is remembered comes back as it was; what is no record is refused. */
#include "common/mem.h"
#include "orchestrator/certs/acme_record.h"
#include "tests/unit/unit.h"

#include <string.h>

START_TEST(round_trip)
{
	struct acme_record record = {.directory = mem_dup("https://ca.example/dir"),
	                             .first = mem_dup("https://ca.example/dir"),
	                             .fallback = mem_dup("https://other.example/dir"),
	                             .tries = {ACME_FALLBACK, ACME_FALLBACK, 4, {8, 9}},
	                             .challenge = mem_dup("tls-alpn-01"),
	                             .issued_by = mem_dup("https://ca.example/dir"),
	                             .window = {5, 6},
	                             .ask_ms = 7,
	                             .failures = 3,
	                             .next_ms = INT64_C(1700000000123),
	                             .wait_ms = 60000,
	                             .failed_ms = INT64_C(1700000000001),
	                             .failure = mem_dup("the CA says: \"no\"\n"),
	                             .remedy = mem_dup("do it"),
	                             .order = mem_dup("https://ca.example/order/1"),
	                             .key = mem_dup("-----BEGIN\n"),
	                             .left = {mem_dup("https://other.example/dir"),
	                                      mem_dup("https://other.example/order/2"), mem_dup("-----BEGIN2\n")}};
	struct acme_record again;
	struct err err;
	char *text = acme_record_text(&record);

	ck_assert_msg(acme_record_read(text, strlen(text), &again, &err), "%s", err.message);
	ck_assert_str_eq(again.directory, record.directory);
	ck_assert_str_eq(again.first, record.first);
	ck_assert_str_eq(again.fallback, record.fallback);
	ck_assert(again.tries.last == ACME_FALLBACK && again.tries.refused == 4);
	ck_assert_int_eq(again.tries.waits_for, ACME_FALLBACK);
	ck_assert(again.tries.not_before_s[ACME_FIRST] == 8 && again.tries.not_before_s[ACME_FALLBACK] == 9);
	ck_assert_int_eq(again.failures, 3);
	ck_assert_int_eq(again.next_ms, record.next_ms);
	ck_assert_int_eq(again.wait_ms, 60000);
	ck_assert_int_eq(again.failed_ms, record.failed_ms);
	ck_assert_str_eq(again.failure, record.failure);
	ck_assert_str_eq(again.remedy, record.remedy);
	ck_assert_str_eq(again.order, record.order);
	ck_assert_str_eq(again.key, record.key);
	ck_assert_str_eq(again.left.directory, record.left.directory);
	ck_assert_str_eq(again.left.order, record.left.order);
	ck_assert_str_eq(again.left.key, record.left.key);
	ck_assert_str_eq(again.challenge, "tls-alpn-01");
	ck_assert_int_eq(again.window.from_s, 5);
	ck_assert_int_eq(again.window.until_s, 6);
	ck_assert_int_eq(again.ask_ms, 7);
	acme_record_finish(&again);
	ck_assert_str_eq(again.issued_by, "https://ca.example/dir");
	ck_assert(again.left.directory == NULL && again.left.order == NULL && again.left.key == NULL);
	ck_assert(again.order == NULL && again.key == NULL && again.failures == 0 && again.directory == NULL);
	ck_assert_str_eq(again.challenge, "tls-alpn-01");
	acme_record_clear(&again);
	acme_record_clear(&record);
	free(text);
}
END_TEST

/* The CA has none, and said when it is to be asked again. */
START_TEST(no_window)
{
	struct acme_record record = {.ask_ms = 7}, again;
	char *text = acme_record_text(&record);

	ck_assert(acme_record_read(text, strlen(text), &again, NULL));
	ck_assert_int_eq(again.ask_ms, 7);
	acme_record_clear(&again);
	free(text);
}
END_TEST

START_TEST(empty)
{
	struct acme_record record = {0}, again;
	char *text = acme_record_text(&record);

	ck_assert_str_eq(
	        text,
	        "{\"last\":0,\"refused\":0,\"waits_for\":0,\"first_not_before_s\":0,\"fallback_not_before_s\":0,\"failures\":0,\"next_ms\":0,\"wait_ms\":0,\"failed_ms\":0,"
	        "\"window_from_s\":0,\"window_until_s\":0,\"ask_ms\":0}\n");
	ck_assert(acme_record_read(text, strlen(text), &again, NULL));
	ck_assert_ptr_null(again.order);
	free(text);
}
END_TEST

START_TEST(refused)
{
	static const char *const wrong[] = {
	        "",
	        "{",
	        "[]",
	        "{}",
	        "{\"failures\":1,\"next_ms\":1,\"wait_ms\":1}",
	        "{\"failures\":-1,\"next_ms\":1,\"wait_ms\":1,\"failed_ms\":0}",
	        "{\"failures\":\"1\",\"next_ms\":1,\"wait_ms\":1,\"failed_ms\":0,\"key\":\"x\"}"};
	struct acme_record record;
	struct err err;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		ck_assert(!acme_record_read(wrong[i], strlen(wrong[i]), &record, &err));
		ck_assert_ptr_null(record.key);
	}
}
END_TEST

/* A wait that was decided while the clock was ahead is no longer than any other. */
START_TEST(clock_set_back)
{
	const int64_t ahead = INT64_C(2500000000000), right = INT64_C(1800000000000);
	struct acme_record record = {0};

	ck_assert(!acme_record_mind_clock(&record, right));
	acme_record_wait(&record, 60000, ahead);
	ck_assert(!acme_record_mind_clock(&record, ahead));
	ck_assert(!acme_record_mind_clock(&record, ahead + 59000));
	ck_assert_int_eq(record.next_ms, ahead + 60000);
	ck_assert(acme_record_mind_clock(&record, right));
	ck_assert_int_eq(record.next_ms, right + 60000);
	ck_assert(!acme_record_mind_clock(&record, right + 1000)); /* once */
	ck_assert_int_eq(record.next_ms, right + 60000);
}
END_TEST

static char one[] = "https://one.example/d", two[] = "https://two.example/d", three[] = "https://three.example/d";

/* What failed is about the first CA, or about its fallback; an order is about one of them. */
START_TEST(other_cas)
{
	static const struct {
		const char *directory, *first, *fallback; /* of the record */
		const char *now_first, *now_fallback;
		bool fails, order; /* what it remembers then */
		bool said;         /* by the fallback */
		bool waited;
	} rows[] = {
	        {one, one, NULL, one, NULL, true, true, true, false},
	        {one, NULL, NULL, one, NULL, true, true, true, false}, /* of an older version */
	        {two, one, two, one, two, true, true, true, false},
	        {one, one, NULL, one, two, true, true, false, true},
	        {one, NULL, NULL, one, two, true, true, false, true},
	        {two, one, two, one, NULL, true, false, false, true},
	        {two, one, two, one, three, true, false, false, true},
	        {one, one, two, one, three, true, true, false, true},
	        {two, one, two, two, one, false, true, false, false},
	        {one, one, NULL, three, NULL, false, false, false, false},
	        {two, one, two, three, NULL, false, false, false, false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct acme_record record = {.directory = mem_dup(rows[i].directory),
		                             .first = mem_dup(rows[i].first),
		                             .fallback = mem_dup(rows[i].fallback),
		                             .tries = {ACME_FALLBACK, ACME_FALLBACK, 3, {1, 2}},
		                             .failures = 4,
		                             .next_ms = 5,
		                             .failure = mem_dup("it is away"),
		                             .order = mem_dup("https://one.example/1"),
		                             .key = mem_dup("x")};
		bool waited = acme_record_meet(&record, rows[i].now_first, rows[i].now_fallback);
		ck_assert_msg(waited == rows[i].waited, "row %zu", i);
		ck_assert_msg((record.failures != 0) == rows[i].fails && (record.next_ms != 0) == rows[i].fails &&
		                      (record.tries.refused != 0) == rows[i].fails &&
		                      (record.tries.not_before_s[ACME_FIRST] != 0) == rows[i].fails,
		              "row %zu", i);
		ck_assert_msg((record.tries.not_before_s[ACME_FALLBACK] != 0) == rows[i].said &&
		                      (record.tries.last == ACME_FALLBACK) == rows[i].said &&
		                      (record.failure != NULL) == rows[i].said,
		              "row %zu", i);
		ck_assert_msg((record.order != NULL) == rows[i].order, "row %zu", i);
		ck_assert_str_eq(record.first, rows[i].now_first);
		acme_record_clear(&record);
	}
}
END_TEST

/* The fallback goes, at which the last order was: the one that was left at the first is at hand again, and the first's words stay. */
START_TEST(the_fallback_goes)
{
	struct acme_record record = {.directory = mem_dup(two),
	                             .first = mem_dup(one),
	                             .fallback = mem_dup(two),
	                             .tries = {ACME_FIRST, ACME_FALLBACK, 3, {1, 2}},
	                             .failure = mem_dup("the first is away"),
	                             .order = mem_dup("https://two.example/1"),
	                             .key = mem_dup("2"),
	                             .left = {mem_dup(one), mem_dup("https://one.example/1"), mem_dup("1")}};

	ck_assert(acme_record_meet(&record, one, NULL));
	ck_assert_str_eq(record.failure, "the first is away");
	ck_assert_str_eq(record.directory, one);
	ck_assert_str_eq(record.order, "https://one.example/1");
	ck_assert_str_eq(record.key, "1");
	ck_assert_ptr_null(record.left.order);
	ck_assert(!acme_record_meet(&record, three, NULL));
	ck_assert(record.order == NULL && record.left.order == NULL);
	acme_record_clear(&record);
}
END_TEST

/* Each CA's order waits for its own turn. */
START_TEST(turns)
{
	struct acme_record record = {
	        .directory = mem_dup(one), .order = mem_dup("https://one.example/1"), .key = mem_dup("1")};

	acme_record_turn_to(&record, one);
	ck_assert_str_eq(record.order, "https://one.example/1");
	acme_record_turn_to(&record, two);
	ck_assert_str_eq(record.directory, two);
	ck_assert(record.order == NULL && record.key == NULL);
	ck_assert_str_eq(record.left.order, "https://one.example/1");
	acme_record_set(&record.order, "https://two.example/1");
	acme_record_set(&record.key, "2");
	acme_record_turn_to(&record, one);
	ck_assert_str_eq(record.order, "https://one.example/1");
	ck_assert_str_eq(record.key, "1");
	ck_assert_str_eq(record.left.directory, two);
	acme_record_forget_order(&record); /* it came to nothing */
	acme_record_turn_to(&record, two);
	ck_assert_str_eq(record.order, "https://two.example/1");
	ck_assert_ptr_null(record.left.directory);
	acme_record_turn_to(&record, one);
	ck_assert_ptr_null(record.order);
	acme_record_finish(&record);
	ck_assert(record.left.order == NULL && record.left.key == NULL);
	acme_record_clear(&record);
}
END_TEST

/* Of a version that knew of no waits_for. */
START_TEST(older)
{
	static const char text[] = "{\"last\":1,\"refused\":3,\"first_not_before_s\":8,\"fallback_not_before_s\":9,"
	                           "\"failures\":4,\"next_ms\":1,\"wait_ms\":1,\"failed_ms\":1}";
	struct acme_record record;

	ck_assert(acme_record_read(text, strlen(text), &record, NULL));
	ck_assert(record.tries.last == ACME_FALLBACK && record.tries.refused == 3);
	acme_record_clear(&record);
}
END_TEST

UNIT_MAIN("acme_record", round_trip, empty, refused, clock_set_back, no_window, other_cas, the_fallback_goes, turns,
          older)
