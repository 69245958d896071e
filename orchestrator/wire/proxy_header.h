/* proxy_header: the PROXY protocol, versions 1 and 2: what a load balancer says, before anything else, of whose connection it is.
 * Pure, fuzzed.
 *
 * https://www.haproxy.org/download/2.9/doc/proxy-protocol.txt, sections 2.1 and 2.2. Strict: what a second reader might take for
 * something else is refused. Checksums and other TLVs are not looked at.
 */
#pragma once

#include "orchestrator/base/address.h"

#include <stdbool.h>
#include <stddef.h>

#define PROXY_HEADER_MAX 536 /* bytes of a header */

enum proxy_header_event {
	PROXY_HEADER_MORE, /* it may become one: not all is there yet */
	PROXY_HEADER_DONE,
	PROXY_HEADER_BAD, /* it is none, or none that we read */
};

struct proxy_header {
	size_t size; /* bytes; what follows is the connection's own */
	struct address
	        source; /* len 0: the connection is the peer's own (LOCAL, UNKNOWN), or of no kind that has an IP address */
};

/* data: what has come so far, from the connection's first byte on. */
enum proxy_header_event proxy_header_read(const char *data, size_t len, struct proxy_header *header);
