/* http1_evhttp: the kind of connection that libevent's evhttp accepts, reads and ends (the key http1).
 *
 * Before evhttp's reading stands a gate of ours: evhttp is strict about little, refuses what it need not, and answers faults
 * with HTML. So whole requests pass to it whose heads are cut down to what frames them: method, version, length, Connection.
 * What is forwarded is our reading of the head, as everywhere. Replies are written to the socket beside evhttp, which then
 * ends the request.
 *
 * What it cannot do: half-closed connections (a client that closes its side is gone), closing late enough for a client that
 * still sends to hear why it was refused, and what stands before HTTP on a connection (TLS, the PROXY protocol).
 */
#pragma once

struct conns;
struct evconnlistener;
struct event_base;
struct http1_evhttp;

/* on_coming: evhttp has accepted a connection, which is in conns by now. */
struct http1_evhttp *http1_evhttp_new(struct event_base *base, struct conns *conns, void (*on_coming)(void *arg),
                                      void *arg);

/* Behind conns_free, and when it has given back every listener. NULL is fine. */
void http1_evhttp_free(struct http1_evhttp *kind);

/* evhttp accepts from this listener, until it is given back: then the listener is closed and freed. */
void http1_evhttp_lend(struct http1_evhttp *kind, struct evconnlistener *listener);
void http1_evhttp_give_back(struct http1_evhttp *kind, struct evconnlistener *listener);
