/* Job: the table of actions and the honest ones; the dishonest ones are in mischief.c.
 * Story: a head came in; the row of its path says whether the body is read first; then its function answers.
 * Invariant: once crashed, every path answers 500 (as the services do), until the process ends. */
#include "tests/backend/actions.h"

#include "tests/backend/mischief.h"
#include "tests/backend/record.h"
#include "tests/backend/reply.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static atomic_bool crashed;
static atomic_ulong handled;           /* requests but those on the health path */
static atomic_int health_status = 200; /* 0: hang */
static atomic_int health_delay_ms;
static atomic_int pace_ms;   /* of /fast */
static atomic_bool stranger; /* it says that it is another container */

static bool do_fast(struct connection *connection, struct request *request)
{
	static const char body[] = "{\"hello\": \"from backend\"}\r\n";

	if (pace_ms > 0)
		wait_ms(pace_ms);
	return reply_send(connection, request, 200, "Content-Type: application/json\r\n", body, 27);
}

static bool do_health(struct connection *connection, struct request *request)
{
	record_probe();
	if (health_delay_ms > 0)
		wait_ms(health_delay_ms);
	if (health_status == 0)
		return mischief_hang(connection, request);
	const char *id = stranger ? "stranger" : getenv("SELFLESS_ID");
	char field[128] = "";
	if (id != NULL)
		snprintf(field, sizeof(field), "Selfless-Id: %s\r\n", id);
	return reply_send(connection, request, health_status, field, "", 0);
}

/* /_set?health=500&delay=200&pace=50&stranger=1: how /_health and /fast answer from now on; health=0 hangs. What is not named stays. */
static bool do_set(struct connection *connection, struct request *request)
{
	health_status = (int)request_number(request, "health", health_status);
	health_delay_ms = (int)request_number(request, "delay", health_delay_ms);
	pace_ms = (int)request_number(request, "pace", pace_ms);
	stranger = request_number(request, "stranger", stranger) != 0;
	return reply_send(connection, request, 200, "", "", 0);
}

static bool do_crash(struct connection *connection, struct request *request)
{
	crashed = true;
	return reply_send(connection, request, 200, "", "", 0);
}

static bool do_die(struct connection *connection, struct request *request)
{
	(void)connection;
	_exit((int)request_number(request, "code", 1));
}

static bool do_count(struct connection *connection, struct request *request)
{
	char body[32];
	int len = snprintf(body, sizeof(body), "[%lu]", (unsigned long)handled);

	return reply_send(connection, request, 200, "", body, (size_t)len);
}

static bool do_echo(struct connection *connection, struct request *request)
{
	char method[64];

	snprintf(method, sizeof(method), "X-Method: %s\r\n", request->method);
	return reply_send(connection, request, 200, method, request->body_len > 0 ? request->body : "",
	                  request->body_len);
}

/* /echo_unless?NAME: as /echo, but the backend of that name resets. */
static bool do_echo_unless(struct connection *connection, struct request *request)
{
	if (strcmp(request->query, reply_backend()) == 0)
		return mischief_reset(connection, request);
	return do_echo(connection, request);
}

/* The head as it came, for comparing with what was sent. */
static bool do_headers(struct connection *connection, struct request *request)
{
	return reply_send(connection, request, 200, "Content-Type: text/plain\r\n", request->head, request->head_len);
}

static bool do_slow(struct connection *connection, struct request *request)
{
	wait_ms(request_number(request, "ms", 1000));
	return reply_send(connection, request, 200, "", "slow\n", 5);
}

static bool do_status(struct connection *connection, struct request *request)
{
	return reply_send(connection, request, (int)request_number(request, "code", 200), "", "status\n", 7);
}

/* n bytes in pieces, with a pause between two of them; the last `piece` may be shorter. */
static bool send_pattern(struct connection *connection, const struct request *request, bool chunked)
{
	size_t n = (size_t)request_number(request, "n", 1000);
	size_t piece = (size_t)request_number(request, "piece", 16384);
	long pause_ms = request_number(request, "pause", 0);
	int extension = (int)request_number(request, "extension", 0);
	char data[65536 + 1100];

	piece = piece == 0 ? 1 : piece > 65536 ? 65536 : piece;
	extension = extension > 1000 ? 1000 : extension;
	for (size_t at = 0; at < n;) {
		size_t len = n - at < piece ? n - at : piece;
		size_t size_len = 0;

		if (chunked && extension > 0)
			size_len = (size_t)snprintf(data, 1060, "%zx;%0*d\r\n", len, extension, 0);
		else if (chunked)
			size_len = (size_t)snprintf(data, 32, "%zx\r\n", len);
		reply_fill(data + size_len, at, len);
		if (chunked)
			memcpy(data + size_len + len, "\r\n", 2);
		if (!connection_write(connection, data, size_len + len + (chunked ? 2 : 0)))
			return false;
		at += len;
		if (pause_ms > 0 && at < n)
			wait_ms(pause_ms);
	}
	return true;
}

