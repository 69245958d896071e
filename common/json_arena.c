/* json_arena: a chain of blocks, each filled from its start.
 *
 * Invariant: `at` is aligned and `left` bytes of the newest block are free behind it. What is larger than a quarter of
 * a block gets one of its own, behind the newest, so that the rest of the newest is not lost.
 */
#include "common/json_arena.h"

#include "common/mem.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_FIRST_BYTES 2048
#define ARENA_BLOCK_BYTES 65536

struct json_block {
	struct json_block *older;
	size_t size;
	alignas(max_align_t) char bytes[];
};

static size_t arena_round(size_t size)
{
	return (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
}

static struct json_block *arena_block(size_t size)
{
	struct json_block *block = mem_alloc(sizeof(*block) + size);

	block->older = NULL;
	block->size = size;
	return block;
}

static void *arena_take_large(struct json_arena *arena, size_t size)
{
	struct json_block *block = arena_block(size);

	if (arena->blocks == NULL) {
		arena->blocks = block;
	} else {
		block->older = arena->blocks->older;
		arena->blocks->older = block;
	}
	return block->bytes;
}

void *json_arena_take(struct json_arena *arena, size_t size)
{
	size = arena_round(size);
	if (size > arena->left) {
		if (size > ARENA_BLOCK_BYTES / 4)
			return arena_take_large(arena, size);
		size_t grown = arena->blocks == NULL ? ARENA_FIRST_BYTES : ARENA_BLOCK_BYTES;
		struct json_block *block = arena_block(grown > size ? grown : size);
		block->older = arena->blocks;
		arena->blocks = block;
		arena->at = block->bytes;
		arena->left = block->size;
	}
	void *taken = arena->at;
	arena->at += size;
	arena->left -= size;
	return taken;
}

char *json_arena_copy(struct json_arena *arena, const void *data, size_t len)
{
	char *copy = json_arena_take(arena, len + 1);

	if (len > 0)
		memcpy(copy, data, len);
	copy[len] = '\0';
	return copy;
}

void json_arena_clear(struct json_arena *arena)
{
	struct json_block *block = arena->blocks;

	while (block != NULL) {
		struct json_block *older = block->older;
		free(block);
		block = older;
	}
	*arena = (struct json_arena){0};
}
