/* events: what is compared, when, and how it is told.
 *
 *   a stream opens -> fleet, story, curves (all) -> each look: service, scale, engine, story (what is new)
 *                  -> each second: numbers -> each step: curves (that step)
 *
 * Looks come four times a second while anybody listens, and LOOK_SOON after a backend has changed. A look compares what
 * there is with what was last said: that way nothing is missed that nobody tells us of. Without streams nothing is done
 * but keeping the journal. Invariant: what is remembered as said was said to every stream there is.
 */
#include "orchestrator/admin/events.h"

#include "common/clock.h"
#include "common/json.h"
#include "common/log.h"
#include "common/mem.h"
#include "orchestrator/admin/curves.h"
#include "orchestrator/admin/digest.h"
#include "orchestrator/admin/journal.h"
#include "orchestrator/admin/streams.h"
#include "orchestrator/admin/view.h"
#include "orchestrator/base/timer.h"

#include <stdlib.h>

#define LOOK_US 250000
#define LOOK_SOON_US 50000
#define SECOND_US 1000000
#define EVENT_MAX CALL_REPLY_MAX

/* What was last said of a service. */
struct said {
	int wanted;
	uint64_t digest;
};

struct events {
	struct desk *desk;
	struct streams *streams;
	struct journal *journal;
	struct timer *look;
	int64_t look_at_us;
	struct said *said; /* by service */
	uint64_t engine;   /* what was last said of it */
	uint64_t story;    /* the last line of the journal */
	uint64_t lately;   /* changes of it */
	int64_t numbers_us;
};

/* --- one event: "event: NAME", "data: JSON", an empty line ----------------------------------------------------- */

struct message {
	struct buf text;
	struct json_writer w;
	bool ok;
};

static struct json_writer *message_begin(struct message *message, const char *name)
{
	buf_init(&message->text, EVENT_MAX);
	json_writer_init(&message->w, &message->text);
	message->ok = buf_add_format(&message->text, "event: %s\ndata: ", name);
	json_begin_object(&message->w);
	json_member_number(&message->w, "time_ms", clock_wall_ms());
	return &message->w;
}

static void message_send(struct message *message, struct events *events, enum streams_kind kind)
{
	json_end_object(&message->w);
	if (message->ok && json_writer_ok(&message->w) && buf_add_text(&message->text, "\n\n"))
		streams_send(events->streams, &message->text, kind);
	buf_clear(&message->text);
}

/* --- what is told ---------------------------------------------------------------------------------------------- */

static void tell_engine(struct events *events)
{
	struct message message;
	struct json_writer *w = message_begin(&message, "engine");

	json_member_bool(w, "up", supervisors_engine_up(events->desk->settings.supervisors));
	json_key(w, "engine");
	view_engine(w, events->desk->settings.supervisors);
	message_send(&message, events, STREAMS_MUST);
}

static void tell_scale(struct events *events, const struct supervisor *supervisor, int from)
{
	struct message message;
	struct json_writer *w = message_begin(&message, "scale");

	json_member_text(w, "service", supervisor_service(supervisor)->name);
	json_member_number(w, "from", from);
	json_member_number(w, "wanted", supervisor_scaler(supervisor)->wanted);
	view_window(w, supervisor);
	message_send(&message, events, STREAMS_MUST);
}

static void tell_service(struct events *events, size_t index)
{
	struct message message;
	struct json_writer *w = message_begin(&message, "service");

	json_key(w, "service");
	view_service(w, events->desk, index);
	message_send(&message, events, STREAMS_MUST);
}

static void tell_numbers(struct events *events)
{
	struct message message;

	view_numbers(message_begin(&message, "numbers"), events->desk);
	message_send(&message, events, STREAMS_MAY_SKIP);
}

static void write_curves(struct json_writer *w, const struct events *events, bool whole)
{
	const struct curves *curves = events->desk->curves;

	json_member_bool(w, "whole", whole);
	curves_write(w, curves, whole ? 0 : curves_ended(curves) - 1, clock_us());
}

