/* tunnel: two sockets and what one could not take yet.
 *
 * Back-pressure: while one side has not taken what the other sent, the other is not read.
 * The end of what one side sends is passed on behind its last byte; the other may go on. A backend that is DOWN is not
 * waited for: its end ends both, after what was read from it has been written.
 * A dead backend's kernel usually says so at once. Where it does not (the engine is away and cannot kill it, or its
 * network vanished with it), the tunnel has a last deadline from the moment that its backend is DOWN.
 */
#include "orchestrator/proxy/tunnel.h"

#include "common/buf.h"
#include "common/clock.h"
#include "common/container_of.h"
#include "common/mem.h"
#include "orchestrator/base/loop.h"
#include "orchestrator/fleet/fleet.h"
#include "orchestrator/proxy/service.h"
#include "orchestrator/proxy/turn.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define PIECE_BYTES 65536
#define READS 4 /* in one turn */
#define TO_BACKEND_MAX (4 * PIECE_BYTES)

struct tunnel {
	struct tunnels *all;
	struct tunnel_end end;
	struct turn *turn;
	struct event *readable;
	struct event *writable;
	struct buf to_backend;
	struct deadline deadline;
	struct deferred deferred;
	LIST_ENTRY(tunnel) link; /* until it is over */
	bool doomed;             /* its backend is DOWN: the deadline stands, whatever moves */
	bool client_ended;       /* sends nothing more */
	bool backend_ended;
	bool over;
};

static void on_free(struct deferred *deferred)
{
	struct tunnel *tunnel = container_of(deferred, struct tunnel, deferred);

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
	deadline_remove(tunnel->all->deadlines, &tunnel->deadline);
	fleet_release(tunnel->end.backend, FLEET_SERVED);
	tunnel->end.service->stats.in_flight--;
	tunnel->all->count--;
	defer_call(tunnel->all->defer, &tunnel->deferred);
}

static void end_both(struct tunnel *tunnel)
{
	struct turn *turn = tunnel->turn;

	over(tunnel);
	turn_end(turn);
}

static void touch(struct tunnel *tunnel)
{
	if (!tunnel->doomed)
		deadline_set(&tunnel->deadline,
		             clock_us() + service_idle_timeout_ms(tunnel->end.service, tunnel->all->config) * 1000);
}

static void doom(struct tunnel *tunnel)
{
	tunnel->doomed = true;
	if (tunnel->backend_ended) {
		end_both(tunnel);
		return;
	}
	deadline_set(&tunnel->deadline, clock_us() + tunnel->all->config->stop_ms * 1000);
}

static void end_backend(struct tunnel *tunnel)
{
	tunnel->backend_ended = true;
	bool cancel = tunnel->all->config->half_close == CONFIG_HALF_CLOSE_CANCEL;
	if (tunnel->client_ended || tunnel->doomed || cancel) {
		end_both(tunnel);
		return;
	}
	touch(tunnel);
	event_del(tunnel->readable);
	turn_end_writing(tunnel->turn);
}

/* True: and there may be more at once. */
static bool read_backend(struct tunnel *tunnel)
{
	char scratch[PIECE_BYTES];
	ssize_t got = recv(tunnel->end.fd, scratch, sizeof(scratch), 0);

	if (got == -1 && errno == EINTR)
		return true;
	if (got == -1 && errno == EAGAIN)
		return false;
	if (got == 0)
		end_backend(tunnel);
	else if (got == -1)
		end_both(tunnel);
	if (got <= 0)
		return false;
	touch(tunnel);
	pulse_hear(backend_pulse(tunnel->end.backend), clock_recent_us());
	enum turn_write written = turn_send(tunnel->turn, scratch, (size_t)got);
	if (written == TURN_SLOW)
		event_del(tunnel->readable);
	return written == TURN_SENT;
}

/* Edge-triggered, as upstream's was: libevent keeps that for the descriptor where one event follows the other in a turn. */
static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	struct tunnel *tunnel = arg;
	for (int i = 0; i < READS; i++)
		if (!read_backend(tunnel))
			return;
	event_del(tunnel->readable); /* the others' turn, then told again */
	event_add(tunnel->readable, NULL);
}

static void write_backend(struct tunnel *tunnel)
{
	while (tunnel->to_backend.len > 0) {
		ssize_t put = send(tunnel->end.fd, tunnel->to_backend.data, tunnel->to_backend.len, MSG_NOSIGNAL);
		if (put > 0) {
			buf_drop(&tunnel->to_backend, (size_t)put);
		} else if (errno == EAGAIN) {
			turn_pause(tunnel->turn);
			event_add(tunnel->writable, NULL);
			return;
		} else if (errno != EINTR) {
			end_both(tunnel);
			return;
		}
	}
	turn_resume(tunnel->turn);
	if (!tunnel->client_ended)
		return;
	if (tunnel->backend_ended)
		end_both(tunnel);
	else
		shutdown(tunnel->end.fd, SHUT_WR);
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

static void on_ended(void *arg)
{
	struct tunnel *tunnel = arg;

	tunnel->client_ended = true;
	touch(tunnel);
	write_backend(tunnel);
}

static void on_drained(void *arg)
{
	struct tunnel *tunnel = arg;

	if (!tunnel->backend_ended)
		event_add(tunnel->readable, NULL);
}

static void on_gone(void *arg)
{
	over(arg);
}

static void on_deadline(struct deadline *deadline)
{
	end_both(container_of(deadline, struct tunnel, deadline));
}

static const struct turn_user user = {on_drained, on_gone, on_bytes, on_ended};

void tunnel_start(struct tunnels *tunnels, const struct tunnel_end *end, struct turn *turn)
{
	struct tunnel *tunnel = mem_zero(sizeof(*tunnel));

	tunnel->all = tunnels;
	tunnel->end = *end;
	tunnel->turn = turn;
	tunnel->deferred.run = on_free;
	buf_init(&tunnel->to_backend, TO_BACKEND_MAX);
	tunnel->readable =
	        loop_event_new(tunnels->base, LOOP_CLIENTS, end->fd, EV_READ | EV_ET | EV_PERSIST, on_readable, tunnel);
	tunnel->writable = loop_event_new(tunnels->base, LOOP_CLIENTS, end->fd, EV_WRITE | EV_ET, on_writable, tunnel);
	event_add(tunnel->readable, NULL);
	deadline_add(tunnels->deadlines, &tunnel->deadline, on_deadline);
	LIST_INSERT_HEAD(&tunnels->list, tunnel, link);
	touch(tunnel);
	if (backend_state(end->backend) == BACKEND_DOWN)
		doom(tunnel);
	end->service->stats.in_flight++;
	tunnels->count++;
	turn_set_user(turn, &user, tunnel, service_idle_timeout_ms(end->service, tunnels->config));
	turn_tunnel(turn);
}

void tunnel_backend_down(struct tunnels *tunnels, const struct backend *backend)
{
	struct tunnel *next;

	for (struct tunnel *tunnel = LIST_FIRST(&tunnels->list); tunnel != NULL; tunnel = next) {
		next = LIST_NEXT(tunnel, link);
		if (tunnel->end.backend == backend)
			doom(tunnel);
	}
}
