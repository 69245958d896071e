/* front: listeners, a list of all clients, and one of those that are idle, the longest idle first.
 *
 * Invariant: `connections` is the length of the list; at max_connections a newcomer is accepted only for one that is idle,
 * and in one turn of the loop not more than ACCEPT_AT_ONCE are, so that those who are in get their turn. (Idle ones that
 * have just begun to speak are kept: then it may be one more.)
 */
#include "orchestrator/proxy/front.h"

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/start_wait.h"
#include "orchestrator/base/address.h"
#include "orchestrator/base/loop.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>

#define BACKLOG 4096
#define ACCEPT_AT_ONCE 64   /* connections accepted in one turn of the loop */
#define ACCEPT_PAUSE_MS 100 /* after EMFILE and the like: no back-off, a try is one accept */
#define WARN_EVERY_US 10000000
#define YIELDS_MAX 16 /* idle connections looked at for one newcomer */
#define VICTIMS_MAX 8 /* bodies that are refused for one piece of another */

struct front {
	struct front_settings settings;
	struct evconnlistener **listeners;
	size_t listener_count;
	struct event *accept_again; /* after a pause */
	struct event *accept_more;  /* in the next turn */
	unsigned accepted;          /* in this turn */
	bool accepting;
	bool draining;
	struct front_link clients; /* the head of a ring */
	struct front_link idle;    /* likewise */
	unsigned connections;
	struct bodies bodies; /* that are being received */
	int64_t buffered;
	int64_t full_warned_us;
	int64_t warned_us;
	struct network *trusted;
	size_t trusted_count;
};

const struct front_settings *front_settings(const struct front *front)
{
	return &front->settings;
}

bool front_is_draining(const struct front *front)
{
	return front->draining;
}

unsigned front_connections(const struct front *front)
{
	return front->connections;
}

/* --- memory ---------------------------------------------------------------------------------------------------- */

struct bodies *front_bodies(struct front *front)
{
	return &front->bodies;
}

void front_release(struct front *front, int64_t bytes)
{
	front->buffered -= bytes;
}

/* True if a warning of this kind is due; it is told once in a while. */
static bool is_due(int64_t *warned_us)
{
	int64_t now = clock_us();

	if (*warned_us != 0 && now - *warned_us < WARN_EVERY_US)
		return false;
	*warned_us = now;
	return true;
}

static enum front_room make_room(struct front *front, int64_t bytes, const struct body *asker)
{
	int64_t most = front->settings.config->max_buffered_bytes;

	if (is_due(&front->full_warned_us))
		log_warn("event=buffers-full bytes=%lld max_buffered_bytes=%lld connections=%u",
		         (long long)front->buffered, (long long)most, front->connections);
	for (int i = 0; i < VICTIMS_MAX && front->buffered + bytes > most; i++) {
		struct body *slowest = bodies_slowest(&front->bodies, bytes, clock_us());
		if (slowest == NULL)
			return FRONT_FULL;
		if (slowest == asker)
			return FRONT_SLOWEST;
		client_make_room(slowest);
	}
	return front->buffered + bytes > most ? FRONT_FULL : FRONT_ROOM;
}

enum front_room front_buffer(struct front *front, int64_t bytes, const struct body *asker)
{
	if (front->buffered + bytes > front->settings.config->max_buffered_bytes) {
		enum front_room room = make_room(front, bytes, asker);
		if (room != FRONT_ROOM)
			return room;
	}
	front->buffered += bytes;
	return FRONT_ROOM;
}

bool front_is_trusted(const struct front *front, const struct sockaddr *peer)
{
	for (size_t i = 0; i < front->trusted_count; i++)
		if (network_has(&front->trusted[i], peer))
			return true;
	return false;
}

/* --- accepting ------------------------------------------------------------------------------------------------- */

