/* err: a failure with a message, for things the world may do to us.
 *
 * Contract: a function that can fail returns bool and takes `struct err *` last. On false, `err` holds a message
 * for a person (what was wrong, which value, what is allowed) and a code; on true it is untouched. Bugs of ours are
 * asserts and running out of memory ends the process (see mem.h), so neither is ever an err.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct err {
	int code;          /* 0, an errno, or a code the function's header names */
	char message[512]; /* NUL-terminated, cut if longer */
};

#define MUST_CHECK __attribute__((warn_unused_result))

/* Sets code 0 and the message; returns false so that a caller can `return err_set(...)`. err may be NULL. */
bool err_set(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same with a code. */
bool err_set_code(struct err *err, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* As err_set, with ": " and strerror(errno_value) behind the message, and errno_value as the code. */
bool err_set_errno(struct err *err, int errno_value, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Puts "prefix: " before the message that is there. Returns false. */
bool err_prefix(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));
