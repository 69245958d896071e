/* handshakes: queues of those that can go on, and a budget of time for each turn of the loop.
 *
 *   waiting for the socket -> queued -> a step (tls_shake) -> waiting ... -> done
 *
 * Those whose first step is done go before those that are new: what is left of them costs little (the signature is in the first), and
 * in a crowd one that is begun is over soon, where it would else wait behind as many first steps at each of its own.
 *
 * Not a low priority of the loop: that would let them starve for as long as anybody else has anything to do, and clients give
 * up waiting. A turn is at most LOOP_CLIENTS_AT_ONCE callbacks of others, so that they get their share, and no more.
 * Invariant: `step` is added while anybody is queued.
 */
#include "orchestrator/wire/handshakes.h"

#include "common/clock.h"
#include "common/mem.h"
#include "orchestrator/base/loop.h"
#include "orchestrator/wire/tls.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* Two of P-256, one of RSA. */
#define BUDGET_US 300
#define TLS_HANDSHAKE_RECORD 0x16

TAILQ_HEAD(handshake_queue, handshake);

struct handshakes {
	struct event_base *base;
	struct tls_server *server;
	struct event *step;
	bool stepping; /* it is added */
	struct handshake_queue begun, new;
	uint64_t counts[HANDSHAKE_VERSIONS][HANDSHAKE_RESULTS];
};

const char *handshake_result_text(enum handshake_result result)
{
	static const char *const words[HANDSHAKE_RESULTS] = {
	        [HANDSHAKE_FULL] = "full",       [HANDSHAKE_RESUMED] = "resumed", [HANDSHAKE_CHALLENGE] = "challenge",
	        [HANDSHAKE_REFUSED] = "refused", [HANDSHAKE_CLEAR] = "clear",     [HANDSHAKE_GARBAGE] = "garbage",
	        [HANDSHAKE_GONE] = "gone",       [HANDSHAKE_LATE] = "late",       [HANDSHAKE_CROWDED] = "crowded",
	};

	return words[result];
}

const char *handshake_version_text(enum handshake_version version)
{
	static const char *const words[HANDSHAKE_VERSIONS] = {"-", "1.2", "1.3"};

	return words[version];
}

uint64_t handshakes_count(const struct handshakes *all, enum handshake_version version, enum handshake_result result)
{
	return all->counts[version][result];
}

void handshakes_note(struct handshakes *all, enum handshake_result result)
{
	all->counts[HANDSHAKE_NO_VERSION][result]++;
}

/* --- one of them ----------------------------------------------------------------------------------------------- */

static enum handshake_version version_of(const struct tls *tls)
{
	enum handshake_version version = HANDSHAKE_VERSIONS - 1;

	while (version > HANDSHAKE_NO_VERSION &&
	       (tls == NULL || strcmp(tls_version(tls), handshake_version_text(version)) != 0))
		version--;
	return version;
}

static void leave_queue(struct handshake *handshake)
{
	if (handshake->queue != NULL)
		TAILQ_REMOVE(handshake->queue, handshake, turn);
	handshake->queue = NULL;
}

static void take_out(struct handshake *handshake)
{
	event_del(&handshake->ready);
	leave_queue(handshake);
	handshake->all = NULL;
}

static void end(struct handshake *handshake, enum handshake_result result)
{
	handshake->all->counts[version_of(handshake->tls)][result]++;
	take_out(handshake);
	if (result > HANDSHAKE_RESUMED) {
		tls_free(handshake->tls);
		handshake->tls = NULL;
	}
	handshake->on_end(handshake, result);
}

void handshake_stop(struct handshake *handshake)
{
	if (handshake->all == NULL)
		return;
	take_out(handshake);
	tls_free(handshake->tls);
	handshake->tls = NULL;
}

bool handshake_has_begun(const struct handshake *handshake)
{
	return handshake->tls != NULL;
}

static void on_ready(evutil_socket_t fd, short what, void *arg);

static void wait_for(struct handshake *handshake, short what)
{
	loop_event_assign(&handshake->ready, handshake->all->base, LOOP_CLIENTS, handshake->fd, what, on_ready,
	                  handshake);
	event_add(&handshake->ready, NULL);
}