static void set_accepting(struct front *front, bool accepting)
{
	if (front->accepting == accepting)
		return;
	front->accepting = accepting;
	for (size_t i = 0; i < front->listener_count; i++) {
		if (accepting)
			evconnlistener_enable(front->listeners[i]);
		else
			evconnlistener_disable(front->listeners[i]);
	}
}

static bool has_room(const struct front *front)
{
	return (int64_t)front->connections < front->settings.config->max_connections;
}

static bool has_idle(const struct front *front)
{
	return front->idle.next != &front->idle;
}

static bool is_pausing(const struct front *front)
{
	return event_pending(front->accept_again, EV_TIMEOUT, NULL) != 0;
}

static void update_accepting(struct front *front)
{
	bool may = (has_room(front) || has_idle(front)) && front->accepted < ACCEPT_AT_ONCE;

	set_accepting(front, may && !is_pausing(front));
}

static void on_accept_again(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	update_accepting(arg);
}

static void on_accept_more(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	struct front *front = arg;
	front->accepted = 0;
	update_accepting(front);
}

/* Closes idle connections, one as a rule; those found speaking are not idle, and not looked at again. */
static void make_place(struct front *front)
{
	for (int i = 0; i < YIELDS_MAX && !has_room(front) && has_idle(front); i++)
		client_yield(front->idle.next);
}

/* The same for its descriptor. False: none was closed. */
static bool free_descriptor(struct front *front)
{
	unsigned before = front->connections;

	for (int i = 0; i < YIELDS_MAX && front->connections == before && has_idle(front); i++)
		client_yield(front->idle.next);
	return front->connections < before;
}

/* Out of descriptors, with nobody idle who has one, or of memory: waiting connections stay in the kernel's queue; nothing spins. */
static void on_accept_error(struct evconnlistener *listener, void *arg)
{
	(void)listener;
	struct front *front = arg;
	int problem = errno;
	if ((problem == EMFILE || problem == ENFILE) && free_descriptor(front))
		return;
	if (is_due(&front->warned_us))
		log_warn("event=accept-paused error=%s connections=%u", log_quote(strerror(problem)),
		         front->connections);
	set_accepting(front, false);
	struct timeval pause = {0, ACCEPT_PAUSE_MS * 1000};
	event_add(front->accept_again, &pause);
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *peer, int len, void *arg)
{
	(void)listener;
	(void)len;
	struct front *front = arg;
	if (!has_room(front))
		make_place(front);
	client_new(front, fd, peer);
	if (front->accepted++ == 0) /* behind everything that is due in this turn */
		event_active(front->accept_more, EV_TIMEOUT, 0);
	update_accepting(front);
}

void front_register(struct front *front, struct front_link *link)
{
	link->prev = front->clients.prev;
	link->next = &front->clients;
	link->prev->next = link->next->prev = link;
	front->connections++;
}

void front_forget(struct front *front, struct front_link *link)
{
	link->prev->next = link->next;
	link->next->prev = link->prev;
	front->connections--;
	if (!front->accepting)
		update_accepting(front);
}

void front_idle(struct front *front, struct front_link *idle)
{
	idle->prev = front->idle.prev;
	idle->next = &front->idle;
	idle->prev->next = idle->next->prev = idle;
	if (!front->accepting)
		update_accepting(front);
}

void front_wake(struct front *front, struct front_link *idle)
{
	if (idle->next == NULL)
		return;
	idle->prev->next = idle->next;
	idle->next->prev = idle->prev;
	idle->prev = idle->next = NULL;
	if (!has_idle(front))
		update_accepting(front);
}

/* --- listening ------------------------------------------------------------------------------------------------- */

static struct evconnlistener *listen_at(struct front *front, const struct address *address, int fd)
{
	unsigned flags = LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE;

	if (fd != -1) /* it listens already: 0 leaves its backlog as it is */
		return evconnlistener_new(front->settings.base, on_accept, front, flags, 0, fd);
	return evconnlistener_new_bind(front->settings.base, on_accept, front, flags, BACKLOG,
	                               (const struct sockaddr *)&address->addr, (int)address->len);
}

