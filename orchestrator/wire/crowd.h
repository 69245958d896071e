/* crowd: how many handshakes each client has begun of late, and has not finished: so that one client cannot take what all
 * have together. Clients are addresses, those of IPv6 by their first 64 bits. Pure but for its memory.
 *
 * It remembers a client for a second after its last handshake, or somewhat longer where few begin one; what is remembered is
 * therefore bounded by how many handshakes are begun in a second and are open at once.
 */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

struct crowd;
struct sockaddr;

#define CROWD_PER_S 100      /* handshakes that one client may begin in a second */
#define CROWD_UNFINISHED 256 /* that it may have open */

struct crowd_key {
	unsigned char bytes[16];
};

struct crowd *crowd_new(void);
void crowd_free(struct crowd *crowd);

/* A handshake begins, at now_us. False: the client has too many, and nothing was counted. */
bool crowd_enter(struct crowd *crowd, const struct sockaddr *peer, int64_t now_us, struct crowd_key *key);

/* It has ended, however; for each that was entered. */
void crowd_leave(struct crowd *crowd, const struct crowd_key *key);
