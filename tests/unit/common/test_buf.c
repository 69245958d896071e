/* buf: what is added comes out, in order, and never more than max is held. */
#include "common/buf.h"
#include "tests/unit/unit.h"

#include <stdint.h>
#include <string.h>

START_TEST(test_adds_and_drops)
{
	struct buf buf;

	buf_init(&buf, 100);
	ck_assert(buf_add_text(&buf, "hello "));
	ck_assert(buf_add_format(&buf, "%d-%s", 42, "x"));
	ck_assert_str_eq(buf_text(&buf), "hello 42-x");
	buf_drop(&buf, 6);
	ck_assert_uint_eq(buf.len, 4);
	ck_assert_str_eq(buf_text(&buf), "42-x");
	buf_drop(&buf, 4);
	ck_assert_uint_eq(buf.len, 0);
	ck_assert_str_eq(buf_text(&buf), "");
	buf_clear(&buf);
}
END_TEST

START_TEST(test_refuses_more_than_max_and_changes_nothing)
{
	struct buf buf;

	buf_init(&buf, 10);
	ck_assert(buf_add(&buf, "0123456789", 10));
	ck_assert_uint_eq(buf.cap, 11);
	ck_assert(!buf_add(&buf, "x", 1));
	ck_assert(!buf_add_format(&buf, "%d", 7));
	ck_assert_ptr_null(buf_room(&buf, 1));
	ck_assert_ptr_null(buf_room(&buf, SIZE_MAX));
	ck_assert_str_eq(buf_text(&buf), "0123456789");
	buf_drop(&buf, 1);
	ck_assert(!buf_add(&buf, "ab", 2));
	ck_assert(buf_add(&buf, "a", 1));
	ck_assert_str_eq(buf_text(&buf), "123456789a");
	buf_clear(&buf);
}
END_TEST

START_TEST(test_max_0_holds_nothing)
{
	struct buf buf;

	buf_init(&buf, 0);
	ck_assert(!buf_add(&buf, "x", 1));
	ck_assert(buf_add(&buf, NULL, 0));
	ck_assert(buf_add_format(&buf, "%s", ""));
	ck_assert_str_eq(buf_text(&buf), "");
	buf_clear(&buf);
}
END_TEST

/* How it wipes, the tests of what holds keys see. */
START_TEST(test_secret_stays_secret)
{
	struct buf buf;

	buf_init_secret(&buf, 1000);
	for (int i = 0; i < 100; i++)
		ck_assert(buf_add_text(&buf, "0123456789"));
	ck_assert(!buf_add_text(&buf, "x"));
	buf_clear(&buf);
	ck_assert(buf.secret && buf.max == 1000 && buf.len == 0);
	ck_assert(buf_add_text(&buf, "x"));
	ck_assert_str_eq(buf_text(&buf), "x");
	buf_clear(&buf);
}
END_TEST

START_TEST(test_format_that_just_fits_its_memory)
{
	struct buf buf;
	char text[600];

	for (size_t len = 250; len < 260; len++) {
		buf_init(&buf, 1000);
		memset(text, 'y', len);
		text[len] = '\0';
		ck_assert(buf_add_format(&buf, "%s", text));
		ck_assert(buf_add_format(&buf, "%s", text));
		ck_assert_uint_eq(buf.len, 2 * len);
		ck_assert_uint_eq(strlen(buf_text(&buf)), 2 * len);
		buf_clear(&buf);
	}
}
END_TEST

START_TEST(test_room_and_extend)
{
	struct buf buf;

	buf_init(&buf, 1000);
	for (int i = 0; i < 1000; i++) {
		char *room = buf_room(&buf, 1);
		ck_assert_ptr_nonnull(room);
		*room = (char)('a' + i % 26);
		buf_extend(&buf, 1);
	}
	for (int i = 0; i < 1000; i++)
		ck_assert_int_eq(buf.data[i], 'a' + i % 26);
	buf_reset(&buf);
	ck_assert_uint_eq(buf.len, 0);
	ck_assert(buf_add_text(&buf, "again"));
	ck_assert_str_eq(buf_text(&buf), "again");
	buf_clear(&buf);
}
END_TEST

/* As a queue: bytes go in behind and out in front for ever, and memory stays. */
START_TEST(test_queue_keeps_order_in_bounded_memory)
{
	struct buf buf;
	uint8_t in = 0, out = 0;

	buf_init(&buf, 5000);
	for (int round = 0; round < 20000; round++) {
		size_t add = (size_t)(round * 7 % 97), drop = (size_t)(round * 13 % 101);
		for (size_t i = 0; i < add && buf.len < 5000; i++, in++)
			ck_assert(buf_add(&buf, &in, 1));
		drop = drop < buf.len ? drop : buf.len;
		for (size_t i = 0; i < drop; i++, out++)
			ck_assert_uint_eq((uint8_t)buf.data[i], out);
		buf_drop(&buf, drop);
		ck_assert_uint_le(buf.cap, 5001);
	}
	buf_clear(&buf);
}
END_TEST

UNIT_MAIN("buf", test_adds_and_drops, test_refuses_more_than_max_and_changes_nothing, test_max_0_holds_nothing,
          test_secret_stays_secret, test_format_that_just_fits_its_memory, test_room_and_extend,
          test_queue_keeps_order_in_bounded_memory)
