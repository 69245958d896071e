/* herald: looks at what has come without taking it, until that is a header.
 *
 *   accepted -> (bytes) -> a header: taken, handed over
 *                       -> none: closed, and said once in a while
 *            -> late, gone: closed
 *
 * Edge-triggered: what stays in the socket is told of once.
 */
#include "orchestrator/proxy/herald.h"

#include "common/clock.h"
#include "common/container_of.h"
#include "common/log.h"
#include "common/mem.h"
#include "orchestrator/base/loop.h"
#include "orchestrator/proxy/conn.h"
#include "orchestrator/wire/proxy_header.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LAST_CALL_US 500000 /* for who has said nothing when the orchestrator begins to end */
#define WARN_EVERY_US 10000000

struct heralds {
	struct conns *conns;
	uint64_t refused;
	int64_t warned_us; /* 0: never */
};

struct herald {
	struct heralds *all;
	struct conns_link link;
	struct event ready;
	struct deadline deadline;
	struct deferred deferred;
	struct sockaddr_storage peer;
	int fd;
	bool begun; /* some of the header has come */
	int64_t since_us;
	herald_done *done;
	void *arg;
};

/* --- the end --------------------------------------------------------------------------------------------------- */

static void on_free(struct deferred *deferred)
{
	free(container_of(deferred, struct herald, deferred));
}

/* Whatever becomes of the socket. */
static void finish(struct herald *herald)
{
	const struct conns_settings *settings = conns_settings(herald->all->conns);

	event_del(&herald->ready);
	deadline_remove(settings->deadlines, &herald->deadline);
	defer_call(settings->defer, &herald->deferred);
}

static void close_herald(struct herald *herald)
{
	finish(herald);
	close(herald->fd);
	conns_remove(herald->all->conns, &herald->link);
}

static void hand_over(struct herald *herald, const struct proxy_header *header)
{
	const struct conn_socket socket = {
	        .fd = herald->fd,
	        .peer = (const struct sockaddr *)(header->source.len > 0 ? &header->source.addr : &herald->peer),
	        .heralded = true,
	        .spent_us = clock_us() - herald->since_us};

	finish(herald);
	conns_pass_on(herald->all->conns, &herald->link);
	herald->done(&socket, herald->arg);
}

/* --- the header ------------------------------------------------------------------------------------------------ */

/* Who does not know that it is expected of him would never find out. */
static void warn_missing(struct herald *herald)
{
	struct heralds *all = herald->all;
	char peer[INET6_ADDRSTRLEN];

	all->refused++;
	if (all->warned_us != 0 && clock_us() - all->warned_us < WARN_EVERY_US)
		return;
	all->warned_us = clock_us();
	address_format_host((const struct sockaddr *)&herald->peer, peer);
	log_warn(
	        "event=proxy-header-missing peer=%s connections=%llu: they were closed, for the address is in "
	        "proxy_protocol_from: let it send the header (HAProxy: send-proxy-v2, its checks: check-send-proxy), or take it out",
	        peer, (unsigned long long)all->refused);
}

/* Of the bytes that were looked at. */
static void take(struct herald *herald, const struct proxy_header *header)
{
	char bytes[PROXY_HEADER_MAX];

	if (recv(herald->fd, bytes, header->size, 0) == (ssize_t)header->size)
		hand_over(herald, header);
	else
		close_herald(herald); /* cannot be: they were there */
}

static void on_ready(evutil_socket_t fd, short what, void *arg)
{
	struct herald *herald = arg;
	char bytes[PROXY_HEADER_MAX];
	ssize_t got = recv(fd, bytes, sizeof(bytes), MSG_PEEK);
	struct proxy_header header;

	(void)what;
	if (got == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		close_herald(herald);
		return;
	}
	switch (proxy_header_read(bytes, (size_t)got, &header)) {
	case PROXY_HEADER_MORE:
		herald->begun = true;
		break;
	case PROXY_HEADER_DONE:
		take(herald, &header);
		break;
	case PROXY_HEADER_BAD:
		warn_missing(herald);
		close_herald(herald);
		break;
	}
}

static void on_deadline(struct deadline *deadline)
{
	struct herald *herald = container_of(deadline, struct herald, deadline);

	if (herald->begun || !conns_is_draining(herald->all->conns))
		warn_missing(herald);
	close_herald(herald);
}

/* --- for conns ------------------------------------------------------------------------------------------------- */

static void leave(struct conns_link *link)
{
	close_herald(container_of(link, struct herald, link));
}

static void last_call(struct conns_link *link)
{
	struct herald *herald = container_of(link, struct herald, link);

	if (!herald->begun)
		deadline_hasten(&herald->deadline, clock_us() + LAST_CALL_US);
}

static const struct conns_ops ops = {.leave = leave, .yield = leave, .last_call = last_call};

/* --- the beginning --------------------------------------------------------------------------------------------- */

void herald_open(struct heralds *heralds, int fd, const struct sockaddr *peer, herald_done *done, void *arg)
{
	const struct conns_settings *settings = conns_settings(heralds->conns);
	struct herald *herald = mem_zero(sizeof(*herald));

	herald->all = heralds;
	herald->fd = fd;
	herald->since_us = clock_us();
	herald->done = done;
	herald->arg = arg;
	herald->deferred.run = on_free;
	memcpy(&herald->peer, peer,
	       peer->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in));
	conns_add(heralds->conns, &herald->link, &ops);
	conns_idle(heralds->conns, &herald->link);
	deadline_add(settings->deadlines, &herald->deadline, on_deadline);
	deadline_set(&herald->deadline, herald->since_us + settings->config->head_timeout_ms * 1000);
	loop_event_assign(&herald->ready, settings->base, LOOP_CLIENTS, fd, EV_READ | EV_ET | EV_PERSIST, on_ready,
	                  herald);
	event_add(&herald->ready, NULL);
}

struct heralds *heralds_new(struct conns *conns)
{
	struct heralds *heralds = mem_zero(sizeof(*heralds));

	heralds->conns = conns;
	return heralds;
}

void heralds_free(struct heralds *heralds)
{
	free(heralds);
}
