/* rest_internal: what the rest_*.c files share. Nobody else includes it.
 *
 *   accept -> HEAD -> BODY -> BUSY -> HEAD ...            one request after the other, pipelined ones wait in the input
 *              |        |       |
 *              +--------+-> LINGER -> closed              refused: the reply is out, input is thrown away
 *
 *   server -> listen -> conn -> gate, stream -> reply -> link -> head, request -> path        who calls whom, no way back
 *
 * Who owns what: libevhtp owns the connection and its bufferevent; rest_conn lives as long as that connection (plus
 * the callbacks of ours that are on the stack). A rest_request belongs to its rest_conn until a handler has it, then to
 * the handler until it has replied.
 */
#pragma once

#include "common/buf.h"
#include "common/http_chunked.h"
#include "common/http_head.h"
#include "services/rest/rest.h"
#include "services/rest/rest_path.h"

#include <event2/bufferevent.h>
#include <evhtp.h>
#include <sys/queue.h>

#define REST_HEAD_BYTES 32768U
#define REST_TARGET_BYTES 12288U
#define REST_WRITE_BYTES (1U << 20) /* most that is written at one time */
#define REST_INPUT_BYTES 65536U     /* most unread input held while a request is being answered */
#define REST_JSON "application/json"

enum rest_state { REST_HEAD, REST_BODY, REST_BUSY, REST_LINGER };

enum rest_reply_state { REST_UNANSWERED, REST_STREAMING, REST_WRITTEN };

struct rest_request {
	struct rest_server *server;
	struct rest_conn *conn; /* NULL once the client has left */
	evhtp_request_t *peer;  /* libevhtp's half, from dispatch on */
	char *target;           /* a copy: path and query point into it */
	struct rest_path path;
	struct rest_match match;
	char *names[REST_NAMES]; /* decoded, owned */
	uint32_t name_lens[REST_NAMES];
	enum http_method method;
	int minor;
	bool close;
	char *if_none_match, *range, *if_range; /* as sent; NULL: not sent */
	struct buf body;
	size_t body_skipped; /* bytes of a chunked body that nobody wants */
	size_t body_held;    /* counted in the server's bodies_bytes */
	int64_t body_left;   /* of a Content-Length body */
	bool chunked;
	int early_status; /* decided before the body: no handler runs */
	const char *early_error;
	enum rest_reply_state reply;
	bool with_handler; /* a handler was called and has not replied yet */
	bool reply_chunked;
	bool ready_due; /* a piece was written and on_ready has not run since */
	char etag[80];
	const char *fields; /* more of them in the reply's head, borrowed; NULL: none */
	void (*on_ready)(void *arg);
	void *on_ready_arg;
};

struct rest_conn {
	struct rest_server *server;
	evhtp_connection_t *peer; /* NULL once libevhtp has freed it */
	LIST_ENTRY(rest_conn) link;
	struct event *wake; /* what was written straight to the socket is out */
	bufferevent_data_cb evhtp_readcb, evhtp_writecb;
	bufferevent_event_cb evhtp_eventcb;
	void *evhtp_arg;
	unsigned depth; /* callbacks of ours on the stack that still need this struct */
	enum rest_state state;
	int64_t since_ms;      /* when this state made progress last; in HEAD: when its first byte came */
	int64_t body_since_ms; /* BODY: when it began, */
	int64_t body_received; /* and how many bytes have come, with the framing of chunks */
	bool head_begun;       /* HEAD: at least one byte is there */
	bool half_closed;      /* the client sends nothing more */
	size_t scanned;        /* HEAD: bytes http_head has looked at */
	int64_t linger_since_ms;
	struct http_chunked chunked;
	struct rest_request *request; /* being received or answered */
};

LIST_HEAD(rest_conn_list, rest_conn);

struct rest_server {
	struct event_base *base;
	struct rest_options options;
	const struct rest_service *service;
	evhtp_t **listeners; /* libevhtp holds one socket per context */
	size_t listener_count;
	bool accept_paused;
	struct rest_conn_list conns;
	struct event *sweep;
	struct rest_conn *dispatching; /* the connection whose request is inside libevhtp's parser just now */
	size_t bodies_bytes;
	bool stopping;
	int64_t stop_at_ms, stop_idle_at_ms;
	void (*on_stopped)(void *arg);
	void *on_stopped_arg;
	struct http_head head; /* scratch: too large for the stack */
};

/* rest_listen.c */
bool rest_listen_open(struct rest_server *server, struct err *err) MUST_CHECK;
void rest_listen_resume(struct rest_server *server); /* after accept ran out of descriptors */
void rest_listen_close(struct rest_server *server);
void rest_listen_free(struct rest_server *server);

/* rest_link.c */
struct bufferevent *rest_link_bev(const struct rest_conn *conn);
void rest_link_wake(struct rest_conn *conn);  /* an empty output would never report that it was written */
void rest_link_close(struct rest_conn *conn); /* conn may be freed */
void rest_link_refuse(struct rest_conn *conn, int status, const char *error); /* and LINGER */

/* rest_conn.c */
evhtp_res rest_conn_accept(evhtp_connection_t *peer, void *server);
void rest_conn_sweep(struct rest_conn *conn, int64_t now_ms);
bool rest_conn_idle(const struct rest_conn *conn);

/* rest_gate.c: takes what is in the input; true if there may be more to do */
bool rest_gate_step(struct rest_conn *conn);

/* rest_request.c */
struct rest_request *rest_request_new(struct rest_conn *conn, const struct http_head *head);
void rest_request_free(struct rest_request *request);                                /* NULL is fine */
void rest_request_route(struct rest_request *request, const struct http_head *head); /* or the early answer */

/* rest_head.c */
struct rest_reply_head {
	int status;
	int64_t length;     /* of the body; -1: not known, chunked or until close */
	const char *type;   /* of the body; NULL: there is none */
	const char *fields; /* more of them, whole lines; NULL: none */
	bool close;
	const char *etag;
	uint32_t allow; /* methods; 0: no such field */
	bool preflight; /* the CORS fields of an OPTIONS reply */
	bool chunked;
};
struct rest_head_text {
	char data[1024];
	size_t len;
};
void rest_head_write(struct rest_head_text *text, const struct rest_reply_head *head, bool old_client);

/* rest_reply.c */
void rest_reply_begin(struct rest_request *request, struct rest_head_text *text, int status, int64_t length,
                      const char *type);
void rest_reply_hand_over(struct evbuffer *out, struct buf *body);
void rest_reply_finish(struct rest_request *request); /* back to its connection until the reply is out, or to nobody */
void rest_reply_early(struct rest_request *request);

/* rest_stream.c */
void rest_reply_ready(struct rest_request *request); /* the client took the piece, or left */
