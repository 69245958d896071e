/* http1_read: bytes in, requests out. */
#pragma once

#include "orchestrator/proxy/http1_struct.h"

/* From the stream, in any state. */
void http1_take_bytes(struct http1 *http1, const char *data, size_t len);

/* What was read ahead is the next request, or the start of it. */
void http1_read_kept(struct http1 *http1);

/* Time is up while a head is read: what there is of it is refused. */
void http1_refuse_unread(struct http1 *http1, int status, const char *detail);
