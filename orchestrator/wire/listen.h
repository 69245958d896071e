/* listen: listening sockets, and when connections are accepted from them: while there is room for one more, a bounded number
 * in each turn of the loop, and not for a while after descriptors or memory have run out: who waits stays in the kernel's
 * queue, and nothing spins.
 *
 * Two ways. With on_accept connections come to its owner. With on_lend somebody else accepts them from an evconnlistener
 * (evhttp does, and nobody else can give it connections), but only when listen lets it.
 *
 * Several listens may share one limit and one count, and each may have a pace: then no more than so many connections are
 * accepted in a second.
 *
 * It knows nothing of what comes over the connections; it counts them. Callbacks come from the loop, but on_lend from
 * listen_add.
 */
#pragma once

#include "common/err.h"

#include <stdbool.h>
#include <stdint.h>

struct event_base;
struct evconnlistener;
struct listen;
struct sockaddr;

#define LISTEN_NO_LIMIT INT64_MAX

struct listen_settings {
	struct event_base *base;
	const char *key;     /* the configuration's, for messages: "listen". Static */
	int backlog;         /* connections that wait in the kernel for each socket */
	int64_t limit;       /* connections at once; nothing with `with` */
	struct listen *with; /* shares limit and count with this one, which must live longer; NULL: it has its own */
	int64_t per_s;       /* connections accepted in a second; 0: as many as come */
	bool at_once;        /* an address that another process has is not waited for: the loop turns already */
	/* A connection: its socket, non-blocking, is the callee's from now on; and the peer's address, for the call. */
	void (*on_accept)(int fd, const struct sockaddr *peer, void *arg);
	/* Instead of on_accept: a listener for evhttp_bind_listener. It is the callee's, and must stay until listen_stop. Each
	 * connection that comes may be told by listen_count_in; else there is no limit. */
	void (*on_lend)(struct evconnlistener *listener, void *arg);
	/* With on_lend, from listen_stop: the listener is to be closed and freed, by evhttp_del_accept_socket. NULL: it is only
	 * disabled, and evhttp_free does that. */
	void (*on_take_back)(struct evconnlistener *listener, void *arg);
	/* Is there a connection that would be closed for another? And: closes one such, false if there was none after all.
	 * Both may be NULL: there never is. */
	bool (*may_yield)(void *arg);
	bool (*yield)(void *arg);
	/* A socket that listens on this address and was handed to this process: the callee gives it away; or -1. May be NULL. */
	int (*inherited)(const char *address, void *arg);
	void *arg; /* of on_accept, on_lend, may_yield, yield */
	void *inherited_arg;
};

struct listen *listen_new(const struct listen_settings *settings);

/* Closes the sockets; connections stay. NULL is fine. */
void listen_free(struct listen *listen);

/* Listens on "ADDRESS:PORT" (see address_parse). Blocks for up to a second where a process that is ending still has the
 * address (see patience), unless at_once. False: not an address, or it cannot be had; err has a sentence with the key in it. */
bool listen_add(struct listen *listen, const char *address, struct err *err) MUST_CHECK;

/* Accepts from a socket that listens already. */
void listen_add_socket(struct listen *listen, int fd);

/* Stops listening for good (sockets that were lent are no longer let accept, their callee closes them); connections go on being counted. */
void listen_stop(struct listen *listen);

void listen_set_limit(struct listen *listen, int64_t limit);

/* per_s: as in the settings. */
void listen_set_pace(struct listen *listen, int64_t per_s);

/* A connection is there (only with on_lend; else it is counted before on_accept); a connection has ended. */
void listen_count_in(struct listen *listen);
void listen_count_out(struct listen *listen);
unsigned listen_count(const struct listen *listen);

/* What may_yield says has changed. Of those that share a limit, for all. */
void listen_update(struct listen *listen);
