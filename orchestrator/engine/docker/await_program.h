/* await_program: selfless-await (await.c) as the build made it, whole, to be written to a file. */
#pragma once

#include <stddef.h>

extern const unsigned char await_program[];
extern const size_t await_program_size;
