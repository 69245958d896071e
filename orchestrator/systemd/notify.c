/* notify: the socket is not connected but named anew for each datagram, so that a restart of its owner does not matter.
 *
 * Not sd_notify(3): its socket blocks. With a service manager that does not read, ten datagrams later the loop would
 * stand still, and requests with it.
 */
#include "orchestrator/systemd/notify.h"

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

struct notify {
	int fd; /* -1: nobody wants to hear */
	struct sockaddr_un to;
	socklen_t to_len;
	int64_t watchdog_us;
	bool failing; /* told once */
};

/* "/path", or "@name" in the abstract namespace. */
static bool read_socket(struct notify *notify, const char *name)
{
	size_t len = strlen(name);

	if ((name[0] != '/' && name[0] != '@') || len < 2 || len >= sizeof(notify->to.sun_path)) {
		log_warn("event=notify-off error=\"NOTIFY_SOCKET must be a path or @name\" value=%s", log_quote(name));
		return false;
	}
	notify->to.sun_family = AF_UNIX;
	memcpy(notify->to.sun_path, name, len);
	notify->to_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
	if (name[0] == '@')
		notify->to.sun_path[0] = '\0';
	else
		notify->to_len++; /* its NUL */
	return true;
}

static int64_t read_watchdog(void)
{
	uint64_t every_us = 0;
	int wanted = sd_watchdog_enabled(0, &every_us);

	if (wanted < 0)
		log_warn("event=notify-off error=%s remedy=\"WATCHDOG_USEC and WATCHDOG_PID must be numbers above 0\"",
		         log_quote(strerror(-wanted)));
	return wanted > 0 ? (int64_t)every_us : 0;
}

struct notify *notify_open(void)
{
	const char *name = getenv("NOTIFY_SOCKET");
	struct notify *notify = mem_zero(sizeof(*notify));

	notify->fd = -1;
	if (name != NULL && read_socket(notify, name)) {
		notify->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		if (notify->fd == -1)
			log_warn("event=notify-off error=%s", log_quote(strerror(errno)));
		else
			notify->watchdog_us = read_watchdog();
	}
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
	return notify;
}

void notify_close(struct notify *notify)
{
	if (notify == NULL)
		return;
	if (notify->fd != -1)
		close(notify->fd);
	free(notify);
}

bool notify_is_wanted(const struct notify *notify)
{
	return notify->fd != -1;
}

int64_t notify_watchdog_us(const struct notify *notify)
{
	return notify->watchdog_us;
}

bool notify_send(struct notify *notify, const char *lines)
{
	if (notify->fd == -1)
		return true;
	ssize_t sent = sendto(notify->fd, lines, strlen(lines), MSG_DONTWAIT | MSG_NOSIGNAL,
	                      (const struct sockaddr *)&notify->to, notify->to_len);
	if (sent == -1 && !notify->failing)
		log_warn("event=notify-failed error=%s", log_quote(strerror(errno)));
	notify->failing = sent == -1;
	return sent != -1;
}

bool notify_reloading(struct notify *notify)
{
	char lines[64];

	snprintf(lines, sizeof(lines), "RELOADING=1\nMONOTONIC_USEC=%" PRId64, clock_us());
	return notify_send(notify, lines);
}
