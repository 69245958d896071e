/* front: listening sockets, and the connections that came from them.
 *
 * At max_connections a newcomer is accepted only for a connection that is idle. (Idle ones that have just begun to speak are
 * kept: then it may be one more.)
 */
#include "orchestrator/proxy/front.h"

#include "common/mem.h"
#include "orchestrator/proxy/conn.h"
#include "orchestrator/proxy/greeting.h"
#include "orchestrator/proxy/herald.h"
#include "orchestrator/proxy/http1.h"
#include "orchestrator/proxy/http1_evhttp.h"
#include "orchestrator/wire/listen.h"

#include <stdlib.h>

#define BACKLOG 4096
#define YIELDS_MAX 16 /* idle connections looked at for one newcomer */

struct front {
	struct listen *listen;
	struct listen *tls_listen; /* NULL: no TLS is spoken */
	struct greetings *greetings;
	struct heralds *heralds;
	struct conns *conns;
	struct http1_evhttp *evhttp; /* NULL: connections are our own */
	int64_t limit;
};

unsigned front_connections(const struct front *front)
{
	return conns_count(front->conns);
}

const struct handshakes *front_handshakes(const struct front *front)
{
	return front->greetings != NULL ? greetings_handshakes(front->greetings) : NULL;
}

struct conns *front_conns(const struct front *front)
{
	return front->conns;
}

/* --- for listen, and for conns --------------------------------------------------------------------------------- */

static void open_clear(const struct conn_socket *socket, void *arg)
{
	const struct front *front = arg;

	http1_open(front->conns, socket);
}

static void open_tls(const struct conn_socket *socket, void *arg)
{
	const struct front *front = arg;

	greeting_open(front->greetings, socket);
}

/* Of whose connections it is must be said first where a load balancer stands in front. */
static void begin(struct front *front, int fd, const struct sockaddr *peer, herald_done *open)
{
	if (conns_expects_header(front->conns, peer))
		herald_open(front->heralds, fd, peer, open, front);
	else
		open(&(struct conn_socket){.fd = fd, .peer = peer}, front);
}

static void on_accept(int fd, const struct sockaddr *peer, void *arg)
{
	begin(arg, fd, peer, open_clear);
}

static void on_accept_tls(int fd, const struct sockaddr *peer, void *arg)
{
	begin(arg, fd, peer, open_tls);
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

static struct listen *tls_listen_for(struct front *front, const struct front_settings *settings)
{
	return listen_new(&(struct listen_settings){.base = settings->conns.base,
	                                            .key = "tls.listen",
	                                            .backlog = BACKLOG,
	                                            .with = front->listen,
	                                            .per_s = settings->conns.config->tls.max_handshakes_per_s,
	                                            .on_accept = on_accept_tls,
	                                            .may_yield = may_yield,
	                                            .yield = yield,
	                                            .inherited = settings->inherited,
	                                            .arg = front,
	                                            .inherited_arg = settings->inherited_arg});
}

static bool listen_all(struct listen *listen, const struct strings *addresses, struct err *err)
{
	for (size_t i = 0; i < addresses->count; i++)
		if (!listen_add(listen, addresses->items[i], err))
			return false;
	return true;
}

bool front_new(const struct front_settings *settings, struct front **result, struct err *err)
{
	struct front *front = mem_zero(sizeof(*front));
	struct conns_settings conns = settings->conns;
	const struct config *config = conns.config;

	conns.on_gone = on_gone;
	conns.on_idle_changed = on_idle_changed;
	conns.front = front;
	front->conns = conns_new(&conns);
	front->heralds = heralds_new(front->conns);
	front->limit = config->max_connections;
	if (config->http1 == CONFIG_HTTP1_EVHTTP)
		front->evhttp = http1_evhttp_new(conns.base, front->conns, on_coming, front);
	front->listen = listen_for(front, settings);
	if (settings->tls != NULL) {
		front->greetings = greetings_new(front->conns, settings->tls);
		front->tls_listen = tls_listen_for(front, settings);
	}
	if (!listen_all(front->listen, &config->listen, err) ||
	    (settings->tls != NULL && !listen_all(front->tls_listen, &config->tls.listen, err))) {
		front_free(front);
		return false;
	}
	*result = front;
	return true;
}

void front_reload(struct front *front, const struct config *config)
{
	conns_reload(front->conns, config);
	front->limit = config->max_connections;
	listen_set_limit(front->listen, front->limit);
	if (front->tls_listen != NULL)
		listen_set_pace(front->tls_listen, config->tls.max_handshakes_per_s);
}

static void stop_listening(struct front *front)
{
	listen_stop(front->listen);
	if (front->tls_listen != NULL)
		listen_stop(front->tls_listen);
}

void front_free(struct front *front)
{
	if (front == NULL)
		return;
	stop_listening(front);
	conns_free(front->conns);
	greetings_free(front->greetings);
	heralds_free(front->heralds);
	http1_free_spares();
	listen_free(front->tls_listen);
	listen_free(front->listen);
	http1_evhttp_free(front->evhttp);
	free(front);
}

void front_drain(struct front *front)
{
	stop_listening(front);
	conns_drain(front->conns);
}
