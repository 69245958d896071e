/* access_line: what a turn knows by itself, and a line as an object of JSON. */
#include "orchestrator/proxy/access_line.h"

#include "common/json.h"
#include "orchestrator/proxy/peer.h"
#include "orchestrator/proxy/turn.h"

struct access_line access_line_of(const struct turn *turn)
{
	const struct request *request = turn->request;

	return (struct access_line){.request_id = request->id,
	                            .client = request->client,
	                            .tls = turn->peer->tls,
	                            .protocol = request->protocol,
	                            .host = request_host(request),
	                            .method = request_method(request),
	                            .target = request_target(request),
	                            .bytes = turn->sent,
	                            .slot = -1,
	                            .container = ""};
}

static void member_host(struct json_writer *w, struct http_text host)
{
	if (host.len == 0) {
		json_member_text(w, "host", NULL);
		return;
	}
	json_key(w, "host");
	json_text_n(w, host.data, host.len);
}

bool access_line_write(const struct access_line *line, const char *time, struct buf *text)
{
	struct json_writer w;

	buf_reset(text);
	json_writer_init(&w, text);
	json_begin_object(&w);
	json_member_text(&w, "time", time);
	json_member_text(&w, "request", line->request_id);
	json_member_text(&w, "client", line->client);
	json_member_text(&w, "tls", line->tls);
	json_member_text(&w, "protocol", line->protocol);
	member_host(&w, line->host);
	json_key(&w, "method");
	json_text_n(&w, line->method.data, line->method.len);
	json_key(&w, "target");
	json_text_n(&w, line->target.data, line->target.len);
	json_member_number(&w, "code", line->code);
	json_member_number(&w, "bytes", line->bytes);
	json_member_text(&w, "service", line->service);
	json_member_number(&w, "slot", line->slot);
	json_member_text(&w, "container", line->container);
	json_member_number(&w, "tries", line->tries);
	json_member_bool(&w, "hedged", line->hedged);
	json_member_number(&w, "held_us", line->held_us);
	json_member_number(&w, "total_us", line->total_us);
	json_end_object(&w);
	return json_writer_ok(&w) && buf_add(text, "\n", 1);
}
