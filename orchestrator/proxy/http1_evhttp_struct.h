/* http1_evhttp_struct: a connection that evhttp has, for the files that are it, each of which calls those named before it:
 * http1_evhttp_reply, http1_evhttp_read, http1_evhttp. Nobody else includes this.
 */
#pragma once

#include "orchestrator/proxy/conns.h"
#include "orchestrator/proxy/http1_framed.h"
#include "orchestrator/wire/message.h"

#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <netinet/in.h>

#define EVCONN_INPUT_MAX 65536 /* bytes read ahead of a request in work */

struct evconn_calls {
	bufferevent_data_cb on_read, on_written;
	bufferevent_event_cb on_event;
};

struct http1_evhttp {
	struct evhttp *http;
	struct conns *conns;
	void (*on_coming)(void *arg);
	void *arg;
	struct evconn_calls ours,
	        evhttps; /* what a bufferevent calls; evhttp's are known once there was a connection */
	SLIST_HEAD(, evconn) newborn;
	struct deferred settle;
};

enum evconn_state { EVCONN_IDLE, EVCONN_HEAD, EVCONN_BODY, EVCONN_BUSY, EVCONN_TUNNEL };

struct evconn {
	struct http1_evhttp *kind;
	struct conns_link link;
	SLIST_ENTRY(evconn) newborn;     /* evhttp asked for the bufferevent, its connection follows in this turn */
	struct evhttp_connection *evcon; /* NULL: not known yet, or over */
	struct bufferevent *bev;         /* evhttp's */
	int fd;                          /* the bufferevent's */
	enum evconn_state state;
	bool resting; /* between two requests */
	bool handed;  /* evhttp has taken the request that it was given */
	bool mute;    /* tunnel: we close our side, once all is written */
	bool broken;  /* to be closed in a later turn */
	bool cut;     /* its closing is a reset */
	bool over;
	struct peer peer;
	struct message message;
	struct evturn *turn;      /* from the end of its head to the end of its reply */
	struct body body;         /* its bytes are counted with conns_buffer until the turn is over */
	struct evbuffer *content; /* the body, until evhttp gets it; NULL until first needed */
	struct buf input;
	size_t unread; /* bytes of a reply that waited for the client when it was last looked at */
	int64_t rested_at_us;
	struct deadline deadline;
	struct deferred deferred;
};

struct evturn {
	struct http1_framed framed;
	struct evconn *evconn;
	struct evhttp_request *asked; /* evhttp's, from its handing over to its end */
	bool ending;                  /* the reply is complete, its last bytes are not written yet */
};

static inline const struct config *evconn_config(const struct evconn *evconn)
{
	return conns_settings(evconn->kind->conns)->config;
}

static inline bool evconn_is_gone(const struct evconn *evconn)
{
	return evconn->over || evconn->broken;
}
