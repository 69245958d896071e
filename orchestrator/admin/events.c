/* events: who listens, and what they are told.
 *
 *   open -> head, fleet -> backend, scale, engine, heartbeat ... -> the client goes (on_closed) or does not read (cut)
 *
 * Once a second, while anybody listens, the numbers nobody tells us of are compared with what was last said.
 * Invariant: a stream is in the list exactly as long as its request belongs to a connection.
 */
#include "orchestrator/admin/events.h"

#include "common/clock.h"
#include "common/json.h"
#include "common/log.h"
#include "common/mem.h"
#include "orchestrator/admin/view.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <stdlib.h>
#include <time.h>

#define TICK_S 1
#define HEARTBEAT_TICKS 15
#define WRITE_TIMEOUT_S 60
#define UNASKED_INPUT_MAX 4096 /* what a client may send behind its request before we stop reading */
#define EVENT_MAX CALL_REPLY_MAX

struct stream {
	struct events *events;
	struct evhttp_request *request;
	struct stream *next;
};

struct events {
	struct admin *admin;
	struct stream *streams;
	unsigned count;
	struct event *tick;
	unsigned ticks;
	int *wanted; /* as last said, by service */
	bool engine_up;
};

/* --- sending --------------------------------------------------------------------------------------------------- */

static size_t unsent(const struct stream *stream)
{
	struct evhttp_connection *evcon = evhttp_request_get_connection(stream->request);
	return evbuffer_get_length(bufferevent_get_output(evhttp_connection_get_bufferevent(evcon)));
}

static void one_less(struct events *events)
{
	if (--events->count == 0)
		event_del(events->tick);
}

/* The connection goes, with all that is unsent; evhttp frees the request with it. */
static void cut(struct stream *stream)
{
	struct evhttp_connection *evcon = evhttp_request_get_connection(stream->request);
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

static void send_all(struct events *events, const struct buf *text)
{
	struct stream **at = &events->streams, *stream;
	while ((stream = *at) != NULL) {
		if (unsent(stream) <= EVENTS_UNSENT_MAX) {
			send_text(stream, text);
			at = &stream->next;
			continue;
		}
		log_warn("event=stream-dropped error=\"the client does not read\" unsent=%zu", unsent(stream));
		*at = stream->next;
		one_less(events);
		cut(stream);
	}
}

/* --- one event: "event: NAME", "data: JSON", an empty line ------------------------------------------------------ */

static bool event_begin(struct buf *text, struct json_writer *w, const char *name)
{
	buf_init(text, EVENT_MAX);
	json_writer_init(w, text);
	return buf_add_format(text, "event: %s\ndata: ", name);
}

static bool event_end(struct buf *text, const struct json_writer *w)
{
	return json_writer_ok(w) && buf_add_text(text, "\n\n");
}

static int64_t wall_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void tell_engine(struct events *events)
{
	struct buf text;
	struct json_writer w;
	bool ok = event_begin(&text, &w, "engine");
	json_begin_object(&w);
	json_member_number(&w, "time_ms", wall_ms());
	json_member_bool(&w, "up", events->engine_up);
	json_end_object(&w);
	if (ok && event_end(&text, &w))
		send_all(events, &text);
	buf_clear(&text);
}

static void tell_scale(struct events *events, const struct supervisor *supervisor, int from)
{
	struct buf text;
	struct json_writer w;
	bool ok = event_begin(&text, &w, "scale");
	json_begin_object(&w);
	json_member_number(&w, "time_ms", wall_ms());
	json_member_text(&w, "service", supervisor_service(supervisor)->name);
	json_member_number(&w, "from", from);
	json_member_number(&w, "wanted", supervisor_scaler(supervisor)->wanted);
	view_window(&w, supervisor);
	json_end_object(&w);
	if (ok && event_end(&text, &w))
		send_all(events, &text);
	buf_clear(&text);
}

/* The observer's moment is in the middle of a change: only the backend itself is read. */
static void write_backend(struct json_writer *w, struct backend *backend, enum backend_state from, enum reason reason)
{
	json_begin_object(w);
	json_member_number(w, "time_ms", wall_ms());
	json_member_text(w, "service", fleet_service(backend_fleet(backend)));
	json_member_number(w, "slot", backend_slot(backend));
	json_member_text(w, "from", backend_state_text(from));
	json_member_text(w, "state", backend_state_text(backend_state(backend)));
	json_member_text(w, "reason", reason_text(reason));
	json_member_text(w, "incident", incident_text(backend_incident(backend)));
	view_backend(w, backend);
	json_end_object(w);
}

void events_backend(struct events *events, struct backend *backend, enum backend_state from, enum reason reason)
{
	struct buf text;
	struct json_writer w;
	if (events->streams == NULL)
		return;
	bool ok = event_begin(&text, &w, "backend");
	write_backend(&w, backend, from, reason);
	if (ok && event_end(&text, &w))
		send_all(events, &text);
	buf_clear(&text);
}

/* --- each second ----------------------------------------------------------------------------------------------- */

static void remember(struct events *events)
{
	struct control *control = events->admin->settings.control;
	events->wanted = mem_array(events->wanted, control_count(control) + 1, sizeof *events->wanted);
	for (size_t i = 0; i < control_count(control); i++)
		events->wanted[i] = supervisor_scaler(control_at(control, i))->wanted;
	events->engine_up = control_engine_up(control);
}

static void compare(struct events *events)
{
	struct control *control = events->admin->settings.control;
	for (size_t i = 0; i < control_count(control); i++) {
		struct supervisor *supervisor = control_at(control, i);
		int from = events->wanted[i];
		events->wanted[i] = supervisor_scaler(supervisor)->wanted;
		if (from != events->wanted[i])
			tell_scale(events, supervisor, from);
	}
	if (events->engine_up != control_engine_up(control)) {
		events->engine_up = !events->engine_up;
		tell_engine(events);
	}
}

static void heartbeat(struct events *events)
{
	struct buf text;
	buf_init(&text, 16);
	if (buf_add_text(&text, ":\n\n"))
		send_all(events, &text);
	buf_clear(&text);
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	struct events *events = arg;
	compare(events);
	if (++events->ticks % HEARTBEAT_TICKS == 0)
		heartbeat(events);
}

/* --- coming and going ------------------------------------------------------------------------------------------ */

static void unlink_stream(struct stream *stream)
{
	struct stream **at = &stream->events->streams;
	while (*at != stream)
		at = &(*at)->next;
	*at = stream->next;
	one_less(stream->events);
}

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
	struct timeval write_timeout = {WRITE_TIMEOUT_S, 0};
	bufferevent_setwatermark(bev, EV_READ, 0, UNASKED_INPUT_MAX);
	bufferevent_set_timeouts(bev, NULL, &write_timeout);
}