/* Inherited by the sockets that are accepted. What comes in by loopback never sees a network: a congestion control made
 * for one (bbr paces, and models what it measured) would only cost time there. */
static void tune(int fd, const struct address *address)
{
	static const char reno[] = "reno";

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
	if (address_is_loopback(address))
		setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, reno, sizeof(reno) - 1);
}

static bool listen_on(struct front *front, const char *text, struct err *err)
{
	struct address address;
	const struct front_settings *settings = &front->settings;
	unsigned tries = 0;

	if (!address_parse(text, &address))
		return err_set(err, "listen: \"%s\" is no ADDRESS:PORT", text);
	int fd = settings->inherited == NULL ? -1 : settings->inherited(text, settings->inherited_arg);
	struct evconnlistener *listener;
	do
		listener = listen_at(front, &address, fd);
	while (listener == NULL && errno == EADDRINUSE && start_wait(&tries));
	if (listener == NULL)
		return err_set_errno(err, errno, "listen: cannot serve on %s%s", text,
		                     errno == EADDRINUSE
		                             ? " (another program does; choose another port with \"listen\")"
		                     : errno == EACCES ? " (ports below 1024 need root or CAP_NET_BIND_SERVICE)"
		                                       : "");
	tune(evconnlistener_get_fd(listener), &address);
	evconnlistener_set_error_cb(listener, on_accept_error);
	front->listeners = mem_array(front->listeners, front->listener_count + 1, sizeof(struct evconnlistener *));
	front->listeners[front->listener_count++] = listener;
	return true;
}

static void read_trusted(struct front *front)
{
	const struct strings *texts = &front->settings.config->trusted_proxies;

	free(front->trusted);
	front->trusted_count = 0;
	front->trusted = mem_array(NULL, texts->count + 1, sizeof(*front->trusted));
	for (size_t i = 0; i < texts->count; i++)
		if (network_parse(texts->items[i], &front->trusted[front->trusted_count]))
			front->trusted_count++;
}

bool front_new(const struct front_settings *settings, struct front **result, struct err *err)
{
	struct front *front = mem_zero(sizeof(*front));

	front->settings = *settings;
	front->accepting = true;
	front->clients.prev = front->clients.next = &front->clients;
	front->idle.prev = front->idle.next = &front->idle;
	bodies_init(&front->bodies);
	front->accept_again = loop_event_new(settings->base, LOOP_CLIENTS, -1, 0, on_accept_again, front);
	front->accept_more = loop_event_new(settings->base, LOOP_CLIENTS, -1, 0, on_accept_more, front);
	read_trusted(front);
	for (size_t i = 0; i < settings->config->listen.count; i++) {
		if (!listen_on(front, settings->config->listen.items[i], err)) {
			front_free(front);
			return false;
		}
	}
	*result = front;
	return true;
}

void front_reload(struct front *front, const struct config *config)
{
	front->settings.config = config;
	read_trusted(front);
	update_accepting(front);
}

static void unlisten(struct front *front)
{
	for (size_t i = 0; i < front->listener_count; i++)
		evconnlistener_free(front->listeners[i]);
	front->listener_count = 0;
}

void front_free(struct front *front)
{
	if (front == NULL)
		return;
	unlisten(front);
	front->accepting = true; /* nothing is left to enable */
	while (front->clients.next != &front->clients)
		client_leave(client_of_link(front->clients.next));
	defer_run(front->settings.defer);
	event_free(front->accept_again);
	event_free(front->accept_more);
	free(front->listeners);
	free(front->trusted);
	free(front);
}

void front_drain(struct front *front)
{
	front->draining = true;
	unlisten(front);
	for (struct front_link *link = front->clients.next; link != &front->clients; link = link->next)
		client_last_call(client_of_link(link));
}
