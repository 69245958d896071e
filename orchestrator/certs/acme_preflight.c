/* acme_preflight: a lookup on a thread, the way to what was found, and the sentence about it. */
#include "orchestrator/certs/acme_preflight.h"

#include "common/mem.h"
#include "orchestrator/base/worker.h"

#include <netdb.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct acme_preflight {
	struct worker_job job;
	char *host;
	bool done, left; /* left: by the one who wanted it */
	char text[ACME_PREFLIGHT_SIZE];
};

/* --- the sentence ---------------------------------------------------------------------------------------------- */

static void add(char text[ACME_PREFLIGHT_SIZE], const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add(char text[ACME_PREFLIGHT_SIZE], const char *format, ...)
{
	size_t len = strlen(text);
	va_list args;

	va_start(args, format);
	vsnprintf(text + len, ACME_PREFLIGHT_SIZE - len, format, args);
	va_end(args);
}

static void add_address(char text[ACME_PREFLIGHT_SIZE], const struct sockaddr_storage *address)
{
	char name[NI_MAXHOST];
	socklen_t size = address->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);

	if (getnameinfo((const struct sockaddr *)address, size, name, sizeof(name), NULL, 0, NI_NUMERICHOST) == 0)
		add(text, "%s", name);
}

/* The 16 bytes of an address, IPv4 mapped. */
static struct in6_addr bytes_of(const struct sockaddr_storage *address)
{
	struct in6_addr bytes = {.s6_addr = {[10] = 0xff, [11] = 0xff}};

	if (address->ss_family == AF_INET6)
		return ((const struct sockaddr_in6 *)address)->sin6_addr;
	memcpy(bytes.s6_addr + 12, &((const struct sockaddr_in *)address)->sin_addr, 4);
	return bytes;
}

static bool is_same(const struct sockaddr_storage *one, const struct sockaddr_storage *other)
{
	struct in6_addr a = bytes_of(one), b = bytes_of(other);

	return memcmp(&a, &b, sizeof(a)) == 0;
}

static bool is_here(const struct acme_preflight_place *place)
{
	return place->from.ss_family != 0 && is_same(&place->at, &place->from);
}

/* No router sends what is for it here from outside: RFC 1918, RFC 6598, RFC 4193, link-local, loopback. */
static bool is_private(const struct sockaddr_storage *address)
{
	struct in6_addr bytes = bytes_of(address);
	const uint8_t *b = bytes.s6_addr;

	if (!IN6_IS_ADDR_V4MAPPED(&bytes))
		return (b[0] & 0xfe) == 0xfc || IN6_IS_ADDR_LINKLOCAL(&bytes) || IN6_IS_ADDR_LOOPBACK(&bytes);
	b += 12;
	return b[0] == 10 || b[0] == 127 || (b[0] == 172 && (b[1] & 0xf0) == 16) || (b[0] == 192 && b[1] == 168) ||
	       (b[0] == 100 && (b[1] & 0xc0) == 64) || (b[0] == 169 && b[1] == 254);
}

static void add_found(char text[ACME_PREFLIGHT_SIZE], const struct acme_preflight_place *places, size_t count,
                      bool here)
{
	bool first = true;

	for (size_t i = 0; i < count; i++) {
		if (is_here(&places[i]) != here)
			continue;
		add(text, first ? "" : ", ");
		add_address(text, &places[i].at);
		first = false;
	}
}

/* From where it would go to those that are elsewhere, each once. */
static void add_own(char text[ACME_PREFLIGHT_SIZE], const struct acme_preflight_place *places, size_t count)
{
	bool private = false;
	size_t said = 0;

	for (size_t i = 0; i < count; i++) {
		bool again = is_here(&places[i]) || places[i].from.ss_family == 0;
		for (size_t j = 0; j < i && !again; j++)
			again = places[j].from.ss_family != 0 && is_same(&places[i].from, &places[j].from);
		if (again)
			continue;
		add(text, said++ == 0 ? ", this machine has " : ", ");
		add_address(text, &places[i].from);
		private = private || is_private(&places[i].from);
	}
	if (said == 0)
		add(text, ", to which this machine has no way");
	else if (private)
		add(text, " behind a router or a load balancer");
}

void acme_preflight_say(const char *host, const struct acme_preflight_place *places, size_t count,
                        char text[ACME_PREFLIGHT_SIZE])
{
	size_t here = 0;

	*text = '\0';
	for (size_t i = 0; i < count; i++)
		here += is_here(&places[i]);
	if (count == 0) {
		add(text, "this machine finds no address of %.255s", host);
		return;
	}
	add(text, "%.255s points to ", host);
	if (here > 0) {
		add(text, "this machine (");
		add_found(text, places, count, true);
		add(text, here < count ? ") and to " : ")");
	}
	if (here == count)
		return;
	add_found(text, places, count, false);
	add_own(text, places, count);
}

/* --- the lookup, on the thread --------------------------------------------------------------------------------- */

/* A datagram socket is given its way when it is connected, and sends nothing by that. */
static void find_way(struct acme_preflight_place *place, socklen_t size)
{
	struct sockaddr_storage to = place->at;
	socklen_t got = sizeof(place->from);
	int fd = socket(to.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd == -1)
		return;
	/* some port: 0 is none that can be gone to, and both structures have theirs there */
	((struct sockaddr_in *)&to)->sin_port = htons(443);
	if (connect(fd, (const struct sockaddr *)&to, size) == -1 ||
	    getsockname(fd, (struct sockaddr *)&place->from, &got) == -1)
		place->from.ss_family = 0;
	close(fd);
}

static void look_up(struct worker_job *job)
{
	struct acme_preflight *preflight = (struct acme_preflight *)job;
	const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
	struct acme_preflight_place places[ACME_PREFLIGHT_MOST] = {0};
	struct addrinfo *found = NULL;
	size_t count = 0;
	int result = getaddrinfo(preflight->host, NULL, &hints, &found);

	/* Where no name server answers that is no news of the host. */
	if (result != 0 && result != EAI_NONAME && result != EAI_NODATA)
		return;
	for (struct addrinfo *at = found; at != NULL && count < ACME_PREFLIGHT_MOST; at = at->ai_next) {
		memcpy(&places[count].at, at->ai_addr, at->ai_addrlen);
		find_way(&places[count++], at->ai_addrlen);
	}
	if (found != NULL)
		freeaddrinfo(found);
	acme_preflight_say(preflight->host, places, count, preflight->text);
}

/* --- on the loop ----------------------------------------------------------------------------------------------- */

static void destroy(struct acme_preflight *preflight)
{
	free(preflight->host);
	free(preflight);
}

static void on_done(struct worker_job *job)
{
	struct acme_preflight *preflight = (struct acme_preflight *)job;

	preflight->done = true;
	if (preflight->left)
		destroy(preflight);
}

struct acme_preflight *acme_preflight_new(struct worker *lookups, const char *host)
{
	if (lookups == NULL)
		return NULL;
	struct acme_preflight *preflight = mem_zero(sizeof(*preflight));
	preflight->job = (struct worker_job){.work = look_up, .done = on_done};
	preflight->host = mem_dup(host);
	worker_do(lookups, &preflight->job);
	return preflight;
}

void acme_preflight_free(struct acme_preflight *preflight)
{
	if (preflight == NULL)
		return;
	preflight->left = true;
	if (preflight->done)
		destroy(preflight);
}

const char *acme_preflight_text(const struct acme_preflight *preflight)
{
	return preflight != NULL && preflight->done ? preflight->text : "";
}
