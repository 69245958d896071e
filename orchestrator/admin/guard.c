/* guard: Host, Origin, Sec-Fetch-Site and Authorization against what they must be.
 *
 * Invariant: every function refuses what it does not understand.
 */
#include "orchestrator/admin/guard.h"

#include <arpa/inet.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#define HOST_SIZE 256

/* Host without its port and without the brackets of an IPv6 literal. */
static bool take_name(const char *host, char name[HOST_SIZE])
{
	bool bracket = host[0] == '[';
	const char *start = bracket ? host + 1 : host;
	size_t len = strcspn(start, bracket ? "]" : ":");
	const char *rest = start + len;

	if (bracket && *rest++ != ']')
		return false;
	if (len == 0 || len >= HOST_SIZE || (*rest != '\0' && *rest != ':'))
		return false;
	if (*rest == ':' && rest[1 + strspn(rest + 1, "0123456789")] != '\0')
		return false;
	memcpy(name, start, len);
	name[len] = '\0';
	return true;
}

static bool is_localhost(const char *name)
{
	static const char suffix[] = ".localhost"; /* RFC 6761 section 6.3: never asked of DNS */
	size_t len = strlen(name);

	return strcasecmp(name, suffix + 1) == 0 ||
	       (len > sizeof(suffix) - 1 && strcasecmp(name + len - (sizeof(suffix) - 1), suffix) == 0);
}

static bool is_wildcard(const struct address *listen)
{
	if (listen->addr.ss_family == AF_INET)
		return ((const struct sockaddr_in *)&listen->addr)->sin_addr.s_addr == htonl(INADDR_ANY);
	return IN6_IS_ADDR_UNSPECIFIED(&((const struct sockaddr_in6 *)&listen->addr)->sin6_addr);
}

static bool same_host(const struct address *a, const struct address *b)
{
	if (a->addr.ss_family != b->addr.ss_family)
		return false;
	if (a->addr.ss_family == AF_INET)
		return ((const struct sockaddr_in *)&a->addr)->sin_addr.s_addr ==
		       ((const struct sockaddr_in *)&b->addr)->sin_addr.s_addr;
	return IN6_ARE_ADDR_EQUAL(&((const struct sockaddr_in6 *)&a->addr)->sin6_addr,
	                          &((const struct sockaddr_in6 *)&b->addr)->sin6_addr);
}

bool guard_host_is_ours(const char *host, const struct address *listen)
{
	char name[HOST_SIZE];
	struct address literal;

	if (host == NULL || !take_name(host, name))
		return false;
	if (!address_of_host(name, 0, &literal))
		return is_localhost(name);
	return address_is_loopback(&literal) || is_wildcard(listen) || same_host(&literal, listen);
}

bool guard_origin_is_ours(const char *origin, const char *host)
{
	if (origin == NULL)
		return true;
	const char *authority = strstr(origin, "://");
	return authority != NULL && host != NULL && strcasecmp(authority + 3, host) == 0;
}

bool guard_site_is_ours(const char *site)
{
	return site == NULL || strcmp(site, "same-origin") == 0 || strcmp(site, "none") == 0;
}

/* Every byte of the candidate is looked at, whatever came before; only its length shows. */
static bool equal_bytes(const char *candidate, const char *token)
{
	size_t len = strlen(candidate), token_len = strlen(token);
	volatile unsigned char differ = len == token_len ? 0 : 1;

	for (size_t i = 0; i < len; i++)
		differ |= (unsigned char)candidate[i] ^ (unsigned char)token[token_len == 0 ? 0 : i % token_len];
	return differ == 0;
}

bool guard_token_is_right(const char *authorization, const char *token)
{
	static const char scheme[] = "Bearer ";

	if (authorization == NULL || token == NULL || token[0] == '\0' ||
	    strncasecmp(authorization, scheme, sizeof(scheme) - 1) != 0)
		return false;
	const char *candidate = authorization + sizeof(scheme) - 1;
	return equal_bytes(candidate + strspn(candidate, " "), token);
}
