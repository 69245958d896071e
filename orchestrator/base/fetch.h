/* fetch: requests over https to servers out there, or in clear to our own kind, on the loop (libcurl). Names are looked up on a
 * thread of libcurl's.
 *
 * One final callback a request, never before the call that sends it has returned, and never from inside libcurl: it may send and
 * cancel as it likes, but not free the fetch. A request is dead as soon as its callback starts. Redirects are not followed.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct event_base;
struct fetch;
struct fetch_request;

#define FETCH_REPLY_MAX (256u << 10) /* bytes, of a body */
#define FETCH_FIELDS 4

struct fetch_ask {
	const char *url;
	const char *body;    /* POST; NULL: GET */
	const char *type;    /* Content-Type of the body */
	bool head;           /* HEAD */
	const char *ca_file; /* PEM: what the server's certificate is judged by; "": what this machine trusts */
	const char *const
	        *fields; /* of the reply, that are wanted: FETCH_FIELDS names at most, ended by NULL; outlives it */
	int timeout_ms;  /* of the whole request */
	bool clear;      /* the url is http, on a network of ours: no proxy is asked */
	const char *authorization; /* the field's value; NULL: none */
};

enum fetch_trouble {
	FETCH_GOOD,       /* a reply came, whatever its status */
	FETCH_NO_NAME,    /* the host's name could not be looked up */
	FETCH_NO_CONNECT, /* nobody answers at its address */
	FETCH_UNTRUSTED,  /* its certificate is not good */
	FETCH_LATE,
	FETCH_BROKEN, /* anything else */
	FETCH_TROUBLES
};

struct fetch_reply {
	enum fetch_trouble trouble;
	const char *why; /* libcurl's words; "" for a good one */
	int status;
	const char *body; /* NUL behind; may be empty */
	size_t len;
	const char *fields[FETCH_FIELDS]; /* as they were asked for; NULL: it has none */
};

typedef void fetch_replied(const struct fetch_reply *reply, void *arg);

struct fetch *fetch_new(struct event_base *base);
void fetch_free(struct fetch *fetch); /* what is in flight ends without a callback; NULL is fine */

/* The ask is borrowed for the call. */
struct fetch_request *fetch_send(struct fetch *fetch, const struct fetch_ask *ask, fetch_replied *replied, void *arg);

/* Ends a request; its callback does not follow. */
void fetch_cancel(struct fetch_request *request);
