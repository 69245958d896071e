/* fake_listener: one accepted connection, one request, one reply; see enum fake_answer for which. */
#include "tests/unit/orchestrator/fleet/fake_listener.h"

#include "common/mem.h"
#include "orchestrator/base/timer.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct talk {
	LIST_ENTRY(talk) link;
	int fd;
	struct event *event;
	struct timer *timer;
	struct fake_container *container;
};

static LIST_HEAD(, talk) talks = LIST_HEAD_INITIALIZER(talks);

static void talk_end(struct talk *talk)
{
	LIST_REMOVE(talk, link);
	event_free(talk->event);
	timer_free(talk->timer);
	close(talk->fd);
	free(talk);
}

static void talk_reply(struct talk *talk, const char *status)
{
	char reply[128];
	int len =
	        snprintf(reply, sizeof(reply), "HTTP/1.1 %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", status);

	(void)!send(talk->fd, reply, (size_t)len, MSG_NOSIGNAL);
	talk_end(talk);
}

static void on_slow(void *arg)
{
	talk_reply(arg, "200 OK");
}

static void on_request(evutil_socket_t fd, short what, void *arg)
{
	struct talk *talk = arg;
	char request[2048];
	ssize_t n = recv(fd, request, sizeof(request), 0);

	(void)what;
	if (n <= 0 || talk->container->answer == FAKE_RESET)
		talk_end(talk);
	else if (talk->container->state == ENGINE_PAUSED)
		return;
	else if (talk->container->answer == FAKE_GOOD)
		talk_reply(talk, "200 OK");
	else if (talk->container->answer == FAKE_ILL)
		talk_reply(talk, "500 Internal Server Error");
	else if (talk->container->answer == FAKE_ODD)
		talk_reply(talk, "404 Not Found");
	else if (talk->container->answer == FAKE_SLOW)
		timer_set(talk->timer, 30000);
}

static void on_accept(evutil_socket_t fd, short what, void *arg)
{
	struct fake_container *container = arg;
	struct talk *talk = mem_zero(sizeof(*talk));

	(void)what;
	talk->fd = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	talk->container = container;
	talk->event = mem_must(
	        event_new(event_get_base(container->accept), talk->fd, EV_READ | EV_PERSIST, on_request, talk));
	talk->timer = timer_new(event_get_base(container->accept), on_slow, talk);
	event_add(talk->event, NULL);
	LIST_INSERT_HEAD(&talks, talk, link);
}

bool fake_listen(struct fake_engine *fake, struct fake_container *container)
{
	const struct address *address = &container->address;
	int on = 1;

	if (address->len == 0)
		return true;
	if (container->socket_dir[0] != '\0')
		(void)unlink(((const struct sockaddr_un *)&address->addr)->sun_path); /* from an earlier run */
	container->fd = socket(address->addr.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	setsockopt(container->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(container->fd, (const struct sockaddr *)&address->addr, address->len) == -1 ||
	    listen(container->fd, 64) == -1) {
		close(container->fd);
		container->fd = -1;
		return false;
	}
	container->accept = mem_must(event_new(fake->base, container->fd, EV_READ | EV_PERSIST, on_accept, container));
	event_add(container->accept, NULL);
	return true;
}

void fake_unlisten(struct fake_container *container)
{
	struct talk *talk, *next;

	for (talk = LIST_FIRST(&talks); talk != NULL; talk = next) {
		next = LIST_NEXT(talk, link);
		if (talk->container == container)
			talk_end(talk);
	}
	if (container->fd == -1)
		return;
	event_free(container->accept);
	close(container->fd);
	container->fd = -1;
}
