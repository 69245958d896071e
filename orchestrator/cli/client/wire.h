/* wire: requests to the admin API of a running orchestrator, one after the other, each answered before the call returns.
 *
 * Over its unix socket where that may be opened and is its own, else over TCP; each request looks anew.
 */
#pragma once

#include "common/buf.h"
#include "common/err.h"
#include "orchestrator/cli/client/client.h"

struct wire;

/* err.code of wire_open */
#define WIRE_BAD_USAGE \
	2 /* the address or the token file is not good, or the configuration does not even say where to ask */

/* err.code of wire_ask */
#define WIRE_NOBODY 1  /* nobody listens there */
#define WIRE_LOST 2    /* the connection ended before the reply */
#define WIRE_REFUSED 3 /* a reply that is no 2xx */
#define WIRE_TROUBLE 4

/* Finds out where to ask, and with which token. timeout_ms: for each request. */
bool wire_open(const struct client_settings *settings, int timeout_ms, struct wire **wire, struct err *err) MUST_CHECK;
void wire_close(struct wire *wire); /* NULL is fine */

/* What is wrong with the configuration; NULL: nothing. Borrowed until wire_close. */
const char *wire_doubt(const struct wire *wire);

/* Where the last request went: "unix:PATH" or ADDRESS:PORT. */
const char *wire_address(const struct wire *wire);

/* A stream without end: takes what comes, until it returns false, with err set; then, or where the stream breaks or is silent for
 * STREAM_SILENCE_S (wire.c), wire_stream returns false, with that err, or its own as wire_ask's. */
typedef bool wire_taker(const char *data, size_t len, void *arg, struct err *err);
bool wire_stream(struct wire *wire, const char *path, wire_taker *taker, void *arg, struct err *err) MUST_CHECK;

/* Sends body (NULL: none) as JSON. On true reply holds a 2xx reply's body (buf_init by the caller; it is emptied first).
 * On false err says what to do about it. */
bool wire_ask(struct wire *wire, const char *method, const char *path, const char *body, struct buf *reply,
              struct err *err) MUST_CHECK;
