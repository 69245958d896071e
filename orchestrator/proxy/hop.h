/* hop: is this proxy the end of a request's way?  Pure.
 *
 * RFC 9110 section 7.6.2: Max-Forwards is counted down for OPTIONS and TRACE, and at 0 the request goes no further.
 * "OPTIONS *" (section 9.3.7) asks about the server as a whole, and that is us. For other methods Max-Forwards is a
 * field as any other.
 */
#pragma once

#include "common/buf.h"

enum hop {
	HOP_ON,   /* goes on; its Max-Forwards, if it has one, is one less now */
	HOP_ENDS, /* to be answered here */
	HOP_BAD,  /* Max-Forwards is no number, or there are two */
};

/* head: of an OPTIONS or TRACE request, as it would be sent on. It keeps its length. */
enum hop hop_take(struct buf *head);
