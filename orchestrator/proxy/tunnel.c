/* tunnel: two sockets and what one could not take yet.
 *
 * Back-pressure: while one side has not taken what the other sent, the other is not read.
 * An end of either side ends both, after what was read from the backend has been written.
 * A dead backend's kernel usually says so at once. Where it does not (the engine is away and cannot kill it, or its
 * network vanished with it), the tunnel has a last deadline from the moment that its backend is DOWN.
 */
#include "orchestrator/proxy/tunnel.h"

#include "common/buf.h"
#include "common/clock.h"
#include "common/mem.h"
#include "orchestrator/loop.h"
#include "orchestrator/proxy/proxy.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define PIECE_BYTES 65536
#define TO_BACKEND_MAX (4 * PIECE_BYTES)

struct tunnel {
	struct tunnel_end end;
	struct client *client;
	struct event *readable;
	struct event *writable;
	struct buf to_backend;
	struct deadline deadline;
	struct deferred deferred;
	LIST_ENTRY(tunnel) link; /* proxy->tunnels, until it is over */
	bool doomed;             /* its backend is DOWN: the deadline stands, whatever moves */
	bool over;
};

static char scratch[PIECE_BYTES];

static void on_free(struct deferred *deferred)
{
	struct tunnel *tunnel = (struct tunnel *)((char *)deferred - offsetof(struct tunnel, deferred));
	buf_clear(&tunnel->to_backend);
	free(tunnel);
}

static void over(struct tunnel *tunnel)
{
	if (tunnel->over)
		return;
	tunnel->over = true;
	LIST_REMOVE(tunnel, link);
	event_free(tunnel->readable);
	event_free(tunnel->writable);
	close(tunnel->end.fd);
	deadline_remove(tunnel->end.proxy->deadlines, &tunnel->deadline);
	fleet_release(tunnel->end.backend, FLEET_SERVED);
	tunnel->end.service->stats.in_flight--;
	tunnel->end.proxy->in_flight--;
	defer_call(tunnel->end.proxy->defer, &tunnel->deferred);
}

static void touch(struct tunnel *tunnel)
{
	if (!tunnel->doomed)
		deadline_set(&tunnel->deadline, clock_us() + tunnel->end.proxy->config->idle_timeout_ms * 1000);
}

static void doom(struct tunnel *tunnel)
{
	tunnel->doomed = true;
	deadline_set(&tunnel->deadline, clock_us() + tunnel->end.proxy->config->stop_ms * 1000);
}

static void end_both(struct tunnel *tunnel)
{
	struct client *client = tunnel->client;
	over(tunnel);
	client_end(client, true);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	(void)what;
	struct tunnel *tunnel = arg;
	ssize_t got = recv(fd, scratch, sizeof scratch, 0);
	if (got == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		end_both(tunnel);
		return;
	}
	touch(tunnel);
	if (client_write(tunnel->client, &(struct iovec){scratch, (size_t)got}, 1) == CLIENT_SLOW)
		event_del(tunnel->readable);
}

static void write_backend(struct tunnel *tunnel)
{
	while (tunnel->to_backend.len > 0) {
		ssize_t put = send(tunnel->end.fd, tunnel->to_backend.data, tunnel->to_backend.len, MSG_NOSIGNAL);
		if (put > 0) {
			buf_drop(&tunnel->to_backend, (size_t)put);
		} else if (errno == EAGAIN) {
			client_pause_reading(tunnel->client);
			event_add(tunnel->writable, NULL);
			return;
		} else if (errno != EINTR) {
			end_both(tunnel);
			return;
		}
	}
	client_resume_reading(tunnel->client);
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	touch(arg);
	write_backend(arg);
}

static void on_bytes(const char *data, size_t len, void *arg)
{
	struct tunnel *tunnel = arg;
	touch(tunnel);
	if (!buf_add(&tunnel->to_backend, data, len)) {
		end_both(tunnel); /* cannot be: the client is not read while bytes wait */
		return;
	}
	write_backend(tunnel);
}

static void on_drained(void *arg)
{
	struct tunnel *tunnel = arg;
	event_add(tunnel->readable, NULL);
}

static void on_gone(void *arg)
{
	over(arg);
}

static void on_deadline(struct deadline *deadline)
{
	end_both((struct tunnel *)((char *)deadline - offsetof(struct tunnel, deadline)));
}

static const struct client_peer peer = {on_drained, on_gone, on_bytes};

void tunnel_start(const struct tunnel_end *end, struct client *client)
{
	struct tunnel *tunnel = mem_zero(sizeof *tunnel);
	tunnel->end = *end;
	tunnel->client = client;
	tunnel->deferred.run = on_free;
	buf_init(&tunnel->to_backend, TO_BACKEND_MAX);
	tunnel->readable =
	        loop_event_new(end->proxy->base, LOOP_CLIENTS, end->fd, EV_READ | EV_PERSIST, on_readable, tunnel);
	tunnel->writable = loop_event_new(end->proxy->base, LOOP_CLIENTS, end->fd, EV_WRITE, on_writable, tunnel);
	event_add(tunnel->readable, NULL);
	deadline_add(end->proxy->deadlines, &tunnel->deadline, on_deadline);
	LIST_INSERT_HEAD(&end->proxy->tunnels, tunnel, link);
	touch(tunnel);
	if (backend_state(end->backend) == BACKEND_DOWN)
		doom(tunnel);
	end->service->stats.in_flight++;
	end->proxy->in_flight++;
	client_set_peer(client, &peer, tunnel);
	client_tunnel(client);
}

void tunnel_backend_down(struct tunnels *tunnels, const struct backend *backend)
{
	struct tunnel *tunnel;

	LIST_FOREACH(tunnel, tunnels, link)
	if (tunnel->end.backend == backend)
		doom(tunnel);
}
