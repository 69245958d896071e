/* page: the dashboard's files (page/), built into the program, and how they are served.
 *
 * They hold nothing of the fleet; the page asks the API for that, with the token where one is needed. So they are the one
 * thing that is given without a token: else there would be nowhere to type it.
 */
#pragma once

#include <stddef.h>

struct call;

struct page_file {
	const char *name;
	const unsigned char *data;
	size_t len;
};

/* Made by embed.cmake. */
extern const struct page_file page_files[];
extern const size_t page_file_count;

/* The file at this path: "/" is index.html. NULL: none. */
const struct page_file *page_find(const char *path);

void page_answer(const struct call *call, const struct page_file *file);
