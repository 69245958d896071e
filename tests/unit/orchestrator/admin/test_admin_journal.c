/* journal: which lines it keeps, for how long, and that they come out as they were meant. */
#include "orchestrator/admin/journal.h"

#include "common/json.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

static struct journal *journal;
static struct buf out;
static struct json_doc *doc;

static void make(void)
{
	journal = journal_new();
	buf_init(&out, 1 << 20);
	doc = NULL;
}

static void clear(void)
{
	journal_free(journal);
	buf_clear(&out);
	json_free(doc);
}

static void add(const char *line)
{
	journal_add(journal, LOG_WARN, line, strlen(line), 1000);
}

/* The array of the lines after that number. */
static const struct json_value *lines_after(uint64_t number)
{
	struct json_writer w;
	struct err err;

	json_free(doc);
	buf_reset(&out);
	json_writer_init(&w, &out);
	journal_write(&w, journal, number);
	ck_assert(json_writer_ok(&w));
	ck_assert_msg(json_parse(buf_text(&out), out.len, NULL, &doc, &err), "%s: %s", err.message, buf_text(&out));
	return json_root(doc);
}

static void expect(const struct json_value *line, const char *key, const char *text)
{
	ck_assert_msg(json_text_is(json_get(line, key), text), "%s is not %s in %s", key, text, buf_text(&out));
}

START_TEST(a_line_comes_out_by_its_keys)
{
	add("event=ended service=acts slot=1 error=\"a \\\"b\\\" \\\\ \\n\\x1b[0m <i>\" incident=0badcafe");
	const struct json_value *line = lines_after(0)->first;
	expect(line, "event", "ended");
	expect(line, "level", "warn");
	expect(line, "slot", "1");
	expect(line, "error", "a \"b\" \\ \n\x1b[0m <i>");
	expect(line, "incident", "0badcafe");
	int64_t number;
	ck_assert(json_int(json_get(line, "number"), &number) && number == 1);
	ck_assert(json_int(json_get(line, "time_ms"), &number) && number == 1000);
}
END_TEST

START_TEST(what_is_no_row_of_pairs_is_not_kept)
{
	static const char *const lines[] = {"", "event=", "hello", "level=3 event=x", " event=x", "=x"};

	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		add(lines[i]);
	ck_assert_uint_eq(journal_last(journal), 0);
	ck_assert_uint_eq(lines_after(0)->count, 0);
}
END_TEST

START_TEST(lines_that_were_cut)
{
	static const char *const lines[] = {"event=a key",         "event=a key=",       "event=a key=\"open",
	                                    "event=a key=\"end\\", "event=a key=\"\\x1", "event=a  two=spaces"};

	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		add(lines[i]);
		expect(lines_after(i)->first, "event", "a");
	}
}
END_TEST

START_TEST(bytes_that_are_no_text)
{
	char line[2048] = "event=a error=\"";
	size_t len = strlen(line);

	for (int c = 1; c < 256; c++)
		if (c != '"' && c != '\\')
			line[len++] = (char)c;
	add(line);
	expect(lines_after(0)->first, "event", "a");
}
END_TEST

START_TEST(steps_count_only_within_an_incident)
{
	add("event=created service=acts slot=0 incident=-");
	add("event=started service=acts slot=0");
	ck_assert_uint_eq(journal_last(journal), 0);
	add("event=created service=acts slot=0 incident=00000001");
	add("event=serving service=acts slot=0");
	ck_assert_uint_eq(journal_last(journal), 2);
}
END_TEST

START_TEST(a_storm_of_requests_does_not_push_out_the_story)
{
	char line[100];

	add("event=fault service=acts slot=0 incident=00000001");
	for (int i = 0; i < 10000; i++) {
		snprintf(line, sizeof(line), "event=replay request=r%d incident=%s", i, i % 2 ? "00000001" : "-");
		add(line);
	}
	ck_assert_uint_eq(journal_last(journal), 1 + JOURNAL_REQUESTS);
	add("event=replay request=x incident=00000002");
	ck_assert_uint_eq(journal_last(journal), 2 + JOURNAL_REQUESTS);
	expect(lines_after(0)->first, "event", "fault");
}
END_TEST

START_TEST(only_the_last_ones_are_kept)
{
	char line[100];

	for (int i = 1; i <= 3 * JOURNAL_LINES; i++) {
		snprintf(line, sizeof(line), "event=scale n=%d", i);
		add(line);
	}
	const struct json_value *lines = lines_after(0);
	ck_assert_uint_eq(lines->count, JOURNAL_LINES);
	snprintf(line, sizeof(line), "%d", 2 * JOURNAL_LINES + 1);
	expect(lines->first, "n", line);
	ck_assert_uint_eq(lines_after(3 * JOURNAL_LINES - 2)->count, 2);
	ck_assert_uint_eq(lines_after(journal_last(journal))->count, 0);
}
END_TEST

START_TEST(a_crash_loop_leaves_room)
{
	add("event=fault service=users slot=0 incident=0badcafe");
	for (int i = 0; i < JOURNAL_LINES; i++) {
		add("event=output service=acts slot=0 incident=00c0ffee line=x");
		if (i % 10 == 0)
			add("event=backing-off service=acts slot=0 incident=00c0ffee");
	}
	add("event=replaced service=acts slot=0 incident=00c0ffee");
	const struct json_value *lines = lines_after(0);
	ck_assert_uint_lt(lines->count, JOURNAL_STEPS + JOURNAL_LINES / 10 + 2);
	expect(lines->first, "incident", "0badcafe");
	const struct json_value *last = lines->first;
	while (last->next != NULL)
		last = last->next;
	expect(last, "event", "replaced");
}
END_TEST

UNIT_MAIN_WITH("journal", make, clear, a_line_comes_out_by_its_keys, what_is_no_row_of_pairs_is_not_kept,
               lines_that_were_cut, bytes_that_are_no_text, steps_count_only_within_an_incident,
               a_storm_of_requests_does_not_push_out_the_story, only_the_last_ones_are_kept, a_crash_loop_leaves_room)