static enum handshake_result how_done(const struct tls *tls)
{
	if (tls_is_challenge(tls))
		return HANDSHAKE_CHALLENGE;
	return tls_is_resumed(tls) ? HANDSHAKE_RESUMED : HANDSHAKE_FULL;
}

static void shake(struct handshake *handshake)
{
	handshake->stepped = true;
	switch (tls_shake(handshake->tls)) {
	case TLS_DONE:
		end(handshake, how_done(handshake->tls));
		break;
	case TLS_WANTS_READ:
		wait_for(handshake, EV_READ);
		break;
	case TLS_WANTS_WRITE:
		wait_for(handshake, EV_WRITE);
		break;
	case TLS_GONE:
		end(handshake, HANDSHAKE_GONE);
		break;
	case TLS_REFUSED:
		end(handshake, HANDSHAKE_REFUSED);
		break;
	}
}

/* --- in turn --------------------------------------------------------------------------------------------------- */

/* Behind the next look for what the sockets have: an event that is merely made active would run in this same turn. */
static void go_on(struct handshakes *all)
{
	struct timeval now = clock_timeval(0);

	if (!all->stepping)
		event_add(all->step, &now);
	all->stepping = true;
}

static struct handshake *next(const struct handshakes *all)
{
	struct handshake *first = TAILQ_FIRST(&all->begun);

	return first != NULL ? first : TAILQ_FIRST(&all->new);
}

static void on_step(evutil_socket_t fd, short what, void *arg)
{
	struct handshakes *all = arg;
	int64_t until_us = clock_us() + BUDGET_US;
	struct handshake *first;

	(void)fd;
	(void)what;
	all->stepping = false;
	while ((first = next(all)) != NULL && clock_us() < until_us) {
		leave_queue(first);
		shake(first);
	}
	if (first != NULL)
		go_on(all);
}

static void queue(struct handshake *handshake)
{
	struct handshakes *all = handshake->all;

	handshake->queue = handshake->stepped ? &all->begun : &all->new;
	TAILQ_INSERT_TAIL(handshake->queue, handshake, turn);
	go_on(all);
}

/* --- the first byte -------------------------------------------------------------------------------------------- */

static void begin(struct handshake *handshake)
{
	handshake->tls = tls_new(handshake->all->server, handshake->fd);
	if (handshake->tls != NULL)
		queue(handshake);
	else
		end(handshake, HANDSHAKE_GONE);
}

static void look_at_first(struct handshake *handshake)
{
	unsigned char byte;
	ssize_t got = recv(handshake->fd, &byte, 1, MSG_PEEK);

	if (got == -1 && (errno == EAGAIN || errno == EINTR))
		wait_for(handshake, EV_READ);
	else if (got != 1)
		end(handshake, HANDSHAKE_GONE);
	else if (byte == TLS_HANDSHAKE_RECORD)
		begin(handshake);
	else
		end(handshake, byte >= 'A' && byte <= 'Z' ? HANDSHAKE_CLEAR : HANDSHAKE_GARBAGE);
}

static void on_ready(evutil_socket_t fd, short what, void *arg)
{
	struct handshake *handshake = arg;

	(void)fd;
	(void)what;
	if (handshake->tls == NULL)
		look_at_first(handshake);
	else
		queue(handshake);
}

void handshake_start(struct handshakes *all, struct handshake *handshake, int fd,
                     void (*on_end)(struct handshake *handshake, enum handshake_result result))
{
	*handshake = (struct handshake){.all = all, .on_end = on_end, .fd = fd};
	wait_for(handshake, EV_READ);
}

/* --- all of them ----------------------------------------------------------------------------------------------- */

struct handshakes *handshakes_new(struct event_base *base, struct tls_server *server)
{
	struct handshakes *all = mem_zero(sizeof(*all));

	all->base = base;
	all->server = server;
	all->step = loop_event_new(base, LOOP_CLIENTS, -1, 0, on_step, all);
	TAILQ_INIT(&all->begun);
	TAILQ_INIT(&all->new);
	return all;
}

void handshakes_free(struct handshakes *all)
{
	if (all == NULL)
		return;
	event_free(all->step);
	free(all);
}
