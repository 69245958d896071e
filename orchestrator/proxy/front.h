/* front: where clients come in: the addresses listened on, the limit on connections, and the connections. */
#pragma once

#include "common/err.h"
#include "orchestrator/proxy/conns.h"

#include <stdbool.h>

struct front;
struct handshakes;
struct tls_server;

struct front_settings {
	struct conns_settings conns; /* the front's part of it is filled in */
	struct tls_server *tls;      /* for tls.listen; borrowed. NULL: there is no such address */
	/* A listening socket that was handed to this process for an address, or -1; may be NULL. Its owner is the front. */
	int (*inherited)(const char *address, void *arg);
	void *inherited_arg;
};

bool front_new(const struct front_settings *settings, struct front **front, struct err *err) MUST_CHECK;

/* Closes every connection at once. */
void front_free(struct front *front);

/* Another configuration: limits and timeouts for what comes from now on; the addresses stay. */
void front_reload(struct front *front, const struct config *config);

/* Stops listening; replies from now on close their connection; idle connections stay for one more request. */
void front_drain(struct front *front);
unsigned front_connections(const struct front *front);

/* What was counted of handshakes; NULL: no TLS is spoken. */
const struct handshakes *front_handshakes(const struct front *front);

/* What its connections share. */
struct conns *front_conns(const struct front *front);
