/* seats: a stack of free evhttp connections, last used first, and a list of guests for when it is empty.
 *
 * evhttp makes a connection only by accepting one. So a seat begins as a connection to a listener of evhttp's at a unix
 * address that the kernel chose; who comes from outside this process is turned away. Once evhttp has made its objects
 * the sockets are closed: a seat needs none, its bufferevent never reads or writes.
 * Seats are made ahead, in the loop's own time, whenever few are free.
 */
#include "orchestrator/proxy/seats.h"

#include "common/log.h"
#include "common/mem.h"
#include "orchestrator/base/loop.h"

#include <assert.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define SEATS_FIRST 64 /* made at the start, and the least that is added later */
#define SEATS_FEW 16   /* with fewer free ones more are made */
#define BACKLOG 4096
#define AGAIN_MS 100 /* after EMFILE and the like: no back-off, a try is one accept */

static const char canonical[] = "GET / HTTP/1.1\r\n\r\n";
#define CANONICAL_LEN (sizeof(canonical) - 1)

struct seat {
	struct bufferevent *bev; /* evhttp's, as long as the seat */
	struct evhttp_request *req;
	struct guest *guest; /* NULL: free */
	struct seat *next; /* free, or newborn: evhttp asked for the bufferevent, its connection follows in this turn */
};

struct seats {
	struct event_base *base;
	struct defer *defer;
	void (*on_seated)(struct guest *guest);
	struct evhttp *http;
	struct evconnlistener *listener; /* evhttp's */
	struct sockaddr_un address;
	socklen_t address_len;
	struct event *again;
	struct deferred settle;
	struct seat *newborn;
	struct seat *free;
	unsigned free_count;
	unsigned count;
	unsigned coming;       /* connected, not accepted yet */
	struct seat *entering; /* evhttp works on its canonical head: on the stack below us */
	struct guest *first_waiting, *last_waiting;
};

/* --- sitting down ---------------------------------------------------------------------------------------------- */

static void enter(struct seats *seats, struct guest *guest)
{
	struct seat *seat = seats->free;
	struct evbuffer *input = bufferevent_get_input(seat->bev);

	seats->free = seat->next;
	seats->free_count--;
	seat->guest = guest;
	guest->seat = seat;
	evbuffer_unfreeze(input, 0); /* a socket's input buffer takes bytes from its own reads only */
	int rc = evbuffer_add(input, canonical, CANONICAL_LEN);
	mem_must(rc == 0 ? input : NULL);
	evbuffer_freeze(input, 0);
	seats->entering = seat;
	bufferevent_trigger(seat->bev, EV_READ, 0); /* evhttp calls on_request before this returns */
	assert(seats->entering == NULL);
}

static void on_request(struct evhttp_request *req, void *arg)
{
	struct seats *seats = arg;
	struct seat *seat = seats->entering;

	seat->req = req;
	seats->on_seated(seat->guest);
	seats->entering = NULL;
}

static void wait_for_seat(struct seats *seats, struct guest *guest)
{
	guest->waiting = true;
	guest->prev = seats->last_waiting;
	guest->next = NULL;
	if (seats->last_waiting != NULL)
		seats->last_waiting->next = guest;
	else
		seats->first_waiting = guest;
	seats->last_waiting = guest;
}

static void stop_waiting(struct seats *seats, struct guest *guest)
{
	if (guest->prev != NULL)
		guest->prev->next = guest->next;
	else
		seats->first_waiting = guest->next;
	if (guest->next != NULL)
		guest->next->prev = guest->prev;
	else
		seats->last_waiting = guest->prev;
	guest->prev = guest->next = NULL;
	guest->waiting = false;
}

void seats_take(struct seats *seats, struct guest *guest)
{
	assert(guest->seat == NULL && !guest->waiting);
	if (seats->free_count < SEATS_FEW)
		defer_call(seats->defer, &seats->settle);
	if (seats->free == NULL || seats->first_waiting != NULL || seats->entering != NULL)
		wait_for_seat(seats, guest);
	else
		enter(seats, guest);
}

void seats_leave(struct seats *seats, struct guest *guest)
{
	struct seat *seat = guest->seat;

	if (guest->waiting)
		stop_waiting(seats, guest);
	if (seat == NULL)
		return;
	struct evhttp_request *req = seat->req;
	seat->req = NULL;
	seat->guest = NULL;
	guest->seat = NULL;
	evhttp_send_reply_end(req); /* nothing is written: evhttp frees it and starts the next one */
	seat->next = seats->free;
	seats->free = seat;
	seats->free_count++;
	if (seats->first_waiting != NULL)
		defer_call(seats->defer, &seats->settle);
}

/* --- making seats ---------------------------------------------------------------------------------------------- */

static bool knock(const struct seats *seats)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd == -1)
		return false;
	int rc = connect(fd, (const struct sockaddr *)&seats->address, seats->address_len);
	close(fd); /* the other end can still be accepted */
	return rc == 0;
}

static void try_again_soon(struct seats *seats)
{
	event_add(seats->again, &(struct timeval){0, AGAIN_MS * 1000});
}

