/* reply: writes whole, honest replies.  Dishonest ones are the actions' own business. */
#pragma once

#include "tests/backend/request.h"

/* Name put into X-Backend: the container's host name (the first 12 digits of its id), or NAME. */
void reply_set_backend(const char *name);
const char *reply_backend(void);

/* A reply with Content-Length; body is left out for HEAD, 204 and 304. extra: further fields, each with CRLF, or "". */
bool reply_send(struct connection *connection, const struct request *request, int status, const char *extra,
                const char *body, size_t len);

/* Only the head, ended; framing is the field that says how the body ends ("Content-Length: 5\r\n", "", ...). */
bool reply_send_head(struct connection *connection, int status, const char *framing);

/* len bytes of a pattern that tells where it was cut: the byte at position i is 'a' + i % 26. */
void reply_fill(char *to, size_t from, size_t len);

void wait_ms(long ms);
