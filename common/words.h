/* words: looking at eight bytes at a time.
 *
 * Each test returns a word in which the high bit of a byte is set where the byte passes it. Exact are only whether the word
 * is 0, and the first byte that passes (a borrow may mark the byte behind one that does).
 */
#pragma once

#include <endian.h>
#include <stdint.h>
#include <string.h>

#define WORD_BYTES 8
#define WORD_ONES UINT64_C(0x0101010101010101)
#define WORD_HIGHS UINT64_C(0x8080808080808080)

/* The first byte is the lowest, whatever the machine. */
static inline uint64_t word_load(const char *from)
{
	uint64_t word;

	memcpy(&word, from, sizeof(word));
	return le64toh(word);
}

/* Where the first byte stands that passed a test; passed is not 0. */
static inline int word_first(uint64_t passed)
{
	return __builtin_ctzll(passed) / 8;
}

static inline uint64_t word_over_127(uint64_t word)
{
	return word & WORD_HIGHS;
}

/* limit <= 128 */
static inline uint64_t word_under(uint64_t word, unsigned char limit)
{
	return (word - WORD_ONES * limit) & ~word & WORD_HIGHS;
}

static inline uint64_t word_equal(uint64_t word, unsigned char byte)
{
	return word_under(word ^ (WORD_ONES * byte), 1);
}
