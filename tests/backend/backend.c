/* Job: the test backend's process: it listens where LISTEN says and gives every connection a thread of its own.
 *
 * LISTEN  comma list of "address:port" and "unix:path", 0.0.0.0:8000 where unset
 * RECORD  a file that gets a line for every request (see record.h); PROBES  the same for every probe
 * WORKERS so many connections at once have a thread, others wait in the listener's queue; as many as come where unset
 * DEAF    if set, it does not handle SIGTERM, which as a container's first process it then does not hear
 * NAME    what X-Backend says; HOSTNAME or the host name where unset
 *
 * Threads and blocking calls, because a scripted server reads best as straight code; speed is no aim.
 * Invariant: a thread owns its connection and its request; what is shared is atomic. */
#include "tests/backend/actions.h"
#include "tests/backend/record.h"
#include "tests/backend/reply.h"

#include <arpa/inet.h>
#include <err.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <limits.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static atomic_uint connections;
static sem_t workers;

static void *serve(void *arg)
{
	struct connection *connection = arg;
	struct request *request = malloc(sizeof(*request));
	bool going = request != NULL;

	while (going && request_read_head(connection, request)) {
		going = actions_run(connection, request);
		request_clear(request);
	}
	close(connection->fd);
	free(request);
	free(connection);
	sem_post(&workers);
	return NULL;
}

static void serve_in_thread(int fd)
{
	struct connection *connection = calloc(1, sizeof(*connection));
	int one = 1;
	pthread_t thread;

	if (connection == NULL)
		err(1, "memory");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	connection->fd = fd;
	connection->id = ++connections;
	if (pthread_create(&thread, NULL, serve, connection) != 0)
		err(1, "thread");
	pthread_detach(thread);
}

static void *accept_all(void *arg)
{
	int listener = (int)(intptr_t)arg;

	while (true) {
		int fd;

		while (sem_wait(&workers) == -1)
			continue;
		fd = accept(listener, NULL, NULL);
		if (fd != -1) {
			serve_in_thread(fd);
			continue;
		}
		sem_post(&workers);
		wait_ms(1);
	}
	return NULL;
}

static int listen_on(int family, const struct sockaddr *address, socklen_t len, const char *text)
{
	int listener = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int one = 1;

	if (listener == -1)
		err(1, "socket");
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(listener, address, len) == -1 || listen(listener, 1024) == -1)
		err(1, "LISTEN=%s", text);
	return listener;
}

static int listen_unix(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int listener;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	unlink(path);
	listener = listen_on(AF_UNIX, (struct sockaddr *)&address, sizeof(address), path);
	chmod(path, 0666);
	return listener;
}

static int listen_tcp(const char *text)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	const char *colon = strrchr(text, ':');
	char host[64];

	if (colon == NULL)
		errx(1, "LISTEN=%s: address:port expected", text);
	snprintf(host, sizeof(host), "%.*s", (int)(colon - text), text);
	if (inet_pton(AF_INET, host, &address.sin_addr) != 1)
		errx(1, "LISTEN=%s: not an address", text);
	address.sin_port = htons((uint16_t)strtoul(colon + 1, NULL, 10));
	return listen_on(AF_INET, (struct sockaddr *)&address, sizeof(address), text);
}

static void listen_all(char *list)
{
	char *rest = list;
	char *item;

	while ((item = strsep(&rest, ",")) != NULL) {
		int listener = strncmp(item, "unix:", 5) == 0 ? listen_unix(item + 5) : listen_tcp(item);
		pthread_t thread;

		if (pthread_create(&thread, NULL, accept_all, (void *)(intptr_t)listener) != 0)
			err(1, "thread");
	}
}

static void name_backend(void)
{
	const char *name = getenv("NAME") != NULL ? getenv("NAME") : getenv("HOSTNAME");
	char host[256] = "native";

	gethostname(host, sizeof(host) - 1);
	reply_set_backend(name != NULL ? name : host);
}

static void hire_workers(const char *count)
{
	unsigned long n = count != NULL ? strtoul(count, NULL, 10) : SEM_VALUE_MAX;

	if (sem_init(&workers, 0, (unsigned)n) == -1)
		err(1, "WORKERS=%s", count);
}

int main(void)
{
	const char *where = getenv("LISTEN");
	sigset_t signals;
	char list[1024];
	int signal_number;

	snprintf(list, sizeof(list), "%s", where != NULL ? where : "0.0.0.0:8000");
	name_backend();
	record_open(getenv("RECORD"), reply_backend());
	record_probes_open(getenv("PROBES"));
	hire_workers(getenv("WORKERS"));
	/* Process 1 of a container has no default actions, so the signals are waited for. */
	sigemptyset(&signals);
	if (getenv("DEAF") == NULL)
		sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	listen_all(list);
	sigwait(&signals, &signal_number);
	_exit(0);
}
