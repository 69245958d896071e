/* front: evhttp, tamed.
 *
 * evhttp makes the connection object only after it asked us for a bufferevent, so a new client waits in `newborn` until
 * the deferred call of the same turn, before anything can be read from it.
 */
#include "orchestrator/proxy/front.h"

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "orchestrator/address.h"

#include <assert.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>

#define BACKLOG 4096
#define ACCEPT_PAUSE_MS 100 /* after EMFILE and the like */
#define WARN_EVERY_US 10000000

struct newborn {
	struct client *client;
	struct bufferevent *bev; /* a reference of ours */
};

struct front {
	struct front_settings settings;
	struct evhttp *http;
	struct evhttp_bound_socket **bound;
	size_t bound_count;
	struct event *accept_again;
	bool accepting;
	bool draining;
	struct client **clients; /* by descriptor */
	size_t clients_size;
	unsigned connections;
	int64_t buffered;
	int64_t warned_us;
	struct newborn *newborn;
	size_t newborn_count, newborn_size;
	struct deferred adopt;
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

bool front_buffer(struct front *front, int64_t bytes)
{
	if (bytes > 0 && front->buffered + bytes > front->settings.config->max_buffered_bytes)
		return false;
	front->buffered += bytes;
	return true;
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
	for (size_t i = 0; i < front->bound_count; i++) {
		struct evconnlistener *listener = evhttp_bound_socket_get_listener(front->bound[i]);
		if (accepting)
			evconnlistener_enable(listener);
		else
			evconnlistener_disable(listener);
	}
}

static bool has_room(const struct front *front)
{
	return (int64_t)front->connections < front->settings.config->max_connections;
}

static void on_accept_again(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	struct front *front = arg;
	if (has_room(front))
		set_accepting(front, true);
}

/* The listener's argument became evhttp's own when it took the listener over, so the error callback must know its front
 * by itself: there is one in a process. */
static struct front *only_front;

/* Out of descriptors or memory: waiting connections stay in the kernel's queue; nothing spins. */
static void on_accept_error(struct evconnlistener *listener, void *arg)
{
	(void)listener;
	(void)arg;
	int problem = errno;
	struct front *front = only_front;
	int64_t now = clock_us();
	bool told = front->warned_us != 0 && now - front->warned_us < WARN_EVERY_US;
	if (!told) {
		front->warned_us = now;
		log_warn("event=accept-paused error=%s connections=%u", log_quote(strerror(problem)),
		         front->connections);
	}
	set_accepting(front, false);
	struct timeval pause = {0, ACCEPT_PAUSE_MS * 1000};
	event_add(front->accept_again, &pause);
}

static void on_adopt(struct deferred *deferred)
{
	struct front *front = (struct front *)((char *)deferred - offsetof(struct front, adopt));
	for (size_t i = 0; i < front->newborn_count; i++) {
		client_adopt(front->newborn[i].client);
		bufferevent_decref(front->newborn[i].bev);
	}
	front->newborn_count = 0;
}

static struct bufferevent *on_new_connection(struct event_base *base, void *arg)
{
	struct front *front = arg;
	struct bufferevent *bev = bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
	if (bev == NULL)
		return NULL;
	if (front->newborn_count == front->newborn_size) {
		front->newborn_size = front->newborn_size == 0 ? 64 : front->newborn_size * 2;
		front->newborn = mem_array(front->newborn, front->newborn_size, sizeof *front->newborn);
	}
	bufferevent_incref(bev);
	front->newborn[front->newborn_count++] = (struct newborn){client_new(front, bev), bev};
	defer_call(front->settings.defer, &front->adopt);
	front->connections++;
	if (!has_room(front))
		set_accepting(front, false);
	return bev;
}

void front_register(struct front *front, int fd, struct client *client)
{
	if ((size_t)fd >= front->clients_size) {
		size_t size = front->clients_size == 0 ? 256 : front->clients_size;
		while (size <= (size_t)fd)
			size *= 2;
		front->clients = mem_array(front->clients, size, sizeof(struct client *));
		memset(front->clients + front->clients_size, 0, (size - front->clients_size) * sizeof(struct client *));
		front->clients_size = size;
	}
	front->clients[fd] = client;
}

void front_forget(struct front *front, int fd, struct client *client)
{
	if (fd >= 0 && front->clients[fd] == client)
		front->clients[fd] = NULL;
	front->connections--;
	if (!front->accepting && has_room(front) && !event_pending(front->accept_again, EV_TIMEOUT, NULL))
		set_accepting(front, true);
}

static void on_request(struct evhttp_request *req, void *arg)
{
	struct front *front = arg;
	struct evhttp_connection *evcon = evhttp_request_get_connection(req);
	int fd = bufferevent_getfd(evhttp_connection_get_bufferevent(evcon));
	client_on_request(front->clients[fd], req);
}

/* --- listening ------------------------------------------------------------------------------------------------- */

static bool listen_on(struct front *front, const char *text, struct err *err)
{
	struct address address;
	if (!address_parse(text, &address))
		return err_set(err, "listen: \"%s\" is no ADDRESS:PORT", text);
	unsigned flags = LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE;
	struct evconnlistener *listener =
	        evconnlistener_new_bind(front->settings.base, NULL, NULL, flags, BACKLOG,
	                                (const struct sockaddr *)&address.addr, (int)address.len);
	if (listener == NULL)
		return err_set_errno(err, errno, "listen: cannot serve on %s%s", text,
		                     errno == EADDRINUSE
		                             ? " (another program does; choose another port with \"listen\")"
		                     : errno == EACCES ? " (ports below 1024 need root or CAP_NET_BIND_SERVICE)"
		                                       : "");
	/* inherited by the sockets that are accepted */
	setsockopt(evconnlistener_get_fd(listener), IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
	struct evhttp_bound_socket *bound = evhttp_bind_listener(front->http, listener);
	if (bound == NULL) {
		evconnlistener_free(listener);
		return err_set(err, "listen: no memory for %s", text);
	}
	evconnlistener_set_error_cb(listener, on_accept_error);
	front->bound = mem_array(front->bound, front->bound_count + 1, sizeof *front->bound);
	front->bound[front->bound_count++] = bound;
	return true;
}

static void read_trusted(struct front *front)
{
	const struct strings *texts = &front->settings.config->trusted_proxies;
	free(front->trusted);
	front->trusted_count = 0;
	front->trusted = mem_array(NULL, texts->count + 1, sizeof *front->trusted);
	for (size_t i = 0; i < texts->count; i++)
		if (network_parse(texts->items[i], &front->trusted[front->trusted_count]))
			front->trusted_count++;
}

bool front_new(const struct front_settings *settings, struct front **result, struct err *err)
{
	assert(only_front == NULL);
	struct front *front = only_front = mem_zero(sizeof *front);
	front->settings = *settings;
	front->accepting = true;
	front->adopt.run = on_adopt;
	front->http = evhttp_new(settings->base);
	front->accept_again = event_new(settings->base, -1, 0, on_accept_again, front);
	read_trusted(front);
	evhttp_set_bevcb(front->http, on_new_connection, front);
	evhttp_set_gencb(front->http, on_request, front);
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
	if (!has_room(front))
		set_accepting(front, false);
	else if (!event_pending(front->accept_again, EV_TIMEOUT, NULL))
		set_accepting(front, true);
}

static void unlisten(struct front *front)
{
	for (size_t i = 0; i < front->bound_count; i++)
		evhttp_del_accept_socket(front->http, front->bound[i]);
	front->bound_count = 0;
}

void front_free(struct front *front)
{
	if (front == NULL)
		return;
	unlisten(front);
	front->accepting = true; /* nothing is left to enable */
	evhttp_free(front->http);
	event_free(front->accept_again);
	free(front->bound);
	free(front->clients);
	free(front->newborn);
	free(front->trusted);
	free(front);
	only_front = NULL;
}

void front_drain(struct front *front)
{
	front->draining = true;
	unlisten(front);
}
