/* listening: on which TCP ports a container listens, and whether anybody outside gets there; as the kernel has it in
 * /proc/PID/net of the container's process.
 */
#pragma once

#include "common/err.h"

#include <stdbool.h>
#include <stddef.h>

#define LISTENING_MAX 32 /* ports of each kind; further ones are left out */

struct listening {
	int open[LISTENING_MAX]; /* on an address that others reach */
	size_t open_count;
	int shut[LISTENING_MAX]; /* on loopback alone: nobody outside the container gets there */
	size_t shut_count;
};

/* Adds what listens by this text of /proc/net/tcp or tcp6 (proc(5)), whichever comes first. Lines of another form are left
 * out. Docker's resolver in each container, on 127.0.0.11, is nobody's program. */
void listening_parse(const char *text, size_t len, struct listening *listening);

/* Fills *listening for the container with this id and process. False where this host cannot say: the process is not the
 * container's here, as with an engine on another host or in another PID namespace. */
bool listening_read(int pid, const char *id, struct listening *listening) MUST_CHECK;

bool listening_has(const int *ports, size_t count, int port);
