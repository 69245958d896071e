/* hash: numbers that differ where bytes differ, nearly always. For tables and for seeing a change; an attacker who picks the
 * bytes can make two that are equal.
 *
 * FNV-1a of 64 bits (draft-eastlake-fnv). A hash begins with HASH_START, and what is added to it in pieces gives the same as
 * all of it at once.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define HASH_START UINT64_C(0xcbf29ce484222325)
#define HASH_PRIME UINT64_C(0x100000001b3)

/* Returns the hash with len bytes more. */
static inline uint64_t hash_add(uint64_t hash, const void *data, size_t len)
{
	const unsigned char *bytes = data;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ bytes[i]) * HASH_PRIME;
	return hash;
}

/* The same by words of 8 bytes, for megabytes: another number, and every piece but the last must be a multiple of 8 bytes. A
 * product carries nothing downwards, therefore the high bits are folded down after each word. */
static inline uint64_t hash_add_words(uint64_t hash, const void *data, size_t len)
{
	const char *bytes = data;

	for (size_t at = 0; at < len; at += 8) {
		uint64_t word = 0;
		memcpy(&word, bytes + at, len - at < 8 ? len - at : 8);
		hash = (hash ^ word) * HASH_PRIME;
		hash ^= hash >> 29;
	}
	return hash;
}

/* The number of a cell in a table of `cells`, a power of 2. All four quarters of the hash take part. */
static inline size_t hash_cell(uint64_t hash, size_t cells)
{
	hash ^= hash >> 32;
	hash ^= hash >> 16;
	return (size_t)hash & (cells - 1);
}
