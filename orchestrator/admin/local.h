/* local: the unix socket that admin listens on beside its addresses, and who may speak there.
 *
 * It is the commands' first way in: whoever may open it is trusted as much as whoever knows the token. Does not accept
 * and reads nothing.
 */
#pragma once

#include "common/err.h"

#include <sys/types.h>

#define LOCAL_NAME "admin.sock"
#define LOCAL_MODE 0660 /* its group is the orchestrator's own */

struct local;

/* Listens at folder/admin.sock, non-blocking, with this many waiting. The folder is made where it is missing, such that our
 * group may go through it and see nothing else. A socket that is there is replaced if nobody answers at it; false, with
 * the reason, if somebody does, if that name is not a socket's, or where the folder cannot be written. */
bool local_listen(const char *folder, int backlog, struct local **local, struct err *err) MUST_CHECK;

int local_fd(const struct local *local); /* closed by whoever listens with it */
const char *local_path(const struct local *local);

/* Takes the name away, unless another socket has it by now; the descriptor is not closed. NULL is fine. */
void local_free(struct local *local);

/* Who is at the other end of a connection, by the kernel's word: root, our own user, or a member of our group. */
bool local_peer_may(int fd);

/* The rule of local_peer_may, for a user with these groups. Pure. */
bool local_may(uid_t uid, const gid_t *groups, size_t count, uid_t our_uid, gid_t our_gid);
