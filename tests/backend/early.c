/* early: an HTTP server that depends on its network from its first instruction on, in one of two ways.
 *
 *   early glibc NAME   looks the name up, once, before anything else, and ends where there is none: as programs do that
 *                      must find their database
 *   early cares NAME   reads resolv.conf, once, before anything else, and looks the name up for each request: as programs
 *                      do that have a resolver of their own
 *
 * Listens on port 8000. Every request is answered with the address: 200, or 503 where the name is not found.
 */
#include <ares.h>
#include <arpa/inet.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

#define PORT 8000

static char address[INET_ADDRSTRLEN];

/* --- the two ways ---------------------------------------------------------------------------------------------- */

static bool find_by_glibc(const char *name)
{
	struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *found;
	int failed = getaddrinfo(name, NULL, &hints, &found);

	if (failed != 0) {
		fprintf(stderr, "early: %s: %s\n", name, gai_strerror(failed));
		return false;
	}
	inet_ntop(AF_INET, &((struct sockaddr_in *)found->ai_addr)->sin_addr, address, sizeof(address));
	freeaddrinfo(found);
	return true;
}

static void on_found(void *arg, int status, int timeouts, struct hostent *host)
{
	(void)arg;
	(void)timeouts;
	if (status == ARES_SUCCESS)
		inet_ntop(AF_INET, host->h_addr_list[0], address, sizeof(address));
	else
		address[0] = '\0';
}

static void find_by_cares(ares_channel channel, const char *name)
{
	ares_gethostbyname(channel, name, AF_INET, on_found, NULL);
	for (;;) {
		fd_set readable, writable;
		struct timeval most, *wait;
		int count;

		FD_ZERO(&readable);
		FD_ZERO(&writable);
		count = ares_fds(channel, &readable, &writable);
		if (count == 0)
			return;
		wait = ares_timeout(channel, NULL, &most);
		select(count, &readable, &writable, NULL, wait);
		ares_process(channel, &readable, &writable);
	}
}

/* --- HTTP ------------------------------------------------------------------------------------------------------ */

static int listen_on_port(void)
{
	struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(PORT)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (bind(fd, (struct sockaddr *)&any, sizeof(any)) == -1 || listen(fd, 64) == -1) {
		perror("early");
		exit(1);
	}
	return fd;
}

static void answer(int fd)
{
	char text[4096];
	size_t len = 0;
	ssize_t n;

	while (len < sizeof(text) - 1 && (n = recv(fd, text + len, sizeof(text) - 1 - len, 0)) > 0) {
		len += (size_t)n;
		text[len] = '\0';
		if (strstr(text, "\r\n\r\n") != NULL)
			break;
	}
	n = snprintf(text, sizeof(text), "HTTP/1.1 %s\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s",
	             address[0] != '\0' ? "200 OK" : "503 Service Unavailable", strlen(address), address);
	send(fd, text, (size_t)n, MSG_NOSIGNAL);
	close(fd);
}

int main(int argc, char **argv)
{
	bool by_cares = argc == 3 && strcmp(argv[1], "cares") == 0;
	ares_channel channel = NULL;
	int listener;

	if (argc != 3)
		return 2;
	if (by_cares ? ares_init(&channel) != ARES_SUCCESS : !find_by_glibc(argv[2]))
		return 1;
	listener = listen_on_port();
	for (;;) {
		int fd = accept(listener, NULL, NULL);

		if (by_cares)
			find_by_cares(channel, argv[2]);
		answer(fd);
	}
}
