/* mem: allocation that ends the process where it cannot succeed.
 *
 * Invariant: nothing here returns NULL, except mem_dup(NULL).
 */
#include "common/mem.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef __SANITIZE_ADDRESS__
#define KNOWS_LEAKS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define KNOWS_LEAKS 1
#endif
#endif
#ifdef KNOWS_LEAKS
#include <sanitizer/lsan_interface.h>
#endif

/* Must not allocate: it runs when memory is gone. */
static _Noreturn void mem_die(void)
{
	static const char text[] = "event=fatal error=\"out of memory\"\n";

	if (write(STDERR_FILENO, text, sizeof(text) - 1) == -1)
		_exit(1);
	abort();
}

void *mem_alloc(size_t size)
{
	void *memory = malloc(size > 0 ? size : 1);

	if (memory == NULL)
		mem_die();
	return memory;
}

void *mem_zero(size_t size)
{
	void *memory = calloc(1, size > 0 ? size : 1);

	if (memory == NULL)
		mem_die();
	return memory;
}

void *mem_grow(void *old, size_t size)
{
	void *memory = realloc(old, size > 0 ? size : 1);

	if (memory == NULL)
		mem_die();
	return memory;
}

void *mem_array(void *old, size_t count, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(count, size, &total))
		mem_die();
	return mem_grow(old, total);
}

char *mem_dup(const char *text)
{
	return text == NULL ? NULL : mem_dup_n(text, strlen(text));
}

char *mem_dup_n(const char *text, size_t len)
{
	if (len == SIZE_MAX)
		mem_die();
	char *copy = mem_alloc(len + 1);
	if (len > 0)
		memcpy(copy, text, len);
	copy[len] = '\0';
	return copy;
}

char *mem_format(const char *format, ...)
{
	char *text;
	va_list args;

	va_start(args, format);
	int len = vasprintf(&text, format, args);
	va_end(args);
	if (len == -1)
		mem_die();
	return text;
}

void *mem_must(void *memory)
{
	if (memory == NULL)
		mem_die();
	return memory;
}

void mem_leave(const void *memory)
{
#ifdef KNOWS_LEAKS
	__lsan_ignore_object(memory);
#else
	(void)memory;
#endif
}
