/* hash: FNV-1a as others compute it; pieces are the whole; every bit counts, also in a small table. */
#include "common/hash.h"

#include "tests/unit/unit.h"

#include <stdbool.h>

/* draft-eastlake-fnv, appendix C */
START_TEST(as_others_compute_it)
{
	ck_assert_uint_eq(HASH_START, 14695981039346656037U);
	ck_assert_uint_eq(hash_add(HASH_START, "", 0), HASH_START);
	ck_assert_uint_eq(hash_add(HASH_START, "a", 1), UINT64_C(0xaf63dc4c8601ec8c));
	ck_assert_uint_eq(hash_add(HASH_START, "foobar", 6), UINT64_C(0x85944171f73967e8));
}
END_TEST

START_TEST(pieces_are_the_whole)
{
	char data[61];

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (char)(i * 37);
	for (size_t at = 0; at <= sizeof(data); at++)
		ck_assert_uint_eq(hash_add(hash_add(HASH_START, data, at), data + at, sizeof(data) - at),
		                  hash_add(HASH_START, data, sizeof(data)));
	for (size_t at = 0; at <= sizeof(data); at += 8)
		ck_assert_uint_eq(hash_add_words(hash_add_words(HASH_START, data, at), data + at, sizeof(data) - at),
		                  hash_add_words(HASH_START, data, sizeof(data)));
}
END_TEST

START_TEST(words_see_every_bit)
{
	char data[45] = {0};
	uint64_t before = hash_add_words(HASH_START, data, sizeof(data));

	for (size_t bit = 0; bit < sizeof(data) * 8; bit++) {
		data[bit / 8] ^= (char)(1 << bit % 8);
		ck_assert_uint_ne(hash_add_words(HASH_START, data, sizeof(data)), before);
		data[bit / 8] ^= (char)(1 << bit % 8);
	}
	data[7] = data[15] = (char)0x80; /* the highest bits of two words, which a product alone keeps where they are */
	ck_assert_uint_ne(hash_add_words(HASH_START, data, sizeof(data)), before);
}
END_TEST

START_TEST(cells_are_all_used)
{
	bool used[64] = {false};

	for (unsigned i = 0; i < 1000; i++)
		used[hash_cell(hash_add(HASH_START, &i, sizeof(i)), 64)] = true;
	for (size_t i = 0; i < 64; i++)
		ck_assert(used[i]);
	for (int bit = 0; bit < 64; bit += 16) /* each quarter of the hash counts */
		ck_assert_uint_ne(hash_cell(UINT64_C(1) << bit, 64), hash_cell(0, 64));
}
END_TEST

UNIT_MAIN("hash", as_others_compute_it, pieces_are_the_whole, words_see_every_bit, cells_are_all_used)