void events_curves(struct events *events)
{
	struct message message;

	if (streams_count(events->streams) == 0)
		return;
	write_curves(message_begin(&message, "curves"), events, false);
	message_send(&message, events, STREAMS_MAY_SKIP);
}

static void write_story(struct json_writer *w, const struct events *events, bool whole)
{
	json_member_bool(w, "whole", whole);
	json_member_text(w, "run", journal_run(events->journal));
	json_key(w, "lines");
	journal_write(w, events->journal, whole ? 0 : events->story);
}

static void tell_story(struct events *events)
{
	struct message message;

	if (events->story == journal_last(events->journal))
		return;
	write_story(message_begin(&message, "story"), events, false);
	events->story = journal_last(events->journal);
	message_send(&message, events, STREAMS_MUST);
}

static uint64_t lately_now(const struct events *events)
{
	return lately_changes(events->desk->settings.lately);
}

static void tell_lately(struct events *events)
{
	struct message message;
	struct json_writer *w;

	if (events->lately == lately_now(events))
		return;
	events->lately = lately_now(events);
	w = message_begin(&message, "lately");
	json_key(w, "lately");
	lately_write(w, events->desk->settings.lately);
	message_send(&message, events, STREAMS_MUST);
}

/* The observer's moment is in the middle of a change: only the backend itself is read. */
static void tell_backend(struct events *events, struct backend *backend, enum backend_state from, enum reason reason)
{
	struct message message;
	struct json_writer *w = message_begin(&message, "backend");

	json_member_text(w, "service", fleet_service(backend_fleet(backend)));
	json_member_number(w, "slot", backend_slot(backend));
	json_member_text(w, "from", backend_state_text(from));
	json_member_text(w, "state", backend_state_text(backend_state(backend)));
	json_member_text(w, "reason", reason_text(reason));
	json_member_text(w, "incident", incident_text(backend_incident(backend)));
	view_backend(w, supervisors_nodes(events->desk->settings.supervisors), backend);
	message_send(&message, events, STREAMS_MUST);
}

/* --- looking --------------------------------------------------------------------------------------------------- */

static struct said said_of(struct supervisor *supervisor)
{
	return (struct said){.wanted = supervisor_scaler(supervisor)->wanted, .digest = digest_service(supervisor)};
}

static void remember(struct events *events)
{
	struct supervisors *supervisors = events->desk->settings.supervisors;

	events->said = mem_array(events->said, supervisors_count(supervisors) + 1, sizeof(*events->said));
	for (size_t i = 0; i < supervisors_count(supervisors); i++)
		events->said[i] = said_of(supervisors_at(supervisors, i));
	events->engine = digest_engine(supervisors);
	events->story = journal_last(events->journal);
	events->lately = lately_now(events);
}

static void compare_service(struct events *events, size_t index)
{
	struct supervisor *supervisor = supervisors_at(events->desk->settings.supervisors, index);
	struct said before = events->said[index], now = said_of(supervisor);

	events->said[index] = now;
	if (before.wanted != now.wanted)
		tell_scale(events, supervisor, before.wanted);
	if (before.digest != now.digest)
		tell_service(events, index);
}

static void compare_engine(struct events *events)
{
	uint64_t engine = digest_engine(events->desk->settings.supervisors);

	if (engine == events->engine)
		return;
	events->engine = engine;
	tell_engine(events);
}

static void compare(struct events *events)
{
	struct supervisors *supervisors = events->desk->settings.supervisors;

	for (size_t i = 0; i < supervisors_count(supervisors); i++)
		compare_service(events, i);
	compare_engine(events);
	tell_lately(events);
	tell_story(events);
}

static void look_after(struct events *events, int64_t us)
{
	events->look_at_us = clock_us() + us;
	timer_set(events->look, us);
}

static void on_look(void *arg)
{
	struct events *events = arg;

	if (streams_count(events->streams) == 0)
		return;
	compare(events);
	if (clock_us() - events->numbers_us >= SECOND_US - LOOK_SOON_US) {
		events->numbers_us = clock_us();
		tell_numbers(events);
	}
	look_after(events, LOOK_US);
}

