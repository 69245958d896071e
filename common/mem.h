/* mem: allocation that cannot fail.
 *
 * Sizes that outside input decides are bounded before they get here; what then cannot be had means that the
 * machine is out of memory, and the process ends with one line on stderr (abort). Memory is freed with free().
 */
#pragma once

#include <stddef.h>

void *mem_alloc(size_t size);                          /* uninitialised */
void *mem_zero(size_t size);                           /* zeroed */
void *mem_grow(void *old, size_t size);                /* realloc */
void *mem_array(void *old, size_t count, size_t size); /* realloc to count * size, overflow checked */
char *mem_dup(const char *text);                       /* strdup; NULL stays NULL */
char *mem_dup_n(const char *text, size_t len);         /* len bytes and a NUL */
char *mem_format(const char *format, ...) __attribute__((format(printf, 1, 2)));
void *mem_must(void *memory); /* what a library allocated; NULL ends the process */

/* Nobody frees it, nor what it leads to: a thread that did not end in time still uses it, and the process ends soon. */
void mem_leave(const void *memory);
