/* tls_stream: the kind of stream that a connection is after its handshake (tls).
 *
 * How it ends is told apart: the peer's close_notify is the stream's end (a read gives 0); its FIN without one is an error, as
 * a reset is. STREAM_WHOLE sends ours, STREAM_CUT does not, nor does a connection that an error broke.
 */
#pragma once

#include "orchestrator/wire/stream.h"

struct tls;

/* inner is the struct tls, which the stream frees. */
extern const struct stream_kind stream_tls;

/* NULL: it is none that speaks TLS. */
static inline const struct tls *stream_has_tls(const struct stream *stream)
{
	return stream->kind == &stream_tls ? (const struct tls *)stream->inner : NULL;
}