static bool do_bytes(struct connection *connection, struct request *request)
{
	char framing[64];

	snprintf(framing, sizeof(framing), "Content-Length: %ld\r\n", request_number(request, "n", 1000));
	if (!reply_send_head(connection, 200, framing))
		return false;
	return strcmp(request->method, "HEAD") == 0 || send_pattern(connection, request, false);
}

/* /chunked?n=&piece=&pause=[&trailer=1][&extension=bytes of each chunk] */
static bool do_chunked(struct connection *connection, struct request *request)
{
	static const char *const ends[] = {"0\r\n\r\n", "0\r\nX-Checksum: 42\r\n\r\n"};
	const char *end = ends[request_number(request, "trailer", 0) != 0];

	if (!reply_send_head(connection, 200, "Transfer-Encoding: chunked\r\nTrailer: X-Checksum\r\n"))
		return false;
	if (strcmp(request->method, "HEAD") == 0)
		return true;
	return send_pattern(connection, request, true) && connection_write(connection, end, strlen(end));
}

/* The body ends with the connection. */
static bool do_until_close(struct connection *connection, struct request *request)
{
	if (reply_send_head(connection, 200, "Connection: close\r\n"))
		send_pattern(connection, request, false);
	return false;
}

/* A reply head of more than n bytes. */
static bool do_big_head(struct connection *connection, struct request *request)
{
	long n = request_number(request, "n", 20000);
	char field[1024];

	if (!connection_write(connection, "HTTP/1.1 200 Test\r\nContent-Length: 0\r\n", 38))
		return false;
	for (long at = 0; at < n; at += 1000) {
		int len = snprintf(field, sizeof(field), "X-Filler-%ld: %0980ld\r\n", at, at);

		if (!connection_write(connection, field, (size_t)len))
			return false;
	}
	return connection_write(connection, "\r\n", 2);
}

static const struct action {
	const char *path;
	bool (*run)(struct connection *connection, struct request *request);
	bool before_body; /* runs before the body is read */
} actions[] = {
        {"/_health", do_health, false},
        {"/fast", do_fast, false},
        {"/_set", do_set, false},
        {"/_crash", do_crash, false},
        {"/_count", do_count, false},
        {"/die", do_die, true},
        {"/echo", do_echo, false},
        {"/echo_unless", do_echo_unless, false},
        {"/headers", do_headers, false},
        {"/slow", do_slow, false},
        {"/status", do_status, false},
        {"/bytes", do_bytes, false},
        {"/chunked", do_chunked, false},
        {"/big_head", do_big_head, false},
        {"/until_close", do_until_close, false},
        {"/raw", mischief_raw, false},
        {"/early", mischief_early, true},
        {"/reset", mischief_reset, false},
        {"/reset_early", mischief_reset, true},
        {"/close", mischief_close, false},
        {"/hang", mischief_hang, false},
        {"/eat", mischief_eat, false},
        {"/upgrade", mischief_upgrade, true},
};

static const struct action *actions_find(const char *path)
{
	const char *rest = strncmp(path, "/api/v1/", 8) == 0 ? path + 7 : path;

	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		if (strcmp(actions[i].path, rest) == 0)
			return &actions[i];
	return NULL;
}

static bool actions_answer(struct connection *connection, struct request *request, const struct action *action)
{
	if (crashed)
		return reply_send(connection, request, 500, "", "crashed\n", 8);
	if (action == NULL)
		return do_headers(connection, request);
	return action->run(connection, request);
}

bool actions_run(struct connection *connection, struct request *request)
{
	const struct action *action = actions_find(request->path);
	bool probe = action != NULL && action->run == do_health;

	if (!probe) {
		handled++;
		record_head(connection, request);
	}
	if (action != NULL && action->before_body)
		return actions_answer(connection, request, action);
	if (!request_read_body(connection, request))
		return false;
	if (request->body_len > 0)
		record_body(connection, request);
	return actions_answer(connection, request, action) && !request->close;
}
