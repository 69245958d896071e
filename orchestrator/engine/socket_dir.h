/* socket_dir: the host directories in which containers have their unix sockets (REACH_SOCKET), one for each container.
 *
 * A directory is ROOT/SERVICE_SLOT.XXXXXXXX: eight random hex digits, so that the next container of a slot never meets the
 * socket of the one before, and so that sweeping knows what was made here. The container finds it as /run/selfless and
 * listens at /run/selfless/http. Which container has which directory the engines know; this knows the disk alone.
 */
#pragma once

#include "common/err.h"
#include "orchestrator/base/address.h"

#include <stdbool.h>

#define SOCKET_DIR_SIZE 128 /* bytes, with the NUL */

/* Makes a directory under root, which only we may enter and which is made where it is missing. Mode 0777: the container's
 * user is unknown here. dir is "" on false. */
bool socket_dir_make(const char *root, const char *service, int slot, char dir[SOCKET_DIR_SIZE],
                     struct err *err) MUST_CHECK;

/* With the sockets in it. Nothing happens where it is missing, "", or none that socket_dir_make may have made. */
void socket_dir_remove(const char *dir);

/* Is it there, so that a container that has it may be started? /run is empty after a reboot. */
bool socket_dir_usable(const char *dir);

/* Where the container listens. False: the path is too long for a socket's. */
bool socket_dir_address(const char *dir, struct address *address);

/* The other way round. False: the address is none of socket_dir_address. */
bool socket_dir_of(const struct address *address, char dir[SOCKET_DIR_SIZE]);

/* Removes all under root that socket_dir_make made and that nobody uses: left over from a crash. */
void socket_dirs_sweep(const char *root, bool (*is_used)(const char *dir, const void *arg), const void *arg);
