/* proxy_header: the first bytes say the version; both say an address at most.
 *
 *   version 1: "PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n", "PROXY UNKNOWN ...\r\n", 107 bytes at most
 *   version 2: 12 bytes of signature, version and command, family and kind, length (2 bytes); addresses, TLVs
 */
#include "orchestrator/wire/proxy_header.h"

#include <arpa/inet.h>
#include <string.h>

#define V1_MAX 107
#define V2_HEAD 16
#define V2_LOCAL 0x20
#define V2_PROXY 0x21
#define V2_TCP4 0x11
#define V2_TCP6 0x21

static const char v1_start[] = "PROXY ";
static const char v2_start[] = "\r\n\r\n\0\r\nQUIT\n";

static bool begins(const char *data, size_t len, const char *start, size_t start_len)
{
	return memcmp(data, start, len < start_len ? len : start_len) == 0;
}

/* --- version 1 ------------------------------------------------------------------------------------------------- */

/* Up to the next space, or the end, which is left out; *at is behind it. False: it is empty, or longer than room. */
static bool next_word(const char **at, const char *end, char *word, size_t room)
{
	const char *space = memchr(*at, ' ', (size_t)(end - *at));
	size_t len = (size_t)((space != NULL ? space : end) - *at);

	if (len == 0 || len >= room)
		return false;
	memcpy(word, *at, len);
	word[len] = '\0';
	*at += len + (space != NULL);
	return true;
}

static bool is_port(const char *text)
{
	unsigned number = 0;

	if (text[0] == '0' && text[1] != '\0')
		return false;
	for (; *text >= '0' && *text <= '9' && number <= 65535; text++)
		number = number * 10 + (unsigned)(*text - '0');
	return *text == '\0' && number <= 65535;
}

/* Of this family, and of no other. */
static bool read_host(const char *text, int family, struct address *address)
{
	return address_of_host(text, 0, address) && address->addr.ss_family == family;
}

static bool read_line(const char *at, const char *end, struct address *source)
{
	char words[4][INET6_ADDRSTRLEN], kind[8];
	struct address target;

	if (!next_word(&at, end, kind, sizeof(kind)))
		return false;
	if (strcmp(kind, "UNKNOWN") == 0)
		return true; /* the rest is not looked at */
	int family = strcmp(kind, "TCP4") == 0 ? AF_INET : AF_INET6;
	if (family == AF_INET6 && strcmp(kind, "TCP6") != 0)
		return false;
	for (int i = 0; i < 4; i++)
		if (!next_word(&at, end, words[i], sizeof(words[i])))
			return false;
	return at == end && end[-1] != ' ' && read_host(words[0], family, source) &&
	       read_host(words[1], family, &target) && is_port(words[2]) && is_port(words[3]);
}

static enum proxy_header_event read_v1(const char *data, size_t len, struct proxy_header *header)
{
	const char *end = memchr(data, '\n', len < V1_MAX ? len : V1_MAX);

	if (end == NULL)
		return len < V1_MAX ? PROXY_HEADER_MORE : PROXY_HEADER_BAD;
	const char *start = data + sizeof(v1_start) - 1;
	if (end <= start || end[-1] != '\r' || memchr(data, '\0', (size_t)(end - data)) != NULL ||
	    !read_line(start, end - 1, &header->source))
		return PROXY_HEADER_BAD;
	header->size = (size_t)(end + 1 - data);
	return PROXY_HEADER_DONE;
}

/* --- version 2 ------------------------------------------------------------------------------------------------- */

static void take_v4(const unsigned char *data, struct address *source)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET};

	memcpy(&v4.sin_addr, data, sizeof(v4.sin_addr));
	memcpy(&v4.sin_port, data + 8, sizeof(v4.sin_port));
	memcpy(&source->addr, &v4, sizeof(v4));
	source->len = sizeof(v4);
}

static void take_v6(const unsigned char *data, struct address *source)
{
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};

	memcpy(&v6.sin6_addr, data, sizeof(v6.sin6_addr));
	memcpy(&v6.sin6_port, data + 32, sizeof(v6.sin6_port));
	memcpy(&source->addr, &v6, sizeof(v6));
	source->len = sizeof(v6);
}

/* The families and kinds that there are: unspecified, IPv4, IPv6, unix; unspecified, stream, datagram. */
static bool is_known(unsigned char family)
{
	return family >> 4 <= 3 && (family & 0x0f) <= 2;
}

static bool take_addresses(unsigned char family, const unsigned char *data, size_t len, struct address *source)
{
	static const size_t needed[] = {0, 12, 36, 216};

	if (len < needed[family >> 4])
		return false;
	if (family == V2_TCP4)
		take_v4(data, source);
	if (family == V2_TCP6)
		take_v6(data, source);
	return true;
}

static enum proxy_header_event read_v2(const char *data, size_t len, struct proxy_header *header)
{
	const unsigned char *bytes = (const unsigned char *)data;

	if (len > 12 && bytes[12] != V2_LOCAL && bytes[12] != V2_PROXY)
		return PROXY_HEADER_BAD;
	if (len > 13 && !is_known(bytes[13]))
		return PROXY_HEADER_BAD;
	if (len < V2_HEAD)
		return PROXY_HEADER_MORE;
	size_t rest = (size_t)bytes[14] << 8 | bytes[15];
	if (V2_HEAD + rest > PROXY_HEADER_MAX)
		return PROXY_HEADER_BAD;
	if (len < V2_HEAD + rest)
		return PROXY_HEADER_MORE;
	if (bytes[12] == V2_PROXY && !take_addresses(bytes[13], bytes + V2_HEAD, rest, &header->source))
		return PROXY_HEADER_BAD;
	header->size = V2_HEAD + rest;
	return PROXY_HEADER_DONE;
}

enum proxy_header_event proxy_header_read(const char *data, size_t len, struct proxy_header *header)
{
	*header = (struct proxy_header){0};
	if (len == 0)
		return PROXY_HEADER_MORE;
	if (begins(data, len, v1_start, sizeof(v1_start) - 1))
		return read_v1(data, len, header);
	if (begins(data, len, v2_start, sizeof(v2_start) - 1))
		return read_v2(data, len, header);
	return PROXY_HEADER_BAD;
}
