/* listening: lines like "0: 0100007F:1F90 00000000:0000 0A ...": number, local address and port in hex, the peer's, state.
 *
 * An address stands there as words of the host's byte order, and each word is a piece in network byte order.
 */
#include "orchestrator/cli/init/listening.h"

#include "common/buf.h"
#include "common/text_file.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define STATE_LISTEN 0x0A
#define LINE_SIZE 256
#define TABLE_MAX (4u << 20)
#define RESOLVER 0x7f00000b /* 127.0.0.11 */

bool listening_has(const int *ports, size_t count, int port)
{
	for (size_t i = 0; i < count; i++)
		if (ports[i] == port)
			return true;
	return false;
}

static void add(int *ports, size_t *count, int port)
{
	if (*count < LISTENING_MAX && !listening_has(ports, *count, port))
		ports[(*count)++] = port;
}

static void take_out(int *ports, size_t *count, int port)
{
	size_t kept = 0;

	for (size_t i = 0; i < *count; i++)
		if (ports[i] != port)
			ports[kept++] = ports[i];
	*count = kept;
}

static void note(struct listening *listening, bool shut, int port)
{
	if (!shut) {
		add(listening->open, &listening->open_count, port);
		take_out(listening->shut, &listening->shut_count, port);
	} else if (!listening_has(listening->open, listening->open_count, port)) {
		add(listening->shut, &listening->shut_count, port);
	}
}

/* hex: 8 digits, or the 32 of IPv6. *ipv4: the address, also where IPv6 stands for it, in host byte order; else 0. */
static bool read_address(const char *hex, uint32_t *ipv4, bool *loopback)
{
	struct in6_addr ipv6;
	uint32_t words[4];
	size_t digits = strlen(hex);

	if (digits != 8 && digits != 32)
		return false;
	for (size_t i = 0; i < digits / 8; i++)
		if (sscanf(hex + 8 * i, "%8x", &words[i]) != 1)
			return false;
	memcpy(&ipv6, words, sizeof(ipv6));
	*ipv4 = digits == 8 ? ntohl(words[0]) : IN6_IS_ADDR_V4MAPPED(&ipv6) ? ntohl(words[3]) : 0;
	*loopback = *ipv4 >> 24 == 127 || (digits == 32 && IN6_IS_ADDR_LOOPBACK(&ipv6));
	return true;
}

static void read_line(const char *line, struct listening *listening)
{
	char hex[33];
	unsigned port, state;
	uint32_t ipv4;
	bool loopback;

	if (sscanf(line, " %*u: %32[0-9A-Fa-f]:%4x %*[0-9A-Fa-f:] %2x", hex, &port, &state) != 3)
		return;
	if (state == STATE_LISTEN && port != 0 && read_address(hex, &ipv4, &loopback) && ipv4 != RESOLVER)
		note(listening, loopback, (int)port);
}

void listening_parse(const char *text, size_t len, struct listening *listening)
{
	while (len > 0) {
		const char *end = memchr(text, '\n', len);
		size_t line_len = end != NULL ? (size_t)(end - text) : len;
		char line[LINE_SIZE];

		snprintf(line, sizeof(line), "%.*s", (int)(line_len < sizeof(line) ? line_len : sizeof(line) - 1),
		         text);
		read_line(line, listening);
		line_len += end != NULL;
		text += line_len;
		len -= line_len;
	}
}

static bool read_of_process(int pid, const char *name, struct buf *text)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	buf_reset(text);
	return text_file_read(path, text, NULL);
}

/* Its control group is named after the container, wherever Docker puts it. */
static bool is_its_process(int pid, const char *id, struct buf *text)
{
	return read_of_process(pid, "cgroup", text) && strstr(buf_text(text), id) != NULL;
}

bool listening_read(int pid, const char *id, struct listening *listening)
{
	struct buf text;
	bool ok;

	*listening = (struct listening){0};
	buf_init(&text, TABLE_MAX);
	ok = pid > 0 && is_its_process(pid, id, &text) && read_of_process(pid, "net/tcp", &text);
	if (ok)
		listening_parse(buf_text(&text), text.len, listening);
	if (ok && read_of_process(pid, "net/tcp6", &text)) /* not there without IPv6 */
		listening_parse(buf_text(&text), text.len, listening);
	buf_clear(&text);
	return ok;
}
