/* lately: what goes on is one entry, there are no more than twenty, and a file gives back what was written or nothing. */
#include "orchestrator/fleet/lately.h"

#include "common/clock.h"
#include "common/json.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

static struct lately *lately;
static unsigned changes;

static void on_changed(void *arg)
{
	ck_assert_ptr_eq(arg, &changes);
	changes++;
}

static void setup(void)
{
	changes = 0;
	lately = lately_new(on_changed, &changes);
}

static void teardown(void)
{
	lately_free(lately);
}

static struct lately_place place_of(enum lately_what what, int slot, const char *incident)
{
	return (struct lately_place){.what = what, .service = "acts", .slot = slot, .incident = incident};
}

static void note(enum lately_what what, int slot, const char *incident, const char *cause)
{
	struct lately_place place = place_of(what, slot, incident);

	lately_note(lately, &place, REASON_EXITED, cause);
}

START_TEST(what_goes_on_is_one_entry)
{
	const struct lately_entry *entry;

	note(LATELY_FAULT, 0, "00000001", "first");
	note(LATELY_FAULT, 1, "00000002", "other");
	note(LATELY_FAULT, 0, "00000001", "second");
	ck_assert_uint_eq(lately_count(lately), 2);
	ck_assert_uint_eq(changes, 3);
	entry = lately_at(lately, 1);
	ck_assert_int_eq(entry->slot, 0);
	ck_assert_uint_eq(entry->times, 2);
	ck_assert_str_eq(entry->cause, "second");
	ck_assert(entry->open && entry->took_ms == -1);
	lately_end(lately, "acts", 0, 310, true);
	ck_assert(!entry->open && entry->took_ms == 310);
	ck_assert(lately_at(lately, 0)->open);
	note(LATELY_FAULT, 0, "00000003", "anew");
	ck_assert_uint_eq(lately_count(lately), 3);
	ck_assert_str_eq(lately_at(lately, 0)->cause, "anew");
	lately_end(lately, "acts", 0, -1, false);
	ck_assert(!lately_at(lately, 0)->open && lately_at(lately, 0)->took_ms == -1);
	lately_end(lately, "acts", 1, -1, true);
	ck_assert_int_ge(lately_at(lately, 1)->took_ms, 0);
	ck_assert_uint_eq(lately_changes(lately), changes);
	lately_end(lately, "acts", 1, -1, true);
	ck_assert_uint_eq(lately_changes(lately), changes); /* nothing to end */
}
END_TEST

START_TEST(refusals_repeat)
{
	note(LATELY_RELOAD_REFUSED, -1, NULL, "a");
	note(LATELY_RELOAD_REFUSED, -1, NULL, "a");
	note(LATELY_RELOAD_REFUSED, -1, NULL, "b");
	ck_assert_uint_eq(lately_count(lately), 2);
	ck_assert_uint_eq(lately_at(lately, 1)->times, 2);
	ck_assert(!lately_at(lately, 0)->open);
}
END_TEST

static void write_text(const struct lately *from, struct buf *text)
{
	struct json_writer w;

	buf_init(text, LATELY_TEXT_MAX);
	json_writer_init(&w, text);
	lately_write(&w, from);
	ck_assert(json_writer_ok(&w));
}

static void check_times(unsigned count, unsigned times)
{
	ck_assert_uint_eq(lately_count(lately), count);
	ck_assert_uint_eq(lately_at(lately, 0)->times, times);
}

/* A file that is as bad today as it was yesterday is today's entry, with today's time. */
START_TEST(what_repeats_long_after_is_another)
{
	int64_t now_us = 5000000;
	struct lately *again = lately_new(NULL, NULL), *first = lately;
	struct buf text;
	struct err err;

	clock_fake(now_us);
	note(LATELY_ROLL_FAILED, -1, NULL, "a");
	for (unsigned i = 2; i < 5; i++) {
		clock_fake(now_us += 599000000);
		note(LATELY_ROLL_FAILED, -1, NULL, "a");
		check_times(1, i);
	}
	clock_fake(now_us += 601000000);
	note(LATELY_ROLL_FAILED, -1, NULL, "a");
	check_times(2, 1);
	note(LATELY_ROLL_FAILED, -1, NULL, "a");
	check_times(2, 2);
	/* nobody knows how long ago another process was */
	write_text(lately, &text);
	ck_assert(lately_read(again, buf_text(&text), text.len, &err));
	buf_clear(&text);
	clock_fake(1000000);
	lately = again;
	note(LATELY_ROLL_FAILED, -1, NULL, "a");
	check_times(3, 1);
	lately = first;
	lately_free(again);
	clock_fake(-1);
}
END_TEST

START_TEST(a_service_goes_with_what_went_on)
{
	note(LATELY_FAULT, 0, "00000001", "a");
	lately_end(lately, "acts", 0, 7, true);
	note(LATELY_FAULT, 1, "00000002", "b");
	note(LATELY_REFUSED, -1, "00000003", "c");
	lately_note(lately, &(struct lately_place){LATELY_FAULT, "users", 1, "00000004"}, REASON_EXITED, "d");
	lately_note(lately, &(struct lately_place){.what = LATELY_ENGINE_AWAY, .slot = -1}, REASON_ENGINE_DOWN, "e");
	lately_end_service(lately, "acts");
	for (size_t i = 0; i < 5; i++)
		ck_assert_int_eq(lately_at(lately, i)->open, i < 2);
	ck_assert_int_eq(lately_at(lately, 2)->took_ms, -1);
	ck_assert_int_eq(lately_at(lately, 3)->took_ms, -1);
	ck_assert_int_eq(lately_at(lately, 4)->took_ms, 7);
	lately_end_service(NULL, "acts");
}
END_TEST

