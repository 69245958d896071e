/* A picture in parts is the picture; one that is deleted or replaced between two parts is not gone on with. */
#include "services/acts/acts_picture.h"
#include "services/acts/acts_store.h"

#include "tests/unit/services/outcome.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PICTURE_BYTES 300001U
#define ROOM 70001U

static char folder[] = "/tmp/test_acts_picture.XXXXXX";
static char url[64], picture[PICTURE_BYTES + 1];
static struct store *store;
static void *writing, *reading;
static struct err err;
static struct job job;
static struct buf json;
static struct json_writer w;
static struct acts_picture part;

static void set_up(void)
{
	struct store_options options = {.url = url, .texts = acts_texts, .patience_ms = 1000};

	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(url, sizeof(url), "sqlite:%s/acts.db", folder);
	ck_assert_msg(store_open(&options, &store, &err), "%s", err.message);
	ck_assert_msg(acts_tables_open(store, true, &writing, &err), "%s", err.message);
	ck_assert_msg(acts_tables_open(store, false, &reading, &err), "%s", err.message);
	ck_assert_int_eq(
	        outcome_of(store, &job, acts_store_category_add(writing, (struct json_text){"garden", 6}, &job)),
	        JOB_OK);
	for (size_t i = 0; i < PICTURE_BYTES; i++)
		picture[i] = (char)('A' + (i * i / 7) % 26);
	buf_init(&json, 1 << 20);
	json_writer_init(&w, &json);
}

static void tear_down(void)
{
	buf_clear(&json);
	acts_tables_close(writing);
	acts_tables_close(reading);
	store_close(store);
	unlink(url + sizeof("sqlite:") - 1);
	snprintf(url, sizeof(url), "%s/acts.db-turn", folder);
	unlink(url);
	ck_assert_int_eq(rmdir(folder), 0);
}

static void add(void)
{
	struct act act = {.id = 7,
	                  .username = {"ann", 3},
	                  .timestamp = {"01-01-2024:00-00-00", 19},
	                  .category = {"garden", 6},
	                  .image = {picture, PICTURE_BYTES}};

	ck_assert_int_eq(outcome_of(store, &job, acts_store_act_add(writing, &act, &job)), JOB_OK);
}

static enum job_result go_on(void)
{
	return acts_store_picture(reading, json.len + ROOM, &part, &w, &err);
}

static void begin(void)
{
	add();
	ck_assert_int_eq(acts_store_act(reading, 7, ROOM, &part, &w, &err), JOB_OK);
	ck_assert(acts_picture_unfinished(&part));
	ck_assert_uint_le(json.len, ROOM + 1);
	ck_assert_int_eq(go_on(), JOB_OK);
	ck_assert(acts_picture_unfinished(&part));
}

START_TEST(parts_make_the_whole)
{
	struct json_doc *doc;

	set_up();
	begin();
	for (size_t before = json.len; acts_picture_unfinished(&part); before = json.len) {
		ck_assert_int_eq(go_on(), JOB_OK);
		ck_assert_uint_le(json.len - before, ROOM + 2);
	}
	ck_assert_msg(json_parse(json.data, json.len, NULL, &doc, &err), "%s", err.message);
	const struct json_value *image = json_get(json_root(doc), "imgB64");
	ck_assert_uint_eq(image->len, PICTURE_BYTES);
	ck_assert_mem_eq(image->text, picture, PICTURE_BYTES);
	json_free(doc);
	tear_down();
}
END_TEST

START_TEST(a_small_one_is_not_divided)
{
	set_up();
	add();
	ck_assert_int_eq(acts_store_act(reading, 7, 2 * PICTURE_BYTES, &part, &w, &err), JOB_OK);
	ck_assert(!acts_picture_unfinished(&part));
	ck_assert_int_eq(json.data[json.len - 1], '}');
	tear_down();
}
END_TEST

START_TEST(left_out)
{
	static const char WORDS[] = "{\"actId\":7,\"username\":\"ann\",\"timestamp\":\"01-01-2024:00-00-00\","
	                            "\"caption\":\"\",\"upvotes\":0}";

	set_up();
	add();
	ck_assert_int_eq(acts_store_act(reading, 7, ROOM, NULL, &w, &err), JOB_OK);
	ck_assert_uint_eq(json.len, sizeof(WORDS) - 1);
	ck_assert_mem_eq(json.data, WORDS, json.len);
	tear_down();
}
END_TEST

START_TEST(a_deleted_one_ends)
{
	set_up();
	begin();
	ck_assert_int_eq(outcome_of(store, &job, acts_store_act_delete(writing, 7, &job)), JOB_OK);
	ck_assert_int_eq(go_on(), JOB_REFUSED);
	tear_down();
}
END_TEST

/* The same id and size; one byte that was sent is another one. */
static void replace_byte(size_t at)
{
	set_up();
	begin();
	picture[at < part.at ? at : part.at - 1] = '+';
	ck_assert_int_eq(outcome_of(store, &job, acts_store_act_delete(writing, 7, &job)), JOB_OK);
	add();
	ck_assert_int_eq(go_on(), JOB_REFUSED);
	tear_down();
}

START_TEST(another_first_byte_is_seen)
{
	replace_byte(0);
}
END_TEST

START_TEST(another_last_byte_is_seen)
{
	replace_byte(PICTURE_BYTES);
}
END_TEST

START_TEST(votes_do_not_matter)
{
	set_up();
	begin();
	ck_assert_int_eq(outcome_of(store, &job, acts_store_upvote(writing, 7, &job)), JOB_OK);
	ck_assert_int_eq(go_on(), JOB_OK);
	tear_down();
}
END_TEST

UNIT_MAIN("acts_picture", parts_make_the_whole, a_small_one_is_not_divided, left_out, a_deleted_one_ends,
          another_first_byte_is_seen, another_last_byte_is_seen, votes_do_not_matter)
