/* fuzz_proxy: what must hold on both sides of the proxy: the same events however bytes are cut, and what is sent on
 * read back by the strict parser is what came, less the fields that are not for the next one. */
#pragma once

#include "common/buf.h"
#include "orchestrator/wire/message.h"

#include <stddef.h>

/* A head came; called for the whole reading only. */
typedef void fuzz_on_head(const struct http_head *head, void *arg);

/* Reads data as messages one behind the other, whole and in pieces of `step` bytes, and compares. */
void fuzz_messages(enum message_kind kind, enum http_method method, const char *data, size_t len, size_t step,
                   fuzz_on_head *on_head, void *arg);

/* The fields of `in` that are to be sent on stand in `out` from *at on, in order and unchanged; *at is moved behind
 * them. dropped: bits of those that are not; disguised: of those that are not with underscores for dashes. */
void fuzz_fields_kept(const struct http_head *in, const struct http_head *out, uint32_t dropped, uint32_t disguised,
                      unsigned *at);

/* The field at *at has this name; *at is moved on. */
struct http_text fuzz_field(const struct http_head *head, unsigned *at, const char *name);

bool fuzz_same(struct http_text a, struct http_text b);
