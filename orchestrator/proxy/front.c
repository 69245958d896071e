/* front: listening sockets, and the connections that came from them.
 *
 * At max_connections a newcomer is accepted only for a connection that is idle. (Idle ones that have just begun to speak are
 * kept: then it may be one more.)
 */
#include "orchestrator/proxy/front.h"

#include "common/mem.h"
#include "orchestrator/proxy/http1.h"
#include "orchestrator/proxy/http1_evhttp.h"
#include "orchestrator/wire/listen.h"

#include <stdlib.h>

#define BACKLOG 4096
#define YIELDS_MAX 16 /* idle connections looked at for one newcomer */

struct front {
	struct listen *listen;
	struct conns *conns;
	struct http1_evhttp *evhttp; /* NULL: connections are our own */
	int64_t limit;
};

unsigned front_connections(const struct front *front)
{
	return conns_count(front->conns);
}

struct conns *front_conns(const struct front *front)
{
	return front->conns;
}

/* --- for listen, and for conns --------------------------------------------------------------------------------- */

static void on_accept(int fd, const struct sockaddr *peer, void *arg)
{
	const struct front *front = arg;

	http1_open(front->conns, fd, peer);
}

static bool may_yield(void *arg)
{
	const struct front *front = arg;

	return conns_has_idle(front->conns);
}

/* Those found speaking are not idle, and not looked at again. */
static bool yield(void *arg)
{
	const struct front *front = arg;
	unsigned before = conns_count(front->conns);

	for (int i = 0; i < YIELDS_MAX && conns_count(front->conns) == before && conns_has_idle(front->conns); i++)
		conns_yield(front->conns);
	return conns_count(front->conns) < before;
}

/* With evhttp, which accepts first and asks nobody. */
static void on_coming(void *arg)
{
	struct front *front = arg;

	for (int i = 0; i < YIELDS_MAX && (int64_t)listen_count(front->listen) >= front->limit; i++)
		if (!yield(front))
			break;
	listen_count_in(front->listen);
}

static void on_lend(struct evconnlistener *listener, void *arg)
{
	const struct front *front = arg;

	http1_evhttp_lend(front->evhttp, listener);
}

static void on_take_back(struct evconnlistener *listener, void *arg)
{
	const struct front *front = arg;

	http1_evhttp_give_back(front->evhttp, listener);
}

static void on_gone(void *arg)
{
	const struct front *front = arg;

	listen_count_out(front->listen);
}

static void on_idle_changed(void *arg)
{
	const struct front *front = arg;

	listen_update(front->listen);
}

/* --- the whole ------------------------------------------------------------------------------------------------- */

static struct listen *listen_for(struct front *front, const struct front_settings *settings)
{
	bool lent = front->evhttp != NULL;

	return listen_new(&(struct listen_settings){.base = settings->conns.base,
	                                            .key = "listen",
	                                            .backlog = BACKLOG,
	                                            .limit = front->limit,
	                                            .on_accept = on_accept,
	                                            .on_lend = lent ? on_lend : NULL,
	                                            .on_take_back = lent ? on_take_back : NULL,
	                                            .may_yield = may_yield,
	                                            .yield = yield,
	                                            .inherited = settings->inherited,
	                                            .arg = front,
	                                            .inherited_arg = settings->inherited_arg});
}

bool front_new(const struct front_settings *settings, struct front **result, struct err *err)
{
	struct front *front = mem_zero(sizeof(*front));
	struct conns_settings conns = settings->conns;
	const struct strings *addresses = &conns.config->listen;

	conns.on_gone = on_gone;
	conns.on_idle_changed = on_idle_changed;
	conns.front = front;
	front->conns = conns_new(&conns);
	front->limit = conns.config->max_connections;
	if (conns.config->http1 == CONFIG_HTTP1_EVHTTP)
		front->evhttp = http1_evhttp_new(conns.base, front->conns, on_coming, front);
	front->listen = listen_for(front, settings);
	for (size_t i = 0; i < addresses->count; i++) {
		if (!listen_add(front->listen, addresses->items[i], err)) {
			front_free(front);
			return false;
		}
	}
	*result = front;
	return true;
}

void front_reload(struct front *front, const struct config *config)
{
	conns_reload(front->conns, config);
	front->limit = config->max_connections;
	listen_set_limit(front->listen, front->limit);
}

void front_free(struct front *front)
{
	if (front == NULL)
		return;
	listen_stop(front->listen);
	conns_free(front->conns);
	http1_free_spares();
	listen_free(front->listen);
	http1_evhttp_free(front->evhttp);
	free(front);
}

void front_drain(struct front *front)
{
	listen_stop(front->listen);
	conns_drain(front->conns);
}
