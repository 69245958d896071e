/* address: everything is compared as IPv6; IPv4 lives in ::ffff:0:0/96. */
#include "orchestrator/base/address.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

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

bool address_parse(const char *text, struct address *address)
{
	memset(address, 0, sizeof(*address));
	const char *colon = strrchr(text, ':');
	unsigned port;
	if (colon == NULL || !parse_number(colon + 1, 65535, &port))
		return false;
	size_t host_len = (size_t)(colon - text);
	char host[INET6_ADDRSTRLEN + 2];
	if (host_len >= sizeof(host))
		return false;
	memcpy(host, text, host_len);
	host[host_len] = '\0';
	if (host[0] == '[' && host[host_len - 1] == ']') {
		struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&address->addr;
		host[host_len - 1] = '\0';
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons((uint16_t)port);
		address->len = sizeof(*v6);
		return inet_pton(AF_INET6, host + 1, &v6->sin6_addr) == 1;
	}
	struct sockaddr_in *v4 = (struct sockaddr_in *)&address->addr;
	v4->sin_family = AF_INET;
	v4->sin_port = htons((uint16_t)port);
	address->len = sizeof(*v4);
	return inet_pton(AF_INET, host[0] != '\0' ? host : "0.0.0.0", &v4->sin_addr) == 1;
}

static void map_v4(const struct in_addr *v4, struct in6_addr *out)
{
	memset(out, 0, sizeof(*out));
	out->s6_addr[10] = out->s6_addr[11] = 0xff;
	memcpy(&out->s6_addr[12], v4, 4);
}

static bool to_v6(const struct sockaddr *addr, struct in6_addr *out)
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

	if (!to_v6(addr, &address))
		return false;
	unsigned whole = network->bits / 8, rest = network->bits % 8;
	if (memcmp(&address, &network->base, whole) != 0)
		return false;
	if (rest == 0)
		return true;
	unsigned mask = 0xffu << (8 - rest) & 0xffu;
	return ((address.s6_addr[whole] ^ network->base.s6_addr[whole]) & mask) == 0;
}
