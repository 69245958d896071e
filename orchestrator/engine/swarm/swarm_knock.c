/* swarm_knock: see the header. */
#include "orchestrator/engine/swarm/swarm_knock.h"

#include "common/clock.h"
#include "common/mem.h"
#include "orchestrator/base/address.h"
#include "orchestrator/base/loop.h"
#include "orchestrator/engine/engine.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

struct knock {
	struct swarm_knocks *knocks;
	char node[ENGINE_ID_SIZE];
	int fd;
	struct event *event;
	LIST_ENTRY(knock) link;
};

struct swarm_knocks {
	struct event_base *base;
	swarm_knock_here *here;
	void *arg;
	LIST_HEAD(, knock) all;
};

static void end(struct knock *knock)
{
	LIST_REMOVE(knock, link);
	event_free(knock->event);
	close(knock->fd);
	free(knock);
}

static void on_answer(evutil_socket_t fd, short what, void *arg)
{
	struct knock *knock = arg;
	struct swarm_knocks *knocks = knock->knocks;
	char node[ENGINE_ID_SIZE];
	int error = ETIMEDOUT;
	socklen_t size = sizeof(error);

	if ((what & EV_TIMEOUT) == 0)
		getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
	memcpy(node, knock->node, sizeof(node));
	end(knock);
	if (error == 0 || error == ECONNREFUSED || error == ECONNRESET)
		knocks->here(node, knocks->arg);
}

void swarm_knock(struct swarm_knocks *knocks, const char *node, const char *address, int port)
{
	struct timeval patience = clock_timeval(SWARM_KNOCK_MS * INT64_C(1000));
	struct address to;
	struct knock *knock;

	LIST_FOREACH (knock, &knocks->all, link)
		if (strcmp(knock->node, node) == 0)
			return;
	if (!address_of_host(address, port, &to))
		return;
	int fd = socket(((struct sockaddr *)&to.addr)->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return;
	/* A refusal that is told at once leaves no error for later. */
	if (connect(fd, (struct sockaddr *)&to.addr, to.len) == -1 && errno != EINPROGRESS && errno != ECONNREFUSED) {
		close(fd);
		return;
	}
	knock = mem_zero(sizeof(*knock));
	knock->knocks = knocks;
	knock->fd = fd;
	snprintf(knock->node, sizeof(knock->node), "%s", node);
	knock->event = loop_event_new(knocks->base, LOOP_URGENT, fd, EV_WRITE, on_answer, knock);
	event_add(knock->event, &patience);
	LIST_INSERT_HEAD(&knocks->all, knock, link);
}

struct swarm_knocks *swarm_knocks_new(struct event_base *base, swarm_knock_here *here, void *arg)
{
	struct swarm_knocks *knocks = mem_zero(sizeof(*knocks));

	knocks->base = base;
	knocks->here = here;
	knocks->arg = arg;
	LIST_INIT(&knocks->all);
	return knocks;
}

void swarm_knocks_free(struct swarm_knocks *knocks)
{
	struct knock *knock, *next;

	for (knock = LIST_FIRST(&knocks->all); knock != NULL; knock = next) {
		next = LIST_NEXT(knock, link);
		end(knock);
	}
	free(knocks);
}
