/* rest_range: a Range field read (RFC 9110 section 14.2).  Pure. */
#pragma once

#include "services/rest/rest.h"

/* Which of `size` bytes the field's value means. REST_PART: *span lies within them, and is not empty. REST_WHOLE: the value is
 * malformed, of another unit, or means several parts, and is to be ignored; *span is left alone, as with REST_NO_PART. */
enum rest_part rest_range_read(const char *value, size_t size, struct rest_span *span);