START_TEST(more_is_known_later)
{
	struct lately_place place = place_of(LATELY_FAULT, 0, "00000001");

	note(LATELY_FAULT, 0, "00000001", "it exited");
	lately_end(lately, "acts", 0, 5, true);
	note(LATELY_FAULT, 0, "00000002", "another");
	lately_explain(lately, &place, "it exited; its last words");
	ck_assert_str_eq(lately_at(lately, 0)->cause, "another");
	ck_assert_str_eq(lately_at(lately, 1)->cause, "it exited; its last words");
	place.incident = "ffffffff";
	lately_explain(lately, &place, "nobody's");
	ck_assert_str_eq(lately_at(lately, 0)->cause, "another");
}
END_TEST

START_TEST(the_oldest_goes)
{
	char cause[16];

	for (int i = 0; i < LATELY_MOST + 5; i++) {
		snprintf(cause, sizeof(cause), "%d", i);
		note(LATELY_FAULT, i, NULL, cause);
	}
	ck_assert_uint_eq(lately_count(lately), LATELY_MOST);
	ck_assert_str_eq(lately_at(lately, 0)->cause, "24");
	ck_assert_str_eq(lately_at(lately, LATELY_MOST - 1)->cause, "5");
}
END_TEST

START_TEST(comes_back_as_it_was_written)
{
	struct lately *again = lately_new(NULL, NULL);
	struct buf text, second;
	struct err err;

	note(LATELY_ENGINE_AWAY, -1, NULL, "away \"\\\n");
	note(LATELY_ROLL_FAILED, -1, NULL, "r");
	note(LATELY_FAULT, 3, "0000abcd", "c");
	lately_end(lately, "acts", 3, 77, true);
	lately_end(lately, "acts", -1, 1, true);
	write_text(lately, &text);
	ck_assert_msg(lately_read(again, buf_text(&text), text.len, &err), "%s", err.message);
	write_text(again, &second);
	ck_assert_str_eq(buf_text(&text), buf_text(&second));
	ck_assert_uint_eq(lately_count(again), 3);
	buf_clear(&text);
	buf_clear(&second);
	/* what went on then is over, and nobody knows when that was */
	note(LATELY_FAULT, 4, "0000abce", "d");
	write_text(lately, &text);
	ck_assert(lately_read(again, buf_text(&text), text.len, &err));
	ck_assert(!lately_at(again, 0)->open && lately_at(again, 0)->took_ms == -1);
	buf_clear(&text);
	lately_free(again);
}
END_TEST

/* However full it is, it fits the room for its text. */
START_TEST(the_longest_fits)
{
	char cause[CAUSE_SIZE], service[ENGINE_NAME_SIZE];
	struct buf text;
	struct err err;

	memset(cause, '"', sizeof(cause) - 1);
	cause[sizeof(cause) - 1] = '\0';
	memset(service, '"', sizeof(service) - 1);
	service[sizeof(service) - 1] = '\0';
	for (int i = 0; i < LATELY_MOST; i++)
		lately_note(lately, &(struct lately_place){LATELY_RELOAD_REFUSED, service, 1000000 - i, "ffffffff"},
		            REASON_UNCONFIGURED, cause);
	write_text(lately, &text);
	ck_assert_msg(lately_read(lately, buf_text(&text), text.len, &err), "%s", err.message);
	ck_assert_uint_eq(lately_count(lately), LATELY_MOST);
	buf_clear(&text);
}
END_TEST

#define ENTRY(what, slot, times)                                                \
	"{\"time_ms\":1,\"what\":\"" what "\",\"service\":\"a\",\"slot\":" slot \
	",\"incident\":null,\"reason\":\"exited\","                             \
	"\"cause\":\"c\",\"times\":" times ",\"open\":false,\"took_ms\":null}"

START_TEST(what_is_not_ours_is_not_taken)
{
	static const char *const bad[] = {
	        "",
	        "\n",
	        "[",
	        "{}",
	        "[{}]",
	        "[1]",
	        "[" ENTRY("fault", "0", "1") "," ENTRY("nonsense", "0", "1") "]",
	        "[" ENTRY("fault", "-2", "1") "]",
	        "[" ENTRY("fault", "0", "0") "]",
	        "[" ENTRY("fault", "0.5", "1") "]",
	        "[" ENTRY("fault", "0", "1") "",
	        "[" ENTRY("fault", "0", "1") "] []",
	        "\177ELF",
	};
	static const char good[] = "[" ENTRY("fault", "0", "1") "," ENTRY("engine-away", "null", "7") "]\n";
	struct err err;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert_msg(!lately_read(lately, bad[i], strlen(bad[i]), &err), "%s", bad[i]);
		ck_assert_uint_eq(lately_count(lately), 0);
		ck_assert_str_ne(err.message, "");
	}
	ck_assert_msg(lately_read(lately, good, strlen(good), &err), "%s", err.message);
	ck_assert_uint_eq(lately_count(lately), 2);
}
END_TEST

START_TEST(nobody_remembers)
{
	struct lately_place place = place_of(LATELY_FAULT, 0, "00000001");

	lately_note(NULL, &place, REASON_EXITED, "c");
	lately_explain(NULL, &place, "c");
	lately_end(NULL, "acts", 0, 1, true);
	lately_end_engine(NULL);
	ck_assert_uint_eq(lately_count(NULL), 0);
	ck_assert_uint_eq(lately_changes(NULL), 0);
	lately_free(NULL);
}
END_TEST

UNIT_MAIN_WITH("lately", setup, teardown, what_goes_on_is_one_entry, refusals_repeat,
               what_repeats_long_after_is_another, a_service_goes_with_what_went_on, more_is_known_later,
               the_oldest_goes, comes_back_as_it_was_written, the_longest_fits, what_is_not_ours_is_not_taken,
               nobody_remembers)
