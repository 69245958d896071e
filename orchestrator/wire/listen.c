/* listen: enabled or disabled, all sockets alike.
 *
 *   accepting: there is room, or somebody would yield; fewer than ACCEPT_AT_ONCE in this turn; no pause; the pace allows it
 *
 * Whoever changes one of these calls listen_update. An acceptor that sockets are lent to has the argument of their error
 * callback, too, so that an error can only disable the one socket; the timer `look` enables it again.
 */
#include "orchestrator/wire/listen.h"

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/start_wait.h"
#include "orchestrator/base/address.h"
#include "orchestrator/base/backoff.h"
#include "orchestrator/base/bucket.h"
#include "orchestrator/base/loop.h"
#include "orchestrator/base/timer.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#define ACCEPT_AT_ONCE 64 /* connections accepted in one turn of the loop */
#define YIELDS_MAX 16     /* connections closed for one newcomer: more than one only if the limit has sunk */
#define LOOK_US 1000000   /* lent sockets */
#define WARN_EVERY_US 10000000
#define PACE_FILL_S 0.1 /* nothing is saved up for longer */
#define FLAGS (LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE)

static const struct backoff_pace retry_pace = {.first_us = 100000, .most_us = 1000000};

/* What several listens share. */
struct room {
	SLIST_HEAD(, listen) listens;
	int64_t limit;
	unsigned connections;
};

struct listen {
	struct listen_settings settings;
	struct room *room;
	SLIST_ENTRY(listen) same_room;
	struct bucket pace; /* per_s 0: none */
	struct timer *refilled;
	struct evconnlistener **sockets;
	size_t socket_count;
	unsigned accepted;   /* in this turn */
	bool accepting;      /* the sockets are enabled */
	struct timer *again; /* after a pause */
	bool pausing;
	struct event *more; /* in the next turn */
	struct timer *look; /* lent sockets: enables those that an error disabled */
	struct backoff backoff;
	int64_t warned_us;
};

unsigned listen_count(const struct listen *listen)
{
	return listen->room->connections;
}

/* --- when ------------------------------------------------------------------------------------------------------ */

static void enable(struct listen *listen, bool accepting)
{
	for (size_t i = 0; i < listen->socket_count; i++) {
		if (accepting)
			evconnlistener_enable(listen->sockets[i]);
		else
			evconnlistener_disable(listen->sockets[i]);
	}
}

static void set_accepting(struct listen *listen, bool accepting)
{
	if (listen->accepting == accepting)
		return;
	listen->accepting = accepting;
	enable(listen, accepting);
}

static bool has_room(const struct listen *listen)
{
	return (int64_t)listen->room->connections < listen->room->limit;
}

/* Where it is not, the timer tells when it is. */
static bool is_its_turn(struct listen *listen)
{
	if (listen->pace.per_s == 0 || bucket_has(&listen->pace, clock_us()))
		return true;
	timer_set(listen->refilled, bucket_wait_us(&listen->pace));
	return false;
}

static bool may_yield(const struct listen *listen)
{
	return listen->settings.may_yield != NULL && listen->settings.may_yield(listen->settings.arg);
}

static void update(struct listen *listen)
{
	bool may = (has_room(listen) || may_yield(listen)) && listen->accepted < ACCEPT_AT_ONCE;

	set_accepting(listen, may && !listen->pausing && is_its_turn(listen));
}

void listen_update(struct listen *listen)
{
	struct listen *each;

	SLIST_FOREACH (each, &listen->room->listens, same_room)
		update(each);
}

void listen_set_limit(struct listen *listen, int64_t limit)
{
	listen->room->limit = limit;
	listen_update(listen);
}

static void set_pace(struct listen *listen, int64_t per_s)
{
	bucket_init(&listen->pace, (double)per_s, (double)per_s * PACE_FILL_S, clock_us());
}

void listen_set_pace(struct listen *listen, int64_t per_s)
{
	set_pace(listen, per_s);
	update(listen);
}

