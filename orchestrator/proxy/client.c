/* client: the life of one connection.
 *
 *   IDLE -> HEAD -> BODY -> BUSY -> IDLE ...      a request is read, answered, the next one is read
 *                            BUSY -> TUNNEL       the protocol was changed
 *   any of the first three -> LINGER              refused: the reason was sent, the rest is read and thrown away
 */
#include "orchestrator/proxy/client_private.h"

#include "common/mem.h"
#include "orchestrator/base/loop.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define OUTPUT_MAX 1048576  /* what one turn may leave unwritten; sources stop at the first byte */
#define BUFFER_KEPT 4096    /* bytes of memory that an empty buffer may keep */
#define LAST_CALL_US 500000 /* for a request that is on its way while the orchestrator begins to end */

void client_set_peer(struct client *client, const struct client_peer *peer, void *arg)
{
	client->peer = *peer;
	client->peer_arg = arg;
}

void client_set_idle_timeout(struct client *client, int64_t timeout_ms)
{
	client->idle_timeout_ms = timeout_ms;
}

const char *client_address(const struct client *client)
{
	return client->address;
}

/* --- the end of a connection ----------------------------------------------------------------------------------- */

void client_drop_request(struct client *client)
{
	if (client->request == NULL)
		return;
	body_end(&client->body);
	front_release(client->front, client->body.bytes);
	client->body.bytes = 0;
	request_free(client->request);
	client->request = NULL;
}

static void free_now(struct client *client)
{
	buf_clear(&client->input);
	buf_clear(&client->out);
	free(client);
}

void client_close(struct client *client)
{
	const struct front_settings *settings = front_settings(client->front);

	if (client->over)
		return;
	client->over = true;
	struct client_peer peer = client->peer;
	client->peer = (struct client_peer){0};
	event_del(&client->readable);
	if (client->writable != NULL)
		event_free(client->writable);
	client->writable = NULL;
	deadline_remove(settings->deadlines, &client->deadline);
	front_wake(client->front, &client->idle);
	front_forget(client->front, &client->link);
	close(client->fd);
	defer_call(settings->defer, &client->deferred);
	if (peer.on_gone != NULL)
		peer.on_gone(client->peer_arg);
	client_drop_request(client);
}

void client_mark_broken(struct client *client)
{
	client->broken = true;
	buf_reset(&client->out);
	defer_call(front_settings(client->front)->defer, &client->deferred);
}

void client_mark_cut(struct client *client)
{
	struct linger reset = {.l_onoff = 1, .l_linger = 0};

	setsockopt(client->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	client_mark_broken(client);
}

void client_leave(struct client *client)
{
	if (client->begun || client->out.len > 0)
		client_mark_cut(client);
	client_close(client);
}

void client_abort(struct client *client)
{
	client->peer = (struct client_peer){0};
	if (!client->over)
		client_mark_cut(client);
}

void client_shrink(struct buf *buf)
{
	if (buf->len == 0 && buf->cap > BUFFER_KEPT)
		buf_clear(buf);
}

/* --- deadlines, deferred work ---------------------------------------------------------------------------------- */

void client_rest(struct client *client)
{
	client->state = CLIENT_IDLE;
	client->idle_timeout_ms = client_config(client)->idle_timeout_ms;
	client->silent_since_us = clock_recent_us();
	deadline_set(&client->deadline, client->silent_since_us + CLIENT_SILENT_US);
}

/* First it loses its claim to the connection, then the connection. */
static void be_silent(struct client *client)
{
	bool draining = front_is_draining(client->front);
	int64_t patience_us = draining ? LAST_CALL_US : client_config(client)->idle_timeout_ms * 1000;

	if (client->idle.next != NULL) {
		client_close(client);
		return;
	}
	front_idle(client->front, &client->idle);
	deadline_set(&client->deadline, client->silent_since_us + patience_us);
}

static void on_deadline(struct deadline *deadline)
{
	struct client *client = (struct client *)((char *)deadline - offsetof(struct client, deadline));

	switch (client->state) {
	case CLIENT_HEAD:
		client_refuse_unread(client, 408, "the request's head did not come in time",
		                     (struct http_text){client->input.data, (uint32_t)client->input.len});
		break;
	case CLIENT_BODY:
		client_refuse(client, 408, "the request's body came too slowly");
		break;
	case CLIENT_BUSY:
	case CLIENT_TUNNEL:
		client_mark_cut(client); /* it does not read its reply */
		break;
	case CLIENT_IDLE:
		be_silent(client);
		break;
	case CLIENT_LINGER:
		client_close(client);
		break;
	}
}

static void on_deferred(struct deferred *deferred)
{
	struct client *client = (struct client *)((char *)deferred - offsetof(struct client, deferred));

	if (client->over)
		free_now(client);
	else if (client->broken)
		client_close(client);
	else if (client->state == CLIENT_IDLE && client->input.len > 0)
		client_read_kept(client);
}

void client_last_call(struct client *client)
{
	if (client->state == CLIENT_IDLE)
		deadline_set(&client->deadline, clock_us() + LAST_CALL_US);
}

/* --- the beginning --------------------------------------------------------------------------------------------- */

static void read_address(struct client *client, const struct sockaddr *peer)
{
	client->trusted = front_is_trusted(client->front, peer);
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)peer;
	if (peer->sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr))
		inet_ntop(AF_INET, &v6->sin6_addr.s6_addr[12], client->address, sizeof(client->address));
	else if (peer->sa_family == AF_INET6)
		inet_ntop(AF_INET6, &v6->sin6_addr, client->address, sizeof(client->address));
	else if (peer->sa_family == AF_INET)
		inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)peer)->sin_addr, client->address,
		          sizeof(client->address));
}

void client_new(struct front *front, int fd, const struct sockaddr *peer)
{
	struct client *client = mem_zero(sizeof(*client));
	const struct front_settings *settings = front_settings(front);

	clock_us(); /* its first deadline is from now */
	client->front = front;
	client->fd = fd;
	client->deferred.run = on_deferred;
	buf_init(&client->input, (size_t)settings->config->max_head_bytes + 2 * CLIENT_INPUT_MAX);
	buf_init(&client->out, OUTPUT_MAX);
	struct http_limits limits = {.head_bytes = (uint32_t)settings->config->max_head_bytes,
	                             .target_bytes = (uint32_t)settings->config->max_head_bytes / 2};
	message_init(&client->message, MESSAGE_REQUEST, &limits);
	deadline_add(settings->deadlines, &client->deadline, on_deadline);
	client_rest(client);
	loop_event_assign(&client->readable, settings->base, LOOP_CLIENTS, fd, EV_READ | EV_CLOSED | EV_ET | EV_PERSIST,
	                  client_on_readable, client);
	event_add(&client->readable, NULL);
	read_address(client, peer);
	front_register(front, &client->link);
}

/* The bytes of a request may be in the socket, and the loop not have heard of them yet. */
void client_yield(struct front_link *idle)
{
	struct client *client = (struct client *)((char *)idle - offsetof(struct client, idle));
	char byte;

	if (recv(client->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0)
		front_wake(client->front, idle);
	else
		client_close(client);
}

struct client *client_of_link(struct front_link *link)
{
	return (struct client *)((char *)link - offsetof(struct client, link));
}
