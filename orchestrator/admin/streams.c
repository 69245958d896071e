/* streams: evhttp's replies without end.
 *
 *   open -> head, first text -> texts ... -> the client goes (on_closed) or does not read (cut)
 *
 * Invariant: a stream is in the list exactly as long as its request belongs to a connection.
 */
#include "orchestrator/admin/streams.h"

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <stdlib.h>
#include <sys/queue.h>

#define WRITE_TIMEOUT_S 60
#define UNASKED_INPUT_MAX 4096 /* what a client may send behind its request before we stop reading */

struct stream {
	struct streams *streams;
	struct evhttp_request *request;
	LIST_ENTRY(stream) link;
};

struct streams {
	LIST_HEAD(, stream) list;
	unsigned count;
};

unsigned streams_count(const struct streams *streams)
{
	return streams->count;
}

/* --- sending --------------------------------------------------------------------------------------------------- */

static size_t unsent(const struct stream *stream)
{
	struct evhttp_connection *evcon = evhttp_request_get_connection(stream->request);

	return evbuffer_get_length(bufferevent_get_output(evhttp_connection_get_bufferevent(evcon)));
}

static void unlink_stream(struct stream *stream)
{
	LIST_REMOVE(stream, link);
	stream->streams->count--;
}

/* The connection goes, with all that is unsent; evhttp frees the request with it. */
static void cut(struct stream *stream)
{
	struct evhttp_connection *evcon = evhttp_request_get_connection(stream->request);

	unlink_stream(stream);
	evhttp_connection_set_closecb(evcon, NULL, NULL);
	evhttp_connection_free(evcon);
	free(stream);
}

static void send_text(struct stream *stream, const struct buf *text)
{
	struct evbuffer *chunk = evbuffer_new();

	if (chunk == NULL || evbuffer_add(chunk, text->data, text->len) == -1)
		mem_must(NULL);
	evhttp_send_reply_chunk(stream->request, chunk);
	evbuffer_free(chunk);
}

void streams_send(struct streams *streams, const struct buf *text, enum streams_kind kind)
{
	struct stream *next;

	for (struct stream *stream = LIST_FIRST(&streams->list); stream != NULL; stream = next) {
		size_t owed = unsent(stream);
		next = LIST_NEXT(stream, link);
		if (owed > STREAMS_UNSENT_MAX) {
			log_warn("event=stream-dropped error=\"the client does not read\" unsent=%zu", owed);
			cut(stream);
		} else if (kind == STREAMS_MUST || owed <= STREAMS_BEHIND) {
			send_text(stream, text);
		}
	}
}

/* --- coming and going ------------------------------------------------------------------------------------------ */

/* evhttp has taken the request off the connection that goes; the end of the reply frees it. */
static void on_closed(struct evhttp_connection *evcon, void *arg)
{
	(void)evcon;
	struct stream *stream = arg;
	unlink_stream(stream);
	evhttp_send_reply_end(stream->request);
	free(stream);
}

/* evhttp reads on while a reply is written, without end, and its timeout is for clients that owe us something. */
static void tame(struct evhttp_connection *evcon)
{
	struct bufferevent *bev = evhttp_connection_get_bufferevent(evcon);
	struct timeval write_timeout = clock_timeval(WRITE_TIMEOUT_S * INT64_C(1000000));

	bufferevent_setwatermark(bev, EV_READ, 0, UNASKED_INPUT_MAX);
	bufferevent_set_timeouts(bev, NULL, &write_timeout);
}

static void start_reply(struct call *call)
{
	/* HTTP/1.0 with keep-alive would get a Content-Length of 0 from evhttp; so it gets the end of the connection */
	evhttp_remove_header(evhttp_request_get_input_headers(call->request), "Connection");
	call_add_header(call, "Content-Type", "text/event-stream");
	call_add_header(call, "Cache-Control", "no-store");
	call_add_header(call, "X-Content-Type-Options", "nosniff");
	evhttp_send_reply_start(call->request, 200, "OK");
}

void streams_open(struct streams *streams, struct call *call, const struct buf *first)
{
	struct evhttp_connection *evcon = evhttp_request_get_connection(call->request);
	struct stream *stream = mem_zero(sizeof(*stream));

	stream->streams = streams;
	stream->request = call->request;
	start_reply(call);
	tame(evcon);
	evhttp_connection_set_closecb(evcon, on_closed, stream);
	LIST_INSERT_HEAD(&streams->list, stream, link);
	streams->count++;
	send_text(stream, first);
}

struct streams *streams_new(void)
{
	return mem_zero(sizeof(struct streams));
}

void streams_free(struct streams *streams)
{
	struct stream *stream, *next;

	if (streams == NULL)
		return;
	for (stream = LIST_FIRST(&streams->list); stream != NULL; stream = next) {
		next = LIST_NEXT(stream, link);
		cut(stream);
	}
	free(streams);
}
