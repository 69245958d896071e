/* fuzz_http: what must hold for every head, request or response. */
#pragma once

#include "common/http_head.h"

typedef enum http_parse fuzz_parse(const char *data, size_t len, const struct http_limits *limits, size_t *scanned,
                                   struct http_head *head, enum http_fault *fault);

/* Reads data whole and in two pieces, compares, and checks what was read. True if it is a head. */
bool fuzz_head(fuzz_parse *parse, const uint8_t *data, size_t size, struct http_head *head);
