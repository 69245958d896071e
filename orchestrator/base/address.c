/* address: networks are compared as IPv6; IPv4 lives in ::ffff:0:0/96. */
#include "orchestrator/base/address.h"

#include "common/mem.h"

#include <arpa/inet.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

static bool parse_number(const char *text, unsigned max, unsigned *number)
{
	if (text[0] < '0' || text[0] > '9' || strlen(text) > 5)
		return false;
	char *end;
	unsigned long value = strtoul(text, &end, 10);
	if (*end != '\0' || value > max)
		return false;
	*number = (unsigned)value;
	return true;
}

static void set_v4(struct address *address, const struct in_addr *host, unsigned port)
{
	const struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr = *host};

	memcpy(&address->addr, &v4, sizeof(v4));
	address->len = sizeof(v4);
}

static void set_v6(struct address *address, const struct in6_addr *host, unsigned port)
{
	const struct sockaddr_in6 v6 = {
	        .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port), .sin6_addr = *host};

	memcpy(&address->addr, &v6, sizeof(v6));
	address->len = sizeof(v6);
}

bool address_of_host(const char *host, int port, struct address *address)
{
	struct in_addr v4;
	struct in6_addr v6;

	memset(address, 0, sizeof(*address));
	if (inet_pton(AF_INET, host, &v4) == 1)
		set_v4(address, &v4, (unsigned)port);
	else if (inet_pton(AF_INET6, host, &v6) == 1)
		set_v6(address, &v6, (unsigned)port);
	return address->len > 0;
}

bool address_of_path(const char *path, struct address *address)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	size_t len = strlen(path);

	memset(address, 0, sizeof(*address));
	if (len >= sizeof(un.sun_path))
		return false;
	memcpy(un.sun_path, path, len);
	memcpy(&address->addr, &un, sizeof(un));
	address->len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + 1);
	return true;
}

bool address_parse(const char *text, struct address *address)
{
	const char *colon = strrchr(text, ':');
	char host[INET6_ADDRSTRLEN + 2];
	size_t host_len = colon != NULL ? (size_t)(colon - text) : sizeof(host);
	unsigned port;

	memset(address, 0, sizeof(*address));
	if (host_len >= sizeof(host) || !parse_number(colon + 1, 65535, &port))
		return false;
	memcpy(host, text, host_len);
	host[host_len] = '\0';
	if (host[0] == '[' && host[host_len - 1] == ']') {
		host[host_len - 1] = '\0';
		return strchr(host, ':') != NULL && address_of_host(host + 1, (int)port, address);
	}
	return strchr(host, ':') == NULL && address_of_host(host[0] != '\0' ? host : "0.0.0.0", (int)port, address);
}

/* --- to text --------------------------------------------------------------------------------------------------- */

void address_format_host(const struct sockaddr *addr, char text[INET6_ADDRSTRLEN])
{
	const struct in6_addr *v6 = &((const struct sockaddr_in6 *)(const void *)addr)->sin6_addr;

	text[0] = '\0';
	if (addr->sa_family == AF_INET)
		inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)addr)->sin_addr, text, INET6_ADDRSTRLEN);
	else if (addr->sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(v6))
		inet_ntop(AF_INET, &v6->s6_addr[12], text, INET6_ADDRSTRLEN);
	else if (addr->sa_family == AF_INET6)
		inet_ntop(AF_INET6, v6, text, INET6_ADDRSTRLEN);
}

static void format_unix(const struct address *address, char text[ADDRESS_TEXT_SIZE])
{
	const struct sockaddr_un *un = (const struct sockaddr_un *)&address->addr;
	size_t head = offsetof(struct sockaddr_un, sun_path);
	size_t len = address->len > head ? address->len - head : 0;
	bool abstract = len > 0 && un->sun_path[0] == '\0';

	snprintf(text, ADDRESS_TEXT_SIZE, "unix:%s%.*s", abstract ? "@" : "", (int)(len - abstract),
	         un->sun_path + abstract);
}

