/* json_arena: memory that is freed all at once. Private to the JSON reader. */
#pragma once

#include <stddef.h>

struct json_block;

struct json_arena {
	struct json_block *blocks; /* newest first */
	char *at;
	size_t left;
};

void *json_arena_take(struct json_arena *arena, size_t size);                  /* aligned for any type, uninitialised */
char *json_arena_copy(struct json_arena *arena, const void *data, size_t len); /* and a NUL behind */
void json_arena_clear(struct json_arena *arena);
