/* Job: honest replies, each with the name of the backend and the number of the connection it came over. */
#include "tests/backend/reply.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

static char backend_name[256] = "native";

void reply_set_backend(const char *name)
{
	snprintf(backend_name, sizeof(backend_name), "%s", name);
}

const char *reply_backend(void)
{
	return backend_name;
}

void wait_ms(long ms)
{
	poll(NULL, 0, (int)ms);
}

void reply_fill(char *to, size_t from, size_t len)
{
	for (size_t i = 0; i < len; i++)
		to[i] = (char)('a' + (from + i) % 26);
}

static int format_head(char *head, size_t size, const struct connection *connection, int status, const char *fields)
{
	return snprintf(head, size, "HTTP/1.1 %d Test\r\nX-Backend: %s\r\nX-Connection: %u\r\n%s\r\n", status,
	                backend_name, connection->id, fields);
}

bool reply_send_head(struct connection *connection, int status, const char *framing)
{
	char head[REQUEST_HEAD_MAX + 1024];
	int len = format_head(head, sizeof(head), connection, status, framing);

	return connection_write(connection, head, (size_t)len);
}

bool reply_send(struct connection *connection, const struct request *request, int status, const char *extra,
                const char *body, size_t len)
{
	bool bodiless = strcmp(request->method, "HEAD") == 0 || status == 204 || status == 304;
	char packet[4096], fields[2048];
	int head_len;

	if (status == 204)
		snprintf(fields, sizeof(fields), "%s", extra);
	else
		snprintf(fields, sizeof(fields), "Content-Length: %zu\r\n%s", len, extra);
	head_len = format_head(packet, sizeof(packet), connection, status, fields);
	if (bodiless)
		return connection_write(connection, packet, (size_t)head_len);
	if ((size_t)head_len + len > sizeof(packet))
		return connection_write(connection, packet, (size_t)head_len) &&
		       connection_write(connection, body, len);
	memcpy(packet + head_len, body, len);
	return connection_write(connection, packet, (size_t)head_len + len);
}
