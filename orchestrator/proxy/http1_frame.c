/* http1_frame: a small body is copied behind its head, a larger one goes beside it. */
#include "orchestrator/proxy/http1_frame.h"

#include "orchestrator/proxy/problem.h"
#include "orchestrator/proxy/request.h"

#include <stdio.h>

#define KEPT_MAX (4 * 65536) /* a head, a small body, and what one read can bring */
#define COPY_MAX 4096        /* a body up to here is cheaper copied behind its head than sent beside it */
#define SPARE_MAX 8192

void http1_frame_init(struct http1_frame *frame)
{
	*frame = (struct http1_frame){.framing = FORWARD_NO_BODY};
	buf_init(&frame->kept, KEPT_MAX);
}

void http1_frame_reset(struct http1_frame *frame, int64_t hsts_s)
{
	frame->hsts_s = hsts_s;
	frame->http_1_0 = frame->last = frame->close = false;
	frame->framing = FORWARD_NO_BODY;
	buf_reset(&frame->kept);
}

void http1_frame_clear(struct http1_frame *frame)
{
	buf_clear(&frame->kept);
}

bool http1_frame_is_spare(const struct http1_frame *frame)
{
	return frame->kept.cap <= SPARE_MAX;
}

/* 100 was answered by us; HTTP/1.0 has none of them. */
bool http1_frame_interim(struct http1_frame *frame, const struct http_head *head)
{
	if (head->status != 100 && !frame->http_1_0 && forward_reply(&frame->kept, head, FORWARD_NO_BODY, false, false))
		return true;
	buf_reset(&frame->kept);
	return false;
}

static enum forward_framing framing_for(const struct http1_frame *frame, const struct http_head *head,
                                        enum http_method method)
{
	if (!http_response_has_body(head, method))
		return head->status == 204 || head->status == 101 ? FORWARD_NO_BODY : FORWARD_AS_IS;
	if (head->content_length >= 0)
		return FORWARD_LENGTH;
	return frame->http_1_0 ? FORWARD_UNTIL_CLOSE : FORWARD_CHUNKED;
}

/* RFC 6797 section 8.1: browsers go by the first one alone, and the container may have its own mind. */
static bool has_hsts(const struct http_head *head)
{
	for (unsigned i = 0; i < head->count; i++)
		if (head->fields[i].id == HTTP_OTHER && http_text_is(head->fields[i].name, "strict-transport-security"))
			return true;
	return false;
}

/* Before the empty line, with which what is kept ends. */
static bool put_hsts(struct http1_frame *frame, const struct http_head *head)
{
	if (head->status < 200 || has_hsts(head))
		return true;
	frame->kept.len -= 2;
	return buf_add_format(&frame->kept, "Strict-Transport-Security: max-age=%lld\r\n\r\n",
	                      (long long)frame->hsts_s);
}

bool http1_frame_head(struct http1_frame *frame, const struct http_head *head, enum http_method method, bool draining)
{
	frame->framing = framing_for(frame, head, method);
	frame->close = frame->last || frame->framing == FORWARD_UNTIL_CLOSE || draining;
	if (forward_reply(&frame->kept, head, frame->framing, frame->close, frame->http_1_0) &&
	    (frame->hsts_s == 0 || put_hsts(frame, head)))
		return true;
	buf_reset(&frame->kept);
	return false;
}

static size_t write_size(char line[HTTP1_LINE], size_t len)
{
	return (size_t)snprintf(line, HTTP1_LINE, "%zx\r\n", len);
}

static const char line_end[] = "\r\n";

bool http1_frame_keep(struct http1_frame *frame, struct http_text piece)
{
	struct buf *kept = &frame->kept;
	char line[HTTP1_LINE];

	if (frame->framing != FORWARD_CHUNKED)
		return buf_add(kept, piece.data, piece.len);
	return buf_add(kept, line, write_size(line, piece.len)) && buf_add(kept, piece.data, piece.len) &&
	       buf_add(kept, line_end, 2);
}

bool http1_frame_complete(struct http1_frame *frame, struct http_text trailers)
{
	return frame->framing != FORWARD_CHUNKED || forward_last_chunk(&frame->kept, trailers);
}

static void add_part(struct http1_parts *parts, const char *data, size_t len)
{
	parts->iov[parts->count++] = (struct iovec){(char *)(uintptr_t)data, len};
	parts->len += len;
}

void http1_frame_parts(struct http1_frame *frame, struct http_text piece, struct http1_parts *parts)
{
	struct buf *kept = &frame->kept;
	bool chunk = frame->framing == FORWARD_CHUNKED && piece.len > 0;
	bool copied = !chunk && kept->len > 0 && piece.len > 0 && piece.len <= COPY_MAX &&
	              buf_add(kept, piece.data, piece.len);

	parts->count = 0;
	parts->len = 0;
	if (kept->len > 0)
		add_part(parts, kept->data, kept->len);
	if (chunk)
		add_part(parts, parts->line, write_size(parts->line, piece.len));
	if (piece.len > 0 && !copied)
		add_part(parts, piece.data, piece.len);
	if (chunk)
		add_part(parts, line_end, 2);
}

void http1_frame_sent(struct http1_frame *frame)
{
	buf_reset(&frame->kept);
}

bool http1_frame_problem(struct http1_frame *frame, const struct request *request, bool draining,
                         struct problem *problem, struct buf *out)
{
	frame->close = problem->close = problem->close || frame->last || draining;
	problem->request_id = request->id;
	problem->keep_alive_said = frame->http_1_0;
	problem->hsts_s = frame->hsts_s;
	problem->head_only = request->method == HTTP_HEAD_METHOD;
	return problem_write(out, problem);
}
