/* fake_docker: a Docker Engine of the test's own on a unix socket: answers as told, in the test's loop. */
#pragma once

#include <stddef.h>

struct event_base;
struct evbuffer;
struct evhttp;
struct evhttp_request;
struct sockaddr_un;

#define FAKE_UNANSWERED 128

/* Replies to what is not /_ping, /version, /info or /events, one after the other; the last one is repeated. */
struct fake_reply {
	int status; /* 0: no answer at all */
	const char *body;
};

/* The reply, each time, to whatever has this in its path; not counted as a call. */
struct fake_page {
	const char *path;
	struct fake_reply reply;
};

struct fake_docker {
	const char *api_version; /* most */
	const char *min_version;
	const char *info; /* the reply to /info; NULL: json-file */
	const struct fake_reply *replies;
	size_t reply_count;
	const struct fake_page *pages;
	size_t page_count;
	const char *mute; /* requests with this in their path are not answered, so many at most; NULL */
	/* what happened */
	int pings;
	int subscriptions;
	int calls; /* others */
	int connections;
	char last_path[1000]; /* of a call */
	char last_body[1000];
	char events_path[1000];
	/* private */
	struct event_base *base;
	struct evhttp *http;
	struct evhttp_request *events;
	struct evhttp_request *unanswered[FAKE_UNANSWERED];
	size_t unanswered_count;
	char socket_path[100];
};

/* The versions and replies may be set before. */
void fake_open(struct fake_docker *fake, struct event_base *base, const char *socket_path);
void fake_close(struct fake_docker *fake); /* closes every connection and the socket; harmless when closed */
void fake_tell(struct fake_docker *fake, const char *bytes, size_t len); /* on the event stream */
void fake_end_events(struct fake_docker *fake);