/* --- news ------------------------------------------------------------------------------------------------------ */

/* The look is brought forward once, not pushed back by each further change. */
static void look_soon(struct events *events)
{
	if (events->look_at_us - clock_us() > LOOK_SOON_US)
		look_after(events, LOOK_SOON_US);
}

void events_backend(struct events *events, struct backend *backend, enum backend_state from, enum reason reason)
{
	if (streams_count(events->streams) == 0)
		return;
	tell_backend(events, backend, from, reason);
	look_soon(events);
}

static void on_line(enum log_level level, const char *text, size_t len, void *arg)
{
	struct events *events = arg;

	journal_add(events->journal, level, text, len, clock_wall_ms());
}

/* --- coming and going ------------------------------------------------------------------------------------------ */

/* Event `fleet`: the object of /api/fleet as it is. */
static bool write_fleet(struct events *events, struct buf *text)
{
	struct json_writer w;

	json_writer_init(&w, text);
	if (!buf_add_text(text, "event: fleet\ndata: "))
		return false;
	view_fleet(&w, events->desk);
	return json_writer_ok(&w) && buf_add_text(text, "\n\n");
}

/* One more event of a stream's first words. */
static bool write_whole(struct events *events, struct buf *text, const char *name,
                        void (*write)(struct json_writer *w, const struct events *events, bool whole))
{
	struct json_writer w;

	json_writer_init(&w, text);
	if (!buf_add_format(text, "event: %s\ndata: ", name))
		return false;
	json_begin_object(&w);
	json_member_number(&w, "time_ms", clock_wall_ms());
	write(&w, events, true);
	json_end_object(&w);
	return json_writer_ok(&w) && buf_add_text(text, "\n\n");
}

static bool write_first(struct events *events, struct buf *text)
{
	return buf_add_text(text, "retry: 1000\n") && write_fleet(events, text) &&
	       write_whole(events, text, "story", write_story) && write_whole(events, text, "curves", write_curves);
}

void events_reload(struct events *events)
{
	struct buf text;

	if (streams_count(events->streams) == 0)
		return;
	tell_story(events);
	remember(events);
	buf_init(&text, EVENT_MAX);
	if (write_fleet(events, &text))
		streams_send(events->streams, &text, STREAMS_MUST);
	buf_clear(&text);
}

/* A new stream begins with the whole fleet as it is now: what has changed since the last look is told to the other streams
 * first. */
static void bring_up_to_date(struct events *events)
{
	if (streams_count(events->streams) > 0) {
		compare(events);
		return;
	}
	remember(events);
	look_after(events, LOOK_US);
}

void events_cut(struct events *events)
{
	streams_free(events->streams);
	events->streams = streams_new();
}

void events_open(struct events *events, struct call *call)
{
	struct buf first;

	if (streams_count(events->streams) >= STREAMS_MAX) {
		call_problem(call, 503, "there are %d event streams already", STREAMS_MAX);
		return;
	}
	buf_init(&first, EVENT_MAX);
	if (call_is_head(call)) {
		call_reply(call, 200, "text/event-stream", &first);
		return;
	}
	bring_up_to_date(events);
	if (write_first(events, &first))
		streams_open(events->streams, call, &first);
	else
		call_problem(call, 500, "the fleet is too large to be shown");
	buf_clear(&first);
}

struct events *events_new(struct desk *desk)
{
	struct events *events = mem_zero(sizeof(*events));

	events->desk = desk;
	events->streams = streams_new();
	events->journal = journal_new();
	events->look = timer_new_of_clients(desk->settings.base, on_look, events);
	log_listen(on_line, events);
	return events;
}

void events_free(struct events *events)
{
	if (events == NULL)
		return;
	log_listen(NULL, NULL);
	streams_free(events->streams);
	timer_free(events->look);
	journal_free(events->journal);
	free(events->said);
	free(events);
}