static void link_stream(struct events *events, struct stream *stream)
{
	stream->next = events->streams;
	events->streams = stream;
	if (events->count++ == 0) {
		remember(events);
		event_add(events->tick, &(struct timeval){TICK_S, 0});
	}
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

static void open_stream(struct events *events, struct call *call, const struct buf *first)
{
	struct evhttp_connection *evcon = evhttp_request_get_connection(call->request);
	struct stream *stream = mem_zero(sizeof *stream);
	stream->events = events;
	stream->request = call->request;
	start_reply(call);
	tame(evcon);
	evhttp_connection_set_closecb(evcon, on_closed, stream);
	link_stream(events, stream);
	send_text(stream, first);
}

static bool write_fleet(struct events *events, struct buf *text)
{
	struct json_writer w;
	json_writer_init(&w, text);
	if (!buf_add_text(text, "event: fleet\ndata: "))
		return false;
	view_fleet(&w, events->admin);
	return event_end(text, &w);
}

void events_reload(struct events *events)
{
	struct buf text;
	if (events->streams == NULL)
		return;
	remember(events);
	buf_init(&text, EVENT_MAX);
	if (write_fleet(events, &text))
		send_all(events, &text);
	buf_clear(&text);
}

void events_open(struct events *events, struct call *call)
{
	struct buf first;
	if (events->count >= EVENTS_STREAMS_MAX) {
		call_problem(call, 503, "there are %d event streams already", EVENTS_STREAMS_MAX);
		return;
	}
	buf_init(&first, EVENT_MAX);
	if (call_is_head(call)) {
		call_reply(call, 200, "text/event-stream", &first);
		return;
	}
	bool ok = buf_add_text(&first, "retry: 1000\n");
	if (ok && write_fleet(events, &first))
		open_stream(events, call, &first);
	else
		call_problem(call, 500, "the fleet is too large to be shown");
	buf_clear(&first);
}

struct events *events_new(struct admin *admin)
{
	struct events *events = mem_zero(sizeof *events);
	events->admin = admin;
	events->tick = mem_must(event_new(admin->settings.base, -1, EV_PERSIST, on_tick, events));
	return events;
}

void events_free(struct events *events)
{
	struct stream *next;
	if (events == NULL)
		return;
	for (struct stream *stream = events->streams; stream != NULL; stream = next) {
		next = stream->next;
		cut(stream);
	}
	event_free(events->tick);
	free(events->wanted);
	free(events);
}
