/* Job: from bytes on a socket to one request, head first, then body.
 * Invariant: connection->data holds exactly the bytes received and not yet given to a request. */
#include "tests/backend/request.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

long connection_read(struct connection *connection, char *to, size_t size)
{
	if (connection->held > 0) {
		size_t take = size < connection->held ? size : connection->held;

		memcpy(to, connection->data, take);
		connection->held -= take;
		memmove(connection->data, connection->data + take, connection->held);
		return (long)take;
	}
	for (;;) {
		ssize_t n = recv(connection->fd, to, size, 0);

		if (n != -1 || errno != EINTR)
			return n;
	}
}

bool connection_write(struct connection *connection, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = send(connection->fd, data, len, MSG_NOSIGNAL);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return false;
		data += n;
		len -= (size_t)n;
	}
	return true;
}

/* Length of the head with its empty line at the start of data, 0 if it is not all there. */
static size_t head_length(const char *data, size_t len)
{
	const char *end = memmem(data, len, "\r\n\r\n", 4);

	return end == NULL ? 0 : (size_t)(end - data) + 4;
}

static size_t connection_wait_head(struct connection *connection)
{
	for (;;) {
		size_t len = head_length(connection->data, connection->held);
		size_t room = sizeof(connection->data) - connection->held;
		ssize_t n;

		if (len > 0 || room == 0)
			return len;
		n = recv(connection->fd, connection->data + connection->held, room, 0);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return 0;
		connection->held += (size_t)n;
	}
}

bool request_field(const struct request *request, const char *name, char *value, size_t size)
{
	size_t name_len = strlen(name);
	const char *line = strstr(request->head, "\r\n");

	while (line != NULL && line[2] != '\r') {
		line += 2;
		if (strncasecmp(line, name, name_len) == 0 && line[name_len] == ':') {
			const char *from = line + name_len + 1;

			from += strspn(from, " \t");
			snprintf(value, size, "%.*s", (int)strcspn(from, "\r\n"), from);
			return true;
		}
		line = strstr(line, "\r\n");
	}
	return false;
}

static void request_split_line(struct request *request)
{
	size_t method_len = strcspn(request->head, " \r\n");
	const char *target = request->head + method_len + (request->head[method_len] == ' ');
	size_t target_len = strcspn(target, " \r\n");
	char *query;

	snprintf(request->method, sizeof(request->method), "%.*s", (int)method_len, request->head);
	snprintf(request->target, sizeof(request->target), "%.*s", (int)target_len, target);
	query = strchr(request->target, '?');
	request->query = query == NULL ? "" : query + 1;
	snprintf(request->path, sizeof(request->path), "%.*s", (int)strcspn(request->target, "?"), request->target);
	request->close = strncmp(target + target_len, " HTTP/1.0", 9) == 0;
}

static void request_read_framing(struct request *request)
{
	char value[256];

	if (request_field(request, "Content-Length", value, sizeof(value)))
		request->content_length = strtoul(value, NULL, 10);
	if (request_field(request, "Transfer-Encoding", value, sizeof(value)))
		request->chunked = strcasestr(value, "chunked") != NULL;
	if (request_field(request, "Connection", value, sizeof(value)))
		request->close = request->close || strcasestr(value, "close") != NULL;
}

bool request_read_head(struct connection *connection, struct request *request)
{
	size_t len = connection_wait_head(connection);

	if (len == 0 || len >= sizeof(request->head))
		return false;
	memcpy(request->head, connection->data, len);
	request->head[len] = '\0';
	request->head_len = len;
	connection->held -= len;
	memmove(connection->data, connection->data + len, connection->held);
	connection->requests++;
	request->content_length = 0;
	request->chunked = false;
	request->body = NULL;
	request->body_len = 0;
	request_split_line(request);
	request_read_framing(request);
	return true;
}

static bool read_exactly(struct connection *connection, char *to, size_t len)
{
	while (len > 0) {
		long n = connection_read(connection, to, len);

		if (n <= 0)
			return false;
		to += n;
		len -= (size_t)n;
	}
	return true;
}

/* One CRLF-ended line, without its end. */
static bool read_line(struct connection *connection, char *line, size_t size)
{
	size_t len = 0;

	while (len + 1 < size) {
		if (!read_exactly(connection, line + len, 1))
			return false;
		if (line[len] == '\n') {
			line[len > 0 && line[len - 1] == '\r' ? len - 1 : len] = '\0';
			return true;
		}
		len++;
	}
	return false;
}

static bool read_trailers(struct connection *connection)
{
	char line[4096];

	do {
		if (!read_line(connection, line, sizeof(line)))
			return false;
	} while (line[0] != '\0');
	return true;
}

static bool read_chunk(struct connection *connection, struct request *request, size_t size)
{
	char end[4];
	char *body;

	if (size > REQUEST_BODY_MAX - request->body_len)
		return false;
	body = realloc(request->body, request->body_len + size + 1);
	if (body == NULL)
		return false;
	request->body = body;
	if (!read_exactly(connection, request->body + request->body_len, size))
		return false;
	request->body_len += size;
	return read_line(connection, end, sizeof(end));
}

static bool read_chunks(struct connection *connection, struct request *request)
{
	char line[4096];

	for (;;) {
		size_t size;

		if (!read_line(connection, line, sizeof(line)))
			return false;
		size = strtoul(line, NULL, 16);
		if (size == 0)
			return read_trailers(connection);
		if (!read_chunk(connection, request, size))
			return false;
	}
}

bool request_read_body(struct connection *connection, struct request *request)
{
	if (request->chunked)
		return read_chunks(connection, request);
	if (request->content_length == 0)
		return true;
	if (request->content_length > REQUEST_BODY_MAX)
		return false;
	request->body = malloc(request->content_length);
	if (request->body == NULL)
		return false;
	request->body_len = request->content_length;
	return read_exactly(connection, request->body, request->body_len);
}

void request_clear(struct request *request)
{
	free(request->body);
	request->body = NULL;
}

bool request_text(const struct request *request, const char *name, char *value, size_t size)
{
	size_t name_len = strlen(name);
	const char *at = request->query;

	while (*at != '\0') {
		size_t len = strcspn(at, "&");

		if (len > name_len && strncmp(at, name, name_len) == 0 && at[name_len] == '=') {
			snprintf(value, size, "%.*s", (int)(len - name_len - 1), at + name_len + 1);
			return true;
		}
		at += len;
		at += *at == '&';
	}
	return false;
}

long request_number(const struct request *request, const char *name, long fallback)
{
	char text[32];

	return request_text(request, name, text, sizeof(text)) ? strtol(text, NULL, 10) : fallback;
}
