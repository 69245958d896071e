/* problem: a JSON object of four members, and the head around it. */
#include "orchestrator/proxy/problem.h"

#include "common/http_date.h"
#include "common/http_head.h"
#include "common/json.h"

#define RETRY_AFTER_S 1      /* a replacement is there by then */
#define BODY_BYTES_MAX 16384 /* a detail of 1 KiB, however it is escaped */

static bool write_body(struct buf *body, const struct problem *problem)
{
	struct json_writer w;

	json_writer_init(&w, body);
	json_begin_object(&w);
	json_member_text(&w, "title", http_status_text(problem->status));
	json_member_number(&w, "status", problem->status);
	json_member_text(&w, "detail", problem->detail);
	if (problem->request_id != NULL)
		json_member_text(&w, "instance", problem->request_id);
	json_end_object(&w);
	return json_writer_ok(&w) && buf_add_text(body, "\n");
}

static bool write_head(struct buf *out, const struct problem *problem, size_t body_len)
{
	return buf_add_format(out, "HTTP/1.1 %d %s\r\n%s", problem->status, http_status_text(problem->status),
	                      http_date_line()) &&
	       (body_len == 0 || buf_add_format(out,
	                                        "Content-Type: application/problem+json\r\n"
	                                        "Content-Length: %zu\r\n",
	                                        body_len)) &&
	       (problem->location == NULL ||
	        buf_add_format(out, "Location: %s\r\nContent-Length: 0\r\n", problem->location)) &&
	       (problem->allow == NULL || buf_add_format(out, "Allow: %s\r\n", problem->allow)) &&
	       (problem->status != 503 ||
	        buf_add_format(out, "Retry-After: %d\r\n",
	                       problem->retry_after_s > 0 ? problem->retry_after_s : RETRY_AFTER_S)) &&
	       (problem->hsts_s == 0 ||
	        buf_add_format(out, "Strict-Transport-Security: max-age=%lld\r\n", (long long)problem->hsts_s)) &&
	       (!problem->close || buf_add_text(out, "Connection: close\r\n")) &&
	       (problem->close || !problem->keep_alive_said || buf_add_text(out, "Connection: keep-alive\r\n")) &&
	       buf_add_text(out, "\r\n");
}

bool problem_write(struct buf *out, const struct problem *problem)
{
	struct buf body;
	bool bare = problem->status == 204 || problem->location != NULL;

	buf_init(&body, BODY_BYTES_MAX);
	bool ok = (bare || write_body(&body, problem)) && write_head(out, problem, body.len) &&
	          (problem->head_only || buf_add(out, body.data, body.len));
	buf_clear(&body);
	return ok;
}
