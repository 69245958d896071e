/* err: formats failures.
 *
 * Invariant: a message always ends in NUL and is cut, never overrun; what a caller formats may quote err->message
 * itself, because the new text is made in a buffer of its own first.
 */
#include "common/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void err_store(struct err *err, int code, const char *text)
{
	err->code = code;
	snprintf(err->message, sizeof(err->message), "%s", text);
}

bool err_set(struct err *err, const char *format, ...)
{
	char text[sizeof(err->message)];
	va_list args;

	if (err == NULL)
		return false;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	err_store(err, 0, text);
	return false;
}

bool err_set_code(struct err *err, int code, const char *format, ...)
{
	char text[sizeof(err->message)];
	va_list args;

	if (err == NULL)
		return false;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	err_store(err, code, text);
	return false;
}

bool err_set_errno(struct err *err, int errno_value, const char *format, ...)
{
	char text[sizeof(err->message)], reason[128];
	va_list args;

	if (err == NULL)
		return false;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	err_store(err, errno_value, text);
	const char *why = strerror_r(errno_value, reason, sizeof(reason));
	size_t len = strlen(err->message);
	snprintf(err->message + len, sizeof(err->message) - len, ": %s", why);
	return false;
}

bool err_prefix(struct err *err, const char *format, ...)
{
	char prefix[sizeof(err->message)], old[sizeof(err->message)];
	va_list args;

	if (err == NULL)
		return false;
	va_start(args, format);
	vsnprintf(prefix, sizeof(prefix), format, args);
	va_end(args);
	memcpy(old, err->message, sizeof(old));
	size_t len = strnlen(prefix, sizeof(prefix));
	memcpy(err->message, prefix, len);
	snprintf(err->message + len, sizeof(err->message) - len, ": %s", old);
	return false;
}