void listen_count_in(struct listen *listen)
{
	listen->room->connections++;
	backoff_reset(&listen->backoff);
	if (listen->accepted++ == 0) /* behind everything that is due in this turn */
		event_active(listen->more, EV_TIMEOUT, 0);
	bucket_take(&listen->pace);
	listen_update(listen);
}

void listen_count_out(struct listen *listen)
{
	struct listen *each;

	listen->room->connections--;
	SLIST_FOREACH (each, &listen->room->listens, same_room)
		if (!each->accepting)
			update(each);
}

static void on_again(void *arg)
{
	struct listen *listen = arg;

	listen->pausing = false;
	update(listen);
}

static void on_refilled(void *listen)
{
	update(listen);
}

static void on_more(evutil_socket_t fd, short what, void *arg)
{
	struct listen *listen = arg;

	(void)fd;
	(void)what;
	listen->accepted = 0;
	update(listen);
}

/* --- accepting ------------------------------------------------------------------------------------------------- */

static void on_accept(struct evconnlistener *socket, evutil_socket_t fd, struct sockaddr *peer, int len, void *arg)
{
	struct listen *listen = arg;
	const struct listen_settings *settings = &listen->settings;

	(void)socket;
	(void)len;
	for (int i = 0; i < YIELDS_MAX && !has_room(listen) && may_yield(listen); i++)
		settings->yield(settings->arg);
	listen_count_in(listen);
	settings->on_accept(fd, peer, settings->arg);
}

static bool is_warning_due(struct listen *listen)
{
	int64_t now_us = clock_us();

	if (listen->warned_us != 0 && now_us - listen->warned_us < WARN_EVERY_US)
		return false;
	listen->warned_us = now_us;
	return true;
}

/* Accepting looks for a descriptor first: it may have none, and nobody be there. */
static bool is_anybody_there(struct evconnlistener *socket)
{
	return poll(&(struct pollfd){.fd = evconnlistener_get_fd(socket), .events = POLLIN}, 1, 0) == 1;
}

/* Out of descriptors, with nobody idle who has one, or of memory. */
static void on_error(struct evconnlistener *socket, void *arg)
{
	struct listen *listen = arg;
	int problem = errno;
	bool descriptors = problem == EMFILE || problem == ENFILE;

	if (descriptors && !is_anybody_there(socket))
		return;
	if (descriptors && may_yield(listen) && listen->settings.yield(listen->settings.arg))
		return;
	if (is_warning_due(listen))
		log_warn("event=accept-paused error=%s connections=%u", log_quote(strerror(problem)),
		         listen->room->connections);
	timer_set(listen->again, backoff_fail_at(&listen->backoff, retry_pace, RETRY_ACCEPT));
	listen->pausing = true;
	update(listen);
}

/* --- sockets that are lent ------------------------------------------------------------------------------------- */

static void on_lent_error(struct evconnlistener *socket, void *acceptors)
{
	int problem = errno;
	struct address address = {.len = sizeof(address.addr)};
	char where[ADDRESS_TEXT_SIZE];

	(void)acceptors;
	if (!is_anybody_there(socket))
		return;
	getsockname(evconnlistener_get_fd(socket), (struct sockaddr *)&address.addr, &address.len);
	address_format(&address, where);
	log_warn("event=accept-paused error=%s address=%s", log_quote(strerror(problem)), where);
	evconnlistener_disable(socket);
}

static void on_look(void *arg)
{
	struct listen *listen = arg;

	if (listen->accepting)
		enable(listen, true);
	timer_set(listen->look, LOOK_US);
}

static void lend(struct listen *listen, struct evconnlistener *socket)
{
	listen->settings.on_lend(socket, listen->settings.arg);
	evconnlistener_set_error_cb(socket, on_lent_error);
	if (listen->look != NULL)
		return;
	listen->look = timer_new_of_clients(listen->settings.base, on_look, listen);
	timer_set(listen->look, LOOK_US);
}

/* --- sockets --------------------------------------------------------------------------------------------------- */

/* A socket that listens already: 0 leaves its backlog as it is. */
static struct evconnlistener *take_over(struct listen *listen, int fd)
{
	return evconnlistener_new(listen->settings.base, on_accept, listen, FLAGS, 0, fd);
}

