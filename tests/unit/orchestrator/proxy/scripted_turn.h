/* scripted_turn: a turn of no protocol: it writes down what it is given, and is as slow as the test wants. */
#pragma once

#include "orchestrator/proxy/forward.h"
#include "orchestrator/proxy/problem.h"
#include "orchestrator/proxy/turn.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

struct scripted {
	struct turn turn;
	struct request request;
	struct peer peer;
	struct forward_ids ids;
	int status; /* of the reply's head, as long as it was not taken back */
	int interims;
	char kept[131072]; /* not sent yet */
	size_t kept_len;
	char sent[131072];
	size_t sent_len;
	int slow; /* so many sends from now on say TURN_SLOW */
	bool complete, ended, aborted;
	int answered;     /* status of a reply of our own; 0: none */
	char detail[512]; /* its detail */
	char location[512];
	int retry_after_s;
};

static inline struct scripted *scripted_of(struct turn *turn)
{
	return (struct scripted *)turn;
}

static inline bool scripted_is_over(const struct scripted *self)
{
	return self->ended || self->aborted || self->answered != 0;
}

static inline enum turn_write scripted_interim(struct turn *turn, const struct http_head *head)
{
	(void)head;
	scripted_of(turn)->interims++;
	return TURN_SENT;
}

static inline bool scripted_head(struct turn *turn, const struct http_head *head)
{
	ck_assert(!scripted_is_over(scripted_of(turn)) && !turn->begun);
	scripted_of(turn)->status = head->status;
	return true;
}

static inline bool scripted_keep(struct turn *turn, struct http_text piece)
{
	struct scripted *self = scripted_of(turn);

	ck_assert(!scripted_is_over(self));
	if (self->kept_len + piece.len > sizeof(self->kept))
		return false;
	memcpy(self->kept + self->kept_len, piece.data, piece.len);
	self->kept_len += piece.len;
	return true;
}

static inline enum turn_write scripted_flush(struct turn *turn)
{
	struct scripted *self = scripted_of(turn);

	ck_assert(!scripted_is_over(self) && self->status != 0);
	ck_assert_uint_le(self->sent_len + self->kept_len, sizeof(self->sent));
	memcpy(self->sent + self->sent_len, self->kept, self->kept_len);
	self->sent_len += self->kept_len;
	turn_note_sent(turn, self->kept_len);
	self->kept_len = 0;
	return self->slow > 0 && self->slow-- > 0 ? TURN_SLOW : TURN_SENT;
}

static inline enum turn_write scripted_send(struct turn *turn, struct http_text piece)
{
	ck_assert(scripted_keep(turn, piece));
	return scripted_flush(turn);
}

static inline void scripted_take_back(struct turn *turn)
{
	ck_assert(!turn->begun);
	scripted_of(turn)->kept_len = 0;
	scripted_of(turn)->status = 0;
}

static inline bool scripted_complete(struct turn *turn, struct http_text trailers)
{
	(void)trailers;
	scripted_of(turn)->complete = true;
	return true;
}

static inline void scripted_end(struct turn *turn)
{
	ck_assert(!scripted_is_over(scripted_of(turn)));
	ck_assert_uint_eq(scripted_of(turn)->kept_len, 0);
	turn_drop_user(turn);
	scripted_of(turn)->ended = true;
}

static inline void scripted_answer(struct turn *turn, struct problem *problem)
{
	struct scripted *self = scripted_of(turn);

	ck_assert(!scripted_is_over(self) && !turn->begun);
	turn_drop_user(turn);
	self->answered = problem->status;
	self->retry_after_s = problem->retry_after_s;
	snprintf(self->detail, sizeof(self->detail), "%s", problem->detail != NULL ? problem->detail : "");
	snprintf(self->location, sizeof(self->location), "%s", problem->location != NULL ? problem->location : "");
}

static inline void scripted_abort(struct turn *turn)
{
	ck_assert(!scripted_is_over(scripted_of(turn)));
	turn_drop_user(turn);
	scripted_of(turn)->aborted = true;
}

static inline void scripted_nothing(struct turn *turn)
{
	(void)turn;
}

static const struct turn_kind scripted_kind = {
        .interim = scripted_interim,
        .head = scripted_head,
        .keep = scripted_keep,
        .send = scripted_send,
        .flush = scripted_flush,
        .take_back = scripted_take_back,
        .complete = scripted_complete,
        .end = scripted_end,
        .answer = scripted_answer,
        .abort = scripted_abort,
        .tunnel = scripted_nothing,
        .end_writing = scripted_nothing,
        .pause = scripted_nothing,
        .resume = scripted_nothing,
};

/* The request is this head, and this body ("" for none). */
static inline void scripted_begin(struct scripted *self, const char *head_text, const char *body)
{
	static struct http_head head;
	struct http_limits limits = {.head_bytes = 16384, .target_bytes = 8192};
	enum http_fault fault;
	size_t scanned = 0;

	memset(self, 0, sizeof(*self));
	snprintf(self->peer.address, sizeof(self->peer.address), "192.0.2.1");
	self->peer.ids = &self->ids;
	request_init(&self->request, 65536, 65536);
	ck_assert_int_eq(http_head_parse_request(head_text, strlen(head_text), &limits, &scanned, &head, &fault),
	                 HTTP_PARSE_DONE);
	struct gate_verdict verdict = request_take_head(&self->request, &head, &self->peer, 65536);
	ck_assert_int_eq(verdict.status, 0);
	ck_assert(buf_add(&self->request.body, body, strlen(body)));
	ck_assert(body[0] == '\0' ? request_end_head(&self->request, &head) : request_end_body(&self->request));
	turn_init(&self->turn, &scripted_kind, &self->request, &self->peer);
}

static inline void scripted_clear(struct scripted *self)
{
	request_clear(&self->request);
}