static void grow(struct seats *seats)
{
	unsigned more = seats->count / 2 > SEATS_FIRST ? seats->count / 2 : SEATS_FIRST;

	while (seats->coming < more && knock(seats))
		seats->coming++;
	if (seats->coming < more)
		try_again_soon(seats);
}

static bool is_ours(int fd)
{
	struct ucred peer = {0};
	socklen_t len = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 && peer.pid == getpid();
}

/* evhttp made its connection by now: it is the argument of the bufferevent's callbacks. */
static void adopt(struct seats *seats, struct seat *seat)
{
	void *evcon = NULL;
	int fd = bufferevent_getfd(seat->bev);

	bufferevent_getcb(seat->bev, NULL, NULL, NULL, &evcon);
	bool ours = evcon != NULL && is_ours(fd);
	bufferevent_decref(seat->bev);
	if (!ours) {
		if (evcon != NULL)
			evhttp_connection_free(evcon);
		free(seat);
		return;
	}
	bufferevent_disable(seat->bev, EV_READ);
	bufferevent_setfd(seat->bev, -1);
	close(fd);
	seats->coming -= seats->coming > 0;
	seats->count++;
	seat->next = seats->free;
	seats->free = seat;
	seats->free_count++;
}

static void on_settle(struct deferred *deferred)
{
	struct seats *seats = (struct seats *)((char *)deferred - offsetof(struct seats, settle));

	while (seats->newborn != NULL) {
		struct seat *seat = seats->newborn;
		seats->newborn = seat->next;
		adopt(seats, seat);
	}
	while (seats->first_waiting != NULL && seats->free != NULL) {
		struct guest *guest = seats->first_waiting;
		stop_waiting(seats, guest);
		enter(seats, guest);
	}
	if (seats->free_count < SEATS_FEW && seats->coming == 0)
		grow(seats);
}

static struct bufferevent *on_new_connection(struct event_base *base, void *arg)
{
	struct seats *seats = arg;
	struct seat *seat = mem_zero(sizeof(*seat));

	seat->bev = mem_must(bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE));
	bufferevent_incref(seat->bev); /* until it is adopted: evhttp may give up on it */
	seat->next = seats->newborn;
	seats->newborn = seat;
	defer_call(seats->defer, &seats->settle);
	return seat->bev;
}

static void on_again(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	struct seats *seats = arg;
	evconnlistener_enable(seats->listener);
	defer_call(seats->defer, &seats->settle);
}

/* There is one in a process; evhttp took over the argument of its listener's callbacks. */
static struct seats *only_seats;

/* Out of descriptors: seats that are there are used meanwhile. */
static void on_accept_error(struct evconnlistener *listener, void *arg)
{
	(void)arg;
	evconnlistener_disable(listener);
	try_again_soon(only_seats);
}

/* --- the whole ------------------------------------------------------------------------------------------------- */

/* Bound without a name, so that the kernel chooses one (unix(7), autobind). */
static bool listen_somewhere(struct seats *seats, struct err *err)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct sockaddr_un *address = &seats->address;

	address->sun_family = AF_UNIX;
	seats->address_len = sizeof(*address);
	if (fd == -1)
		return err_set_errno(err, errno, "cannot make a unix socket");
	if (bind(fd, (struct sockaddr *)address, sizeof(address->sun_family)) == -1 || listen(fd, BACKLOG) == -1 ||
	    getsockname(fd, (struct sockaddr *)address, &seats->address_len) == -1) {
		err_set_errno(err, errno, "cannot listen on a unix socket of our own");
		close(fd);
		return false;
	}
	seats->listener = mem_must(
	        evconnlistener_new(seats->base, NULL, NULL, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd));
	mem_must(evhttp_bind_listener(seats->http, seats->listener));
	evconnlistener_set_error_cb(seats->listener, on_accept_error);
	return true;
}

bool seats_new(struct event_base *base, struct defer *defer, void (*on_seated)(struct guest *guest),
               struct seats **result, struct err *err)
{
	assert(only_seats == NULL);
	struct seats *seats = only_seats = mem_zero(sizeof(*seats));
	seats->base = base;
	seats->defer = defer;
	seats->on_seated = on_seated;
	seats->settle.run = on_settle;
	seats->http = mem_must(evhttp_new(base));
	seats->again = loop_event_new(base, LOOP_CLIENTS, -1, 0, on_again, seats);
	evhttp_set_bevcb(seats->http, on_new_connection, seats);
	evhttp_set_gencb(seats->http, on_request, seats);
	if (!listen_somewhere(seats, err)) {
		seats_free(seats);
		return false;
	}
	grow(seats);
	*result = seats;
	return true;
}

void seats_free(struct seats *seats)
{
	if (seats == NULL)
		return;
	assert(seats->first_waiting == NULL);
	defer_run(seats->defer); /* newborn ones are adopted */
	while (seats->free != NULL) {
		struct seat *seat = seats->free;
		seats->free = seat->next;
		free(seat);
	}
	/* Frees its connections, too, and says shutdown() to the numbers that their sockets had: by now those are closed, or
	 * belong to what is about to end as well. */
	evhttp_free(seats->http);
	event_free(seats->again);
	free(seats);
	only_seats = NULL;
}
