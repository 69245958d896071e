/* count: a number shared by all processes that open the same file, in memory mapped from it.
 *
 * Adding is one atomic instruction and no system call; what a killed process has added stays.
 */
#pragma once

#include "common/err.h"

#include <stdbool.h>
#include <stdint.h>

struct count;

bool count_open(const char *path, struct count **count, struct err *err) MUST_CHECK;
void count_add(struct count *count);
void count_reset(struct count *count);
uint64_t count_read(const struct count *count);
void count_close(struct count *count); /* NULL is fine */
