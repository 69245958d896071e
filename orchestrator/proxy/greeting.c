/* greeting: one deadline, one handshake, and the handing over.
 *
 *   accepted -> its share is taken: closed
 *            -> handshake -> a connection | closed (late, gone, refused)
 */
#include "orchestrator/proxy/greeting.h"

#include "common/clock.h"
#include "common/container_of.h"
#include "common/mem.h"
#include "orchestrator/proxy/conn.h"
#include "orchestrator/proxy/http1.h"
#include "orchestrator/wire/crowd.h"
#include "orchestrator/wire/handshakes.h"
#include "orchestrator/wire/tls.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LAST_CALL_US 500000 /* for a client that has said nothing when the orchestrator begins to end */

struct greetings {
	struct conns *conns;
	struct handshakes *handshakes;
	struct crowd *crowd;
};

struct greeting {
	struct greetings *all;
	struct conns_link link;
	struct handshake handshake;
	struct deadline deadline;
	struct deferred deferred;
	struct sockaddr_storage peer;
	struct crowd_key key;
	bool heralded;
	bool counted; /* in the crowd */
	int fd;
	int64_t since_us;
};

/* --- the end --------------------------------------------------------------------------------------------------- */

static void on_free(struct deferred *deferred)
{
	free(container_of(deferred, struct greeting, deferred));
}

/* Whatever becomes of the socket. */
static void finish(struct greeting *greeting)
{
	const struct conns_settings *settings = conns_settings(greeting->all->conns);

	handshake_stop(&greeting->handshake);
	deadline_remove(settings->deadlines, &greeting->deadline);
	if (greeting->counted)
		crowd_leave(greeting->all->crowd, &greeting->key);
	defer_call(settings->defer, &greeting->deferred);
}

static void close_greeting(struct greeting *greeting)
{
	finish(greeting);
	close(greeting->fd);
	conns_remove(greeting->all->conns, &greeting->link);
}

/* tls: NULL: in clear, on the wrong port. */
static void hand_over(struct greeting *greeting, struct tls *tls)
{
	struct conns *conns = greeting->all->conns;
	struct conn_socket socket = {.fd = greeting->fd,
	                             .peer = (const struct sockaddr *)&greeting->peer,
	                             .heralded = greeting->heralded,
	                             .tls = tls,
	                             .misplaced = tls == NULL,
	                             .spent_us = clock_us() - greeting->since_us};

	finish(greeting);
	conns_pass_on(conns, &greeting->link);
	http1_open(conns, &socket);
}

static void on_end(struct handshake *handshake, enum handshake_result result)
{
	struct greeting *greeting = container_of(handshake, struct greeting, handshake);
	struct tls *tls = handshake->tls;

	if (result != HANDSHAKE_FULL && result != HANDSHAKE_RESUMED && result != HANDSHAKE_CLEAR) {
		close_greeting(greeting);
		return;
	}
	handshake->tls = NULL;
	hand_over(greeting, tls);
}

static void on_deadline(struct deadline *deadline)
{
	struct greeting *greeting = container_of(deadline, struct greeting, deadline);

	handshakes_note(greeting->all->handshakes, HANDSHAKE_LATE);
	close_greeting(greeting);
}

/* --- for conns ------------------------------------------------------------------------------------------------- */

static void leave(struct conns_link *link)
{
	close_greeting(container_of(link, struct greeting, link));
}

static void last_call(struct conns_link *link)
{
	struct greeting *greeting = container_of(link, struct greeting, link);

	if (!handshake_has_begun(&greeting->handshake))
		deadline_hasten(&greeting->deadline, clock_us() + LAST_CALL_US);
}

static const struct conns_ops ops = {.leave = leave, .yield = leave, .last_call = last_call};

/* --- the beginning --------------------------------------------------------------------------------------------- */

/* Many clients may stand behind one that is trusted. */
static bool has_its_share(struct greeting *greeting)
{
	struct greetings *all = greeting->all;
	const struct sockaddr *peer = (const struct sockaddr *)&greeting->peer;

	if (conns_trusts(all->conns, peer) || conns_expects_header(all->conns, peer))
		return false;
	greeting->counted = crowd_enter(all->crowd, peer, clock_recent_us(), &greeting->key);
	return !greeting->counted;
}

void greeting_open(struct greetings *greetings, const struct conn_socket *socket)
{
	const struct conns_settings *settings = conns_settings(greetings->conns);
	struct greeting *greeting = mem_zero(sizeof(*greeting));

	greeting->all = greetings;
	greeting->fd = socket->fd;
	greeting->heralded = socket->heralded;
	greeting->since_us = clock_us() - socket->spent_us;
	greeting->deferred.run = on_free;
	memcpy(&greeting->peer, socket->peer,
	       socket->peer->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in));
	conns_add(greetings->conns, &greeting->link, &ops);
	conns_idle(greetings->conns, &greeting->link);
	deadline_add(settings->deadlines, &greeting->deadline, on_deadline);
	deadline_set(&greeting->deadline, greeting->since_us + settings->config->head_timeout_ms * 1000);
	if (has_its_share(greeting)) {
		handshakes_note(greetings->handshakes, HANDSHAKE_CROWDED);
		close_greeting(greeting);
		return;
	}
	handshake_start(greetings->handshakes, &greeting->handshake, socket->fd, on_end);
	if (conns_is_draining(greetings->conns))
		last_call(&greeting->link);
}

/* --- all of them ----------------------------------------------------------------------------------------------- */

const struct handshakes *greetings_handshakes(const struct greetings *greetings)
{
	return greetings->handshakes;
}

struct greetings *greetings_new(struct conns *conns, struct tls_server *server)
{
	struct greetings *greetings = mem_zero(sizeof(*greetings));

	greetings->conns = conns;
	greetings->handshakes = handshakes_new(conns_settings(conns)->base, server);
	greetings->crowd = crowd_new();
	return greetings;
}

void greetings_free(struct greetings *greetings)
{
	if (greetings == NULL)
		return;
	handshakes_free(greetings->handshakes);
	crowd_free(greetings->crowd);
	free(greetings);
}
