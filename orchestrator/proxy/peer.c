/* peer: read once, when its connection begins: a reload holds for those that come then. */
#include "orchestrator/proxy/peer.h"

#include "orchestrator/proxy/conns.h"

void peer_read(struct peer *peer, struct conns *conns, const struct sockaddr *address, bool heralded)
{
	peer->ids = conns_ids(conns);
	peer->trusted = conns_trusts(conns, address) ? conns_trusted(conns) : NULL;
	address_format_host(address, peer->address);
	if (heralded || !address_to_v6(address, &peer->source))
		peer->source = in6addr_any;
}
