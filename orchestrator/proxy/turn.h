/* turn: one request of a client's, and where its reply goes.
 *
 * Whoever answers the request (an exchange, a tunnel) gives the reply as structure: a head, pieces of body, an end. The
 * turn's kind, which is that of its connection, makes bytes of them: it alone knows how long bodies are framed, which fields
 * belong to a connection and what a client of its protocol may be told.
 *
 * The order of calls: interim* head (keep | send | flush)* complete flush end, where nothing of a reply is sent before the
 * first send or flush. Instead of all that: answer. At any time: abort. Behind end, answer or abort the turn is gone.
 *
 * Ownership: the turn belongs to its connection. It lives until end, answer or abort, or until on_gone.
 * Callbacks never run from within a call of the one who answers, but for tunnel's.
 */
#pragma once

#include "common/http_head.h"
#include "orchestrator/proxy/request.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct problem;
struct turn;

/* Whoever answers. */
struct turn_user {
	void (*on_drained)(void *arg);                             /* after TURN_SLOW: all was written */
	void (*on_gone)(void *arg);                                /* the client has left: use the turn no more */
	void (*on_bytes)(const char *data, size_t len, void *arg); /* tunnel: what the client sent */
	void (*on_ended)(void *arg);                               /* tunnel: it sends nothing more */
};

enum turn_write {
	TURN_SENT,
	TURN_SLOW, /* kept: the client takes no more for now. Stop until on_drained */
	TURN_GONE, /* on_gone follows in a later turn of the loop */
};

struct turn_kind {
	/* A 1xx reply that is not the last: sent at once, or left out where the client would not understand it. */
	enum turn_write (*interim)(struct turn *turn, const struct http_head *head);
	/* The reply's head; kept. False: it is too long to be sent, and nothing of it is kept. */
	bool (*head)(struct turn *turn, const struct http_head *head);
	/* A piece of the body, or of what a tunnel carries: kept; false: there is no room. Or sent, behind what is kept. */
	bool (*keep)(struct turn *turn, struct http_text piece);
	enum turn_write (*send)(struct turn *turn, struct http_text piece);
	/* Sends what is kept. */
	enum turn_write (*flush)(struct turn *turn);
	/* Forgets what is kept, head and all. Nothing may have been sent. */
	void (*take_back)(struct turn *turn);
	/* The body is whole: what must stand behind it is kept, with the trailers that may be sent on ("Name: value\r\n" each).
	 * False: there is no room. */
	bool (*complete)(struct turn *turn, struct http_text trailers);
	/* The reply is over. */
	void (*end)(struct turn *turn);
	/* A reply of our own, instead of anybody's; what the client's protocol asks for is filled in. */
	void (*answer)(struct turn *turn, struct problem *problem);
	/* The reply cannot be completed: its client must not take the part for the whole. */
	void (*abort)(struct turn *turn);
	/* After a 101 was sent: bytes go to on_bytes as they come, and their end to on_ended. What came behind the request is
	 * given at once. */
	void (*tunnel)(struct turn *turn);
	/* Tunnel: nothing more is sent. The client hears it behind what was, and may go on sending. */
	void (*end_writing)(struct turn *turn);
	/* Tunnel: no on_bytes until resume. */
	void (*pause)(struct turn *turn);
	void (*resume)(struct turn *turn);
};

/* Embedded in the kind's own; written by turn.h alone. */
struct turn {
	const struct turn_kind *kind;
	const struct turn_user *user; /* NULL: nobody answers (any more) */
	void *arg;
	struct request *request;
	const struct peer *peer; /* lives as long as the turn */
	int64_t idle_ms;         /* how long the client may leave bytes of the reply unread */
	int64_t sent;            /* bytes of the reply, its head and framing included */
	bool begun;              /* a byte of it was sent */
};

/* --- for the one who answers ----------------------------------------------------------------------------------- */

/* user: static. idle_ms: how long the client may leave bytes of the reply unread. */
static inline void turn_set_user(struct turn *turn, const struct turn_user *user, void *arg, int64_t idle_ms)
{
	turn->user = user;
	turn->arg = arg;
	turn->idle_ms = idle_ms;
}

static inline enum turn_write turn_interim(struct turn *turn, const struct http_head *head)
{
	return turn->kind->interim(turn, head);
}

static inline bool turn_head(struct turn *turn, const struct http_head *head)
{
	return turn->kind->head(turn, head);
}

static inline bool turn_keep(struct turn *turn, const char *data, size_t len)
{
	return turn->kind->keep(turn, (struct http_text){data, (uint32_t)len});
}

static inline enum turn_write turn_send(struct turn *turn, const char *data, size_t len)
{
	return turn->kind->send(turn, (struct http_text){data, (uint32_t)len});
}

static inline enum turn_write turn_flush(struct turn *turn)
{
	return turn->kind->flush(turn);
}

static inline void turn_take_back(struct turn *turn)
{
	turn->kind->take_back(turn);
}

static inline bool turn_complete(struct turn *turn, struct http_text trailers)
{
	return turn->kind->complete(turn, trailers);
}

static inline void turn_end(struct turn *turn)
{
	turn->kind->end(turn);
}

static inline void turn_answer(struct turn *turn, struct problem *problem)
{
	turn->kind->answer(turn, problem);
}

static inline void turn_abort(struct turn *turn)
{
	turn->kind->abort(turn);
}

static inline void turn_tunnel(struct turn *turn)
{
	turn->kind->tunnel(turn);
}

static inline void turn_end_writing(struct turn *turn)
{
	turn->kind->end_writing(turn);
}

static inline void turn_pause(struct turn *turn)
{
	turn->kind->pause(turn);
}

static inline void turn_resume(struct turn *turn)
{
	turn->kind->resume(turn);
}

/* --- for kinds ------------------------------------------------------------------------------------------------- */

static inline void turn_init(struct turn *turn, const struct turn_kind *kind, struct request *request,
                             const struct peer *peer)
{
	*turn = (struct turn){.kind = kind, .request = request, .peer = peer};
}

static inline void turn_note_sent(struct turn *turn, size_t len)
{
	turn->begun = true;
	turn->sent += (int64_t)len;
}

/* From now on nobody hears of the turn. */
static inline void turn_drop_user(struct turn *turn)
{
	turn->user = NULL;
}

static inline void turn_tell_drained(struct turn *turn)
{
	if (turn->user != NULL && turn->user->on_drained != NULL)
		turn->user->on_drained(turn->arg);
}

/* The last that its user hears. */
static inline void turn_tell_gone(struct turn *turn)
{
	const struct turn_user *user = turn->user;

	turn->user = NULL;
	if (user != NULL)
		user->on_gone(turn->arg);
}

static inline void turn_tell_bytes(struct turn *turn, const char *data, size_t len)
{
	if (turn->user != NULL && turn->user->on_bytes != NULL)
		turn->user->on_bytes(data, len, turn->arg);
}

static inline void turn_tell_ended(struct turn *turn)
{
	if (turn->user != NULL && turn->user->on_ended != NULL)
		turn->user->on_ended(turn->arg);
}
