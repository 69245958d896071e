/* http1_framed: frame, then write. */
#include "orchestrator/proxy/http1_framed.h"

#include "common/container_of.h"
#include "orchestrator/proxy/problem.h"

#define PROBLEM_MAX 32768

static struct http1_framed *mine(struct turn *turn)
{
	return container_of(turn, struct http1_framed, turn);
}

enum turn_write http1_framed_interim(struct turn *turn, const struct http_head *head)
{
	struct http1_framed *self = mine(turn);
	const struct buf *kept = &self->frame.kept;

	if (!http1_frame_interim(&self->frame, head))
		return TURN_SENT;
	enum turn_write written = self->write(turn, &(struct iovec){kept->data, kept->len}, 1);
	http1_frame_sent(&self->frame);
	return written;
}

bool http1_framed_head(struct turn *turn, const struct http_head *head)
{
	struct http1_framed *self = mine(turn);

	return http1_frame_head(&self->frame, head, self->request.method, conns_is_draining(self->conns));
}

bool http1_framed_keep(struct turn *turn, struct http_text piece)
{
	return http1_frame_keep(&mine(turn)->frame, piece);
}

/* What is kept, and a piece. */
enum turn_write http1_framed_send(struct turn *turn, struct http_text piece)
{
	struct http1_framed *self = mine(turn);
	struct http1_parts parts;

	http1_frame_parts(&self->frame, piece, &parts);
	if (parts.len == 0)
		return TURN_SENT;
	turn_note_sent(turn, parts.len);
	enum turn_write written = self->write(turn, parts.iov, parts.count);
	http1_frame_sent(&self->frame);
	return written;
}

enum turn_write http1_framed_flush(struct turn *turn)
{
	return http1_framed_send(turn, (struct http_text){NULL, 0});
}

void http1_framed_take_back(struct turn *turn)
{
	buf_reset(&mine(turn)->frame.kept);
}

bool http1_framed_complete(struct turn *turn, struct http_text trailers)
{
	return http1_frame_complete(&mine(turn)->frame, trailers);
}

void http1_framed_answer(struct turn *turn, struct problem *problem)
{
	struct http1_framed *self = mine(turn);
	struct buf out;

	buf_init(&out, PROBLEM_MAX);
	if (http1_frame_problem(&self->frame, &self->request, conns_is_draining(self->conns), problem, &out)) {
		turn_note_sent(turn, out.len);
		self->write(turn, &(struct iovec){out.data, out.len}, 1);
	}
	buf_clear(&out);
	turn_end(turn);
}

void http1_refusal_make(struct http1_refusal *refusal, const struct http1_framed *framed, const struct peer *peer,
                        int status, const char *detail, const struct http1_line *line)
{
	struct problem problem = {.status = status, .detail = detail, .request_id = refusal->id, .close = true};

	if (framed != NULL) {
		problem.request_id = framed->request.id;
		problem.hsts_s = framed->frame.hsts_s;
	} else {
		forward_new_id(peer->ids, refusal->id); /* nobody could read whether it has one */
	}
	refusal->line = line != NULL ? *line : http1_line_of_request(&framed->request);
	problem.head_only = refusal->line.head_only;
	buf_init(&refusal->out, PROBLEM_MAX);
	if (!problem_write(&refusal->out, &problem))
		buf_reset(&refusal->out);
	refusal->told = (struct conns_refused){.peer = peer,
	                                       .client = framed != NULL ? framed->request.client : peer->address,
	                                       .request_id = problem.request_id,
	                                       .method = refusal->line.method,
	                                       .target = refusal->line.target,
	                                       .status = status};
}
