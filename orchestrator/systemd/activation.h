/* activation: sockets that systemd opened for us and keeps open while we restart, sd_listen_fds(3).
 *
 * LISTEN_FDS listening stream sockets are there from descriptor 3 on, if LISTEN_PID is our process. They are marked
 * close-on-exec and non-blocking; the variables are unset, so that nothing we start takes them for its own. Does not
 * accept: whoever listens asks for the socket of its address before it binds one.
 */
#pragma once

#include "common/err.h"

#include <stdbool.h>

struct activation;

/* Reads the variables and unsets them. No sockets, or another process's, are no failure. False with what is wrong with
 * them: a count that cannot be, a descriptor that is no listening stream socket. Call it once, before any thread. */
bool activation_open(struct activation **activation, struct err *err) MUST_CHECK;

/* Sockets that nobody took are closed, with a warning that names them. NULL is fine. */
void activation_free(struct activation *activation);

/* The socket bound to the address in text ("ADDRESS:PORT"), -1 if there is none; it is the caller's from then on. One
 * bound to [::] serves 0.0.0.0, too, unless it is for IPv6 alone. `arg` is a struct activation; NULL is fine. */
int activation_take(const char *text, void *arg);
