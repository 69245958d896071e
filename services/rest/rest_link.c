/* rest_link: what every part of rest may do to a connection: write to it, wake it up, refuse what it sends, close it. */
#include "common/clock.h"
#include "services/rest/rest_internal.h"

#include <event2/buffer.h>
#include <event2/event.h>

struct bufferevent *rest_link_bev(const struct rest_conn *conn)
{
	return evhtp_connection_get_bev(conn->peer);
}

void rest_link_close(struct rest_conn *conn)
{
	evhtp_connection_free(conn->peer);
}

/* on_written is called in this turn of the loop; or in the next one, where the connection's next request is there already, so
 * that other connections get their turn. */
void rest_link_wake(struct rest_conn *conn)
{
	struct bufferevent *bev = rest_link_bev(conn);
	struct timeval soon = clock_timeval(0);

	if (evbuffer_get_length(bufferevent_get_output(bev)) > 0)
		return;
	if (evbuffer_get_length(bufferevent_get_input(bev)) > 0)
		event_add(conn->wake, &soon);
	else
		event_active(conn->wake, 0, 0);
}

/* The method of a request whose head was refused or is not whole yet stands in the input. */
static enum http_method conn_method(const struct rest_conn *conn)
{
	if (conn->request != NULL)
		return conn->request->method;
	struct evbuffer *input = bufferevent_get_input(rest_link_bev(conn));
	return http_head_method((const char *)evbuffer_pullup(input, -1), evbuffer_get_length(input));
}

/* Answers without a request of libevhtp's, then throws away what the client still sends: closing at once would reset
 * the connection and could take the reply with it. */
void rest_link_refuse(struct rest_conn *conn, int status, const char *error)
{
	struct rest_reply_head head = {.status = status, .close = true, .type = error != NULL ? REST_JSON : NULL};
	struct rest_head_text text;
	struct evbuffer *out = bufferevent_get_output(rest_link_bev(conn));
	struct evbuffer *body = evbuffer_new();

	if (error != NULL)
		evbuffer_add_printf(body, "{\"error\":\"%s\"}", error);
	head.length = (int64_t)evbuffer_get_length(body);
	if (conn_method(conn) == HTTP_HEAD_METHOD)
		evbuffer_drain(body, evbuffer_get_length(body));
	if (conn->request != NULL && conn->request->match.methods != 0)
		head.allow = status == 405 ? conn->request->match.methods : 0;
	conn->state = REST_LINGER;
	conn->linger_since_ms = conn->since_ms = clock_ms();
	rest_head_write(&text, &head, false);
	evbuffer_add(out, text.data, text.len);
	evbuffer_add_buffer(out, body);
	evbuffer_free(body);
	rest_request_free(conn->request);
	conn->request = NULL;
}
