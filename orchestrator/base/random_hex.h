/* random_hex: names that nobody else has. */
#pragma once

#include "common/err.h"

#include <stdbool.h>
#include <stddef.h>

#define RANDOM_HEX_MOST 64

/* size - 1 digits, an even number of them and RANDOM_HEX_MOST at most, and a NUL. False: the kernel has no random numbers yet, as early
 * in a boot; to is "" then. */
bool random_hex(char *to, size_t size, struct err *err) MUST_CHECK;
