/* Job: the replies that no honest server gives.
 * Invariant: none of them blocks for ever: each ends when the peer's connection does. */
#include "tests/backend/mischief.h"

#include "tests/backend/record.h"
#include "tests/backend/reply.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

static bool hang(struct connection *connection)
{
	char ignored[4096];

	while (connection_read(connection, ignored, sizeof(ignored)) > 0)
		continue;
	return false;
}

static bool reset(struct connection *connection)
{
	struct linger linger = {.l_onoff = 1, .l_linger = 0};

	setsockopt(connection->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	return false;
}

static int hex_digit(char c)
{
	return isdigit((unsigned char)c) ? c - '0' : (c | 32) - 'a' + 10;
}

static size_t hex_decode(char *text)
{
	size_t len = 0;

	while (isxdigit((unsigned char)text[2 * len]) && isxdigit((unsigned char)text[2 * len + 1])) {
		text[len] = (char)(hex_digit(text[2 * len]) * 16 + hex_digit(text[2 * len + 1]));
		len++;
	}
	return len;
}

static void write_hex(struct connection *connection, const struct request *request, const char *name)
{
	char text[32768];

	if (request_text(request, name, text, sizeof(text)))
		connection_write(connection, text, hex_decode(text));
}

static bool raw_end(struct connection *connection, const struct request *request)
{
	char then[16] = "keep";

	request_text(request, "then", then, sizeof(then));
	if (strcmp(then, "hang") == 0)
		return hang(connection);
	if (strcmp(then, "reset") == 0)
		return reset(connection);
	return strcmp(then, "keep") == 0;
}

bool mischief_raw(struct connection *connection, struct request *request)
{
	write_hex(connection, request, "a");
	wait_ms(request_number(request, "ms", 0));
	write_hex(connection, request, "b");
	return raw_end(connection, request);
}

bool mischief_early(struct connection *connection, struct request *request)
{
	bool sent = reply_send(connection, request, 200, "", "early\n", 6);

	if (request_number(request, "close", 0) != 0)
		return false;
	return sent && request_read_body(connection, request);
}

bool mischief_reset(struct connection *connection, struct request *request)
{
	(void)request;
	return reset(connection);
}

bool mischief_close(struct connection *connection, struct request *request)
{
	(void)connection;
	(void)request;
	return false;
}

bool mischief_hang(struct connection *connection, struct request *request)
{
	(void)request;
	return hang(connection);
}

bool mischief_eat(struct connection *connection, struct request *request)
{
	size_t len = (size_t)request_number(request, "mb", 1) << 20;
	char *eaten = malloc(len);

	for (size_t at = 0; eaten != NULL && at < len; at += 4096)
		((volatile char *)eaten)[at] = 1; /* only then it is ours */
	return reply_send(connection, request, eaten != NULL ? 200 : 500, "", "eaten\n", 6);
}

/* /upgrade?end=1: it says all that it has to say, and then listens; what it hears is recorded. */
static bool say_and_listen(struct connection *connection, struct request *request)
{
	long n = 1;

	if (!connection_write(connection, "bye", 3) || shutdown(connection->fd, SHUT_WR) == -1)
		return false;
	request->body = malloc(REQUEST_BODY_MAX);
	while (request->body != NULL && n > 0 && request->body_len < REQUEST_BODY_MAX) {
		n = connection_read(connection, request->body + request->body_len,
		                    REQUEST_BODY_MAX - request->body_len);
		request->body_len += n > 0 ? (size_t)n : 0;
	}
	record_body(connection, request);
	return false;
}

bool mischief_upgrade(struct connection *connection, struct request *request)
{
	char protocol[128] = "", fields[256], data[16384];
	long n;

	request_field(request, "Upgrade", protocol, sizeof(protocol));
	if (protocol[0] == '\0')
		return reply_send(connection, request, 426, "Upgrade: websocket\r\nConnection: upgrade\r\n", "", 0);
	snprintf(fields, sizeof(fields), "Connection: upgrade\r\nUpgrade: %s\r\n", protocol);
	if (!reply_send_head(connection, 101, fields))
		return false;
	if (request_number(request, "end", 0) != 0)
		return say_and_listen(connection, request);
	for (;;) {
		n = connection_read(connection, data, sizeof(data));
		if (n <= 0 || !connection_write(connection, data, (size_t)n))
			return false;
	}
}
