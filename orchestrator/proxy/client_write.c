/* client_write: replies out, straight to the socket; what it does not take waits in `out`. */
#include "orchestrator/proxy/client_private.h"

#include "orchestrator/base/loop.h"

#include <errno.h>
#include <sys/socket.h>

#define LINGER_US 2000000

static void finish_reply(struct client *client);

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
	(void)what;
	struct client *client = arg;
	if (client->broken)
		return;
	clock_us();
	ssize_t put = send(fd, client->out.data, client->out.len, MSG_NOSIGNAL);
	if (put == -1 && errno != EAGAIN && errno != EINTR) {
		client_mark_broken(client);
		return;
	}
	if (put > 0) {
		buf_drop(&client->out, (size_t)put);
		client_set_deadline(client, client->idle_timeout_ms);
	}
	if (client->out.len > 0) {
		event_add(client->writable, NULL);
		return;
	}
	if (client->state == CLIENT_BUSY || client->state == CLIENT_TUNNEL)
		deadline_clear(&client->deadline);
	client_shrink(&client->out);
	if (client->mute)
		shutdown(client->fd, SHUT_WR);
	if (client->ending)
		finish_reply(client);
	else if (client->peer.on_drained != NULL)
		client->peer.on_drained(client->peer_arg);
}

static bool keep_rest(struct client *client, const struct iovec *iov, int count, size_t skip)
{
	for (int i = 0; i < count; i++) {
		size_t from = skip < iov[i].iov_len ? skip : iov[i].iov_len;
		skip -= from;
		if (!buf_add(&client->out, (const char *)iov[i].iov_base + from, iov[i].iov_len - from))
			return false;
	}
	return true;
}

static ssize_t send_parts(int fd, const struct iovec *iov, int count)
{
	if (count == 1)
		return send(fd, iov->iov_base, iov->iov_len, MSG_NOSIGNAL);
	struct msghdr message = {.msg_iov = (struct iovec *)(uintptr_t)iov, .msg_iovlen = (size_t)count};
	return sendmsg(fd, &message, MSG_NOSIGNAL);
}

enum client_write client_write(struct client *client, const struct iovec *iov, int count)
{
	if (client->over || client->broken)
		return CLIENT_GONE;
	client->begun = client->state == CLIENT_BUSY;
	size_t whole = 0, put = 0;
	for (int i = 0; i < count; i++)
		whole += iov[i].iov_len;
	if (client->out.len == 0) {
		ssize_t result = send_parts(client->fd, iov, count);
		if (result == -1 && errno != EAGAIN && errno != EINTR) {
			client_mark_broken(client);
			return CLIENT_GONE;
		}
		put = result > 0 ? (size_t)result : 0;
		if (put == whole)
			return CLIENT_SENT;
		client_set_deadline(client, client->idle_timeout_ms);
	}
	if (!keep_rest(client, iov, count, put)) {
		client_mark_cut(client);
		return CLIENT_GONE;
	}
	if (client->writable == NULL)
		client->writable = loop_event_new(front_settings(client->front)->base, LOOP_CLIENTS, client->fd,
		                                  EV_WRITE | EV_ET, on_writable, client);
	event_add(client->writable, NULL);
	return CLIENT_SLOW;
}

void client_end_writing(struct client *client)
{
	client->mute = true;
	if (client->out.len == 0)
		shutdown(client->fd, SHUT_WR);
}

/* --- the end of a reply ---------------------------------------------------------------------------------------- */

/* Closing with bytes unread would reset the connection and take the end of the reply with it (RFC 9112 section 9.6):
 * only our side is closed, and the client's bytes are thrown away until it has heard. */
static void start_linger(struct client *client)
{
	if (client->ended) { /* all its bytes are read */
		client_close(client);
		return;
	}
	shutdown(client->fd, SHUT_WR);
	buf_clear(&client->input);
	client_resume_reading(client);
	client->state = CLIENT_LINGER;
	deadline_set(&client->deadline, clock_us() + LINGER_US);
}

static void finish_reply(struct client *client)
{
	client->ending = client->begun = false;
	client_drop_request(client);
	if (client->close && (client->input.len > 0 || client->reading_paused)) {
		start_linger(client);
		return;
	}
	if (client->close || (client->ended && client->input.len == 0)) {
		client_close(client);
		return;
	}
	client_resume_reading(client);
	client_shrink(&client->input);
	client_rest(client);
	if (client->input.len > 0)
		defer_call(front_settings(client->front)->defer, &client->deferred);
}

void client_end(struct client *client, bool close)
{
	client->peer = (struct client_peer){0};
	if (client->over || client->broken)
		return;
	client->close = close;
	if (client->out.len > 0)
		client->ending = true;
	else
		finish_reply(client);
}

void client_refuse_unread(struct client *client, int status, const char *detail, struct http_text head)
{
	char id[FORWARD_ID_SIZE];
	struct problem problem = {.status = status, .detail = detail, .request_id = id, .close = true};

	if (client->request != NULL) {
		problem.request_id = client->request->id;
		problem.head_only = client->request->method == HTTP_HEAD_METHOD;
	} else {
		forward_new_id(id); /* nobody could read whether it has one */
		problem.head_only = http_head_method(head.data, head.len) == HTTP_HEAD_METHOD;
	}
	struct buf out;
	buf_init(&out, 4096);
	if (problem_write(&out, &problem) && send(client->fd, out.data, out.len, MSG_NOSIGNAL) == -1)
		client_mark_broken(client);
	buf_clear(&out);
	const struct front_settings *settings = front_settings(client->front);
	settings->on_refused(client, problem.request_id, status, settings->arg);
	client_drop_request(client);
	start_linger(client);
}

void client_refuse(struct client *client, int status, const char *detail)
{
	client_refuse_unread(client, status, detail, (struct http_text){NULL, 0});
}