void address_format(const struct address *address, char text[ADDRESS_TEXT_SIZE])
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)&address->addr;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&address->addr;
	char host[INET6_ADDRSTRLEN];

	switch (address->addr.ss_family) {
	case AF_INET:
		inet_ntop(AF_INET, &v4->sin_addr, host, sizeof(host));
		snprintf(text, ADDRESS_TEXT_SIZE, "%s:%u", host, ntohs(v4->sin_port));
		break;
	case AF_INET6:
		inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof(host));
		snprintf(text, ADDRESS_TEXT_SIZE, "[%s]:%u", host, ntohs(v6->sin6_port));
		break;
	case AF_UNIX:
		format_unix(address, text);
		break;
	default:
		snprintf(text, ADDRESS_TEXT_SIZE, "family %d", address->addr.ss_family);
	}
}

/* --- what they are --------------------------------------------------------------------------------------------- */

void address_set_port(struct address *address, int port)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)&address->addr;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&address->addr;

	if (address->addr.ss_family == AF_INET)
		v4->sin_port = htons((uint16_t)port);
	else if (address->addr.ss_family == AF_INET6)
		v6->sin6_port = htons((uint16_t)port);
}

void address_make_reachable(struct address *address)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)&address->addr;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&address->addr;

	if (address->addr.ss_family == AF_INET && v4->sin_addr.s_addr == htonl(INADDR_ANY))
		v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	else if (address->addr.ss_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&v6->sin6_addr))
		v6->sin6_addr = in6addr_loopback;
}

static void map_v4(const struct in_addr *v4, struct in6_addr *out)
{
	memset(out, 0, sizeof(*out));
	out->s6_addr[10] = out->s6_addr[11] = 0xff;
	memcpy(&out->s6_addr[12], v4, 4);
}

bool address_to_v6(const struct sockaddr *addr, struct in6_addr *out)
{
	if (addr->sa_family == AF_INET6) {
		*out = ((const struct sockaddr_in6 *)addr)->sin6_addr;
		return true;
	}
	if (addr->sa_family != AF_INET)
		return false;
	map_v4(&((const struct sockaddr_in *)addr)->sin_addr, out);
	return true;
}

bool address_is_loopback(const struct address *address)
{
	struct network v4, v6;

	return network_parse("127.0.0.0/8", &v4) && network_parse("::1", &v6) &&
	       (network_has(&v4, (const struct sockaddr *)&address->addr) ||
	        network_has(&v6, (const struct sockaddr *)&address->addr));
}

bool network_parse(const char *text, struct network *network)
{
	char host[INET6_ADDRSTRLEN];
	size_t host_len = strcspn(text, "/");

	if (host_len >= sizeof(host))
		return false;
	memcpy(host, text, host_len);
	host[host_len] = '\0';
	struct in_addr v4;
	bool is_v4 = inet_pton(AF_INET, host, &v4) == 1;
	if (is_v4)
		map_v4(&v4, &network->base);
	else if (inet_pton(AF_INET6, host, &network->base) != 1)
		return false;
	unsigned width = is_v4 ? 32 : 128, bits = width;
	if (text[host_len] == '/' && !parse_number(text + host_len + 1, width, &bits))
		return false;
	network->bits = bits + (128 - width);
	return true;
}

bool network_has(const struct network *network, const struct sockaddr *addr)
{
	struct in6_addr address;

	if (!address_to_v6(addr, &address))
		return false;
	unsigned whole = network->bits / 8, rest = network->bits % 8;
	if (memcmp(&address, &network->base, whole) != 0)
		return false;
	if (rest == 0)
		return true;
	unsigned mask = 0xffu << (8 - rest) & 0xffu;
	return ((address.s6_addr[whole] ^ network->base.s6_addr[whole]) & mask) == 0;
}

void networks_read(struct networks *networks, char *const *texts, size_t count)
{
	networks_clear(networks);
	networks->items = mem_array(NULL, count + 1, sizeof(*networks->items));
	for (size_t i = 0; i < count; i++)
		if (network_parse(texts[i], &networks->items[networks->count]))
			networks->count++;
}

void networks_clear(struct networks *networks)
{
	free(networks->items);
	*networks = (struct networks){0};
}

bool networks_have(const struct networks *networks, const struct sockaddr *addr)
{
	for (size_t i = 0; i < networks->count; i++)
		if (network_has(&networks->items[i], addr))
			return true;
	return false;
}
