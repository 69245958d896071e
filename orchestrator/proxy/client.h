/* client: whom a trusted proxy speaks for. Pure, fuzzed.
 *
 * X-Forwarded-For is a list to whose end each proxy adds who asked it. So it is read from its end, as long as proxies stand there
 * that are trusted themselves: the first other address is the client's, and what stands before it is the client's own word.
 */
#pragma once

#include "common/http_head.h"
#include "orchestrator/base/address.h"

#include <stdbool.h>

/* text: the client's address. False: the fields say none, so it is the peer. An entry that is no address ends the list: the
 * client is then who wrote it. */
bool client_find(const struct http_head *head, const struct networks *trusted, char text[INET6_ADDRSTRLEN]);