static struct evconnlistener *bind_at(struct listen *listen, const struct address *address)
{
	return evconnlistener_new_bind(listen->settings.base, on_accept, listen, FLAGS, listen->settings.backlog,
	                               (const struct sockaddr *)&address->addr, (int)address->len);
}

static void add(struct listen *listen, struct evconnlistener *socket)
{
	if (listen->settings.on_lend != NULL)
		lend(listen, socket);
	else
		evconnlistener_set_error_cb(socket, on_error);
	listen->sockets = mem_array(listen->sockets, listen->socket_count + 1, sizeof(*listen->sockets));
	listen->sockets[listen->socket_count++] = socket;
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

static bool cannot_serve(const struct listen *listen, const char *address, struct err *err)
{
	const char *key = listen->settings.key;

	if (errno == EADDRINUSE)
		return err_set_errno(err, errno,
		                     "%s: cannot serve on %s (another program does; choose another port with \"%s\")",
		                     key, address, key);
	return err_set_errno(err, errno, "%s: cannot serve on %s%s", key, address,
	                     errno == EACCES ? " (ports below 1024 need root or CAP_NET_BIND_SERVICE)" : "");
}

bool listen_add(struct listen *listen, const char *text, struct err *err)
{
	const struct listen_settings *settings = &listen->settings;
	struct evconnlistener *socket;
	struct address address;
	unsigned tries = 0;

	if (!address_parse(text, &address))
		return err_set(err, "%s: \"%s\" is no ADDRESS:PORT", settings->key, text);
	int inherited = settings->inherited == NULL ? -1 : settings->inherited(text, settings->inherited_arg);
	do
		socket = inherited == -1 ? bind_at(listen, &address) : take_over(listen, inherited);
	while (socket == NULL && errno == EADDRINUSE && !settings->at_once && start_wait(&tries));
	if (socket == NULL)
		return cannot_serve(listen, text, err);
	tune(evconnlistener_get_fd(socket), &address);
	add(listen, socket);
	return true;
}

void listen_add_socket(struct listen *listen, int fd)
{
	add(listen, mem_must(take_over(listen, fd)));
}

/* What is lent belongs to evhttp, which closes it at its end, or where it is asked to. */
static void close_socket(struct listen *listen, struct evconnlistener *socket)
{
	const struct listen_settings *settings = &listen->settings;

	if (settings->on_lend == NULL)
		evconnlistener_free(socket);
	else if (settings->on_take_back != NULL)
		settings->on_take_back(socket, settings->arg);
	else
		evconnlistener_disable(socket);
}

void listen_stop(struct listen *listen)
{
	for (size_t i = 0; i < listen->socket_count; i++)
		close_socket(listen, listen->sockets[i]);
	listen->socket_count = 0;
}

/* --- making ---------------------------------------------------------------------------------------------------- */

static struct room *room_new(int64_t limit)
{
	struct room *room = mem_zero(sizeof(*room));

	SLIST_INIT(&room->listens);
	room->limit = limit;
	return room;
}

struct listen *listen_new(const struct listen_settings *settings)
{
	struct listen *listen = mem_zero(sizeof(*listen));

	listen->settings = *settings;
	listen->accepting = true;
	listen->room = settings->with != NULL ? settings->with->room : room_new(settings->limit);
	SLIST_INSERT_HEAD(&listen->room->listens, listen, same_room);
	set_pace(listen, settings->per_s);
	listen->refilled = timer_new_of_clients(settings->base, on_refilled, listen);
	listen->again = timer_new_of_clients(settings->base, on_again, listen);
	listen->more = loop_event_new(settings->base, LOOP_CLIENTS, -1, 0, on_more, listen);
	return listen;
}

void listen_free(struct listen *listen)
{
	if (listen == NULL)
		return;
	listen_stop(listen);
	SLIST_REMOVE(&listen->room->listens, listen, listen, same_room);
	if (SLIST_EMPTY(&listen->room->listens))
		free(listen->room);
	timer_free(listen->refilled);
	timer_free(listen->again);
	timer_free(listen->look);
	event_free(listen->more);
	free(listen->sockets);
	free(listen);
}
