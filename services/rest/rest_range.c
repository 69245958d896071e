/* rest_range: "bytes=FIRST-LAST", "bytes=FIRST-" or "bytes=-LAST_SO_MANY". A server may ignore what asks for several parts
 * (section 14.2), and we do.
 */
#include "services/rest/rest_range.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

static const char UNIT[] = "bytes=";

/* Digits at *at; what is too large stays too large. False: there are none. */
static bool read_number(const char **at, uint64_t *number)
{
	const char *from = *at;

	for (*number = 0; **at >= '0' && **at <= '9'; ++*at) {
		if (*number < UINT64_MAX / 100)
			*number = *number * 10 + (uint64_t)(**at - '0');
	}
	return *at > from;
}

static enum rest_part last_bytes(uint64_t number, size_t size, struct rest_span *span)
{
	if (number == 0 || size == 0)
		return REST_NO_PART;
	span->len = number < size ? (size_t)number : size;
	span->first = size - span->len;
	return REST_PART;
}

enum rest_part rest_range_read(const char *value, size_t size, struct rest_span *span)
{
	uint64_t first = 0, last = UINT64_MAX;

	if (strncasecmp(value, UNIT, sizeof(UNIT) - 1) != 0)
		return REST_WHOLE;
	const char *at = value + sizeof(UNIT) - 1;
	bool has_first = read_number(&at, &first);
	if (*at++ != '-')
		return REST_WHOLE;
	bool has_last = read_number(&at, &last);
	if (*at != '\0' || (!has_first && !has_last) || (has_first && has_last && last < first))
		return REST_WHOLE;
	if (!has_first)
		return last_bytes(last, size, span);
	if (first >= size)
		return REST_NO_PART;
	span->first = (size_t)first;
	span->len = has_last && last < size - 1 ? (size_t)(last - first + 1) : size - (size_t)first;
	return REST_PART;
}
