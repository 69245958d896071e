/* http1_line: what is known of a request that is refused while it is read, for the log. Pure. */
#pragma once

#include "common/http_head.h"

#include <stdbool.h>
#include <stddef.h>

struct request;

struct http1_line {
	struct http_text method, target; /* empty where they did not come, or are nothing that can be told */
	bool head_only;                  /* HEAD: the reply has no body */
};

/* From the start of a head that is not whole, or malformed. Views into data. */
struct http1_line http1_line_read(const char *data, size_t len);

/* From a head that was well formed. */
struct http1_line http1_line_of_head(const struct http_head *head);

/* From a request whose head was taken. */
struct http1_line http1_line_of_request(const struct request *request);
