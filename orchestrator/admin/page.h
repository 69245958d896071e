/* page: the dashboard's files (page/), built into the program, and how they are served.
 *
 * They hold nothing of the fleet; the page asks the API for that, with the token where one is needed. So they are the one
 * thing that is given without a token: else there would be nowhere to type it.
 */
#pragma once

#include "common/asset.h"

struct call;

extern const struct asset page_files[];
extern const size_t page_files_count;

/* The file at this path: "/" is index.html. NULL: none. */
const struct asset *page_find(const char *path);

void page_answer(const struct call *call, const struct asset *file);
