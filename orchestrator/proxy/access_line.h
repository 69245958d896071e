/* access_line: what the access log says of one reply. */
#pragma once

#include "common/buf.h"
#include "common/http_head.h"

#include <stdbool.h>
#include <stdint.h>

struct turn;

struct access_line {
	const char *request_id;
	const char *client;
	const char *tls;       /* version; NULL: in clear */
	const char *protocol;  /* "HTTP/1.1"; NULL: it could not be read */
	struct http_text host; /* as it came; empty: none */
	struct http_text method;
	struct http_text target;
	int code;              /* 0: the client left first */
	int64_t bytes;         /* sent to the client, heads included */
	const char *service;   /* NULL: none */
	int slot;              /* -1: none */
	const char *container; /* "" : none */
	unsigned tries;
	bool hedged; /* two containers had it at the same time */
	int64_t held_us;
	int64_t total_us; /* from the end of the request's head to the end of the reply */
};

/* Of this turn's request, and of no container yet. It points into the turn. */
struct access_line access_line_of(const struct turn *turn);

/* One object of JSON and a newline, in place of what is in the text. time: when, as text. False: there is no room. */
bool access_line_write(const struct access_line *line, const char *time, struct buf *text);
