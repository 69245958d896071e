/* handshakes: the handshakes of TLS that are under way, in turn: what they cost (0.2 ms with P-256, 4 ms with RSA of 4096 bits)
 * is spent a little in each turn of the loop, so that requests on connections that stand do not wait behind a crowd of new
 * ones.
 *
 * Bytes that are no TLS are told apart before anything is spent on them. It has no deadline and knows no certificates.
 *
 * Ownership: a handshake is embedded in its owner's struct; its memory must stay until no callback is on the stack (see defer).
 * Callbacks come from the loop; exactly one, unless handshake_stop was called.
 */
#pragma once

#include <event2/event_struct.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

struct event_base;
struct handshake_queue;
struct handshakes;
struct tls;
struct tls_server;

/* How a handshake ended; results[] has the words. */
enum handshake_result {
	HANDSHAKE_FULL,
	HANDSHAKE_RESUMED,   /* with a ticket */
	HANDSHAKE_CHALLENGE, /* a CA saw what it came for (RFC 8737); nothing follows */
	HANDSHAKE_REFUSED,   /* no version, suite or name in common, or one side broke the rules */
	HANDSHAKE_CLEAR,     /* it began as HTTP does without TLS */
	HANDSHAKE_GARBAGE,   /* it began as neither does */
	HANDSHAKE_GONE,      /* the client left */
	HANDSHAKE_LATE,      /* its deadline passed */
	HANDSHAKE_CROWDED,   /* its client had too many, and it was not begun */
	HANDSHAKE_RESULTS
};

const char *handshake_result_text(enum handshake_result result);

enum handshake_version { HANDSHAKE_NO_VERSION, HANDSHAKE_1_2, HANDSHAKE_1_3, HANDSHAKE_VERSIONS };

const char *handshake_version_text(enum handshake_version version); /* "-", "1.2", "1.3" */

struct handshake {
	struct handshakes *all; /* NULL: over */
	struct tls *tls;        /* NULL before its first byte has come */
	/* FULL, RESUMED: tls is the callee's, for a stream. CLEAR: nothing was read from the socket. The socket is the owner's
	 * always. */
	void (*on_end)(struct handshake *handshake, enum handshake_result result);
	int fd;
	struct event ready;
	TAILQ_ENTRY(handshake) turn;
	struct handshake_queue *queue; /* that it stands in; NULL: in none */
	bool stepped;                  /* its first step is done */
};

struct handshakes *handshakes_new(struct event_base *base, struct tls_server *server);
void handshakes_free(struct handshakes *all);

/* How many ended so, since the start. */
uint64_t handshakes_count(const struct handshakes *all, enum handshake_version version, enum handshake_result result);

/* One more that ended so, of which handshakes itself did not hear. */
void handshakes_note(struct handshakes *all, enum handshake_result result);

/* fd: connected, non-blocking. */
void handshake_start(struct handshakes *all, struct handshake *handshake, int fd,
                     void (*on_end)(struct handshake *handshake, enum handshake_result result));

/* The end without a word to the client. Harmless for one that is over. */
void handshake_stop(struct handshake *handshake);

/* Has the client said anything yet? */
bool handshake_has_begun(const struct handshake *handshake);
