/* docker_sockets: which container has which socket directory (see socket_dir.h), from before its create until it is gone.
 *
 *   made for a create --ok--> a container's --removed, destroyed, or not in a list--> removed
 *          |--refused--> removed
 *          |--in doubt--> doubtful --in the next list--> a container's
 *                                  --not in it--> removed
 *
 * A list says nothing of what was made, or became doubtful, after it was asked for.
 */
#pragma once

#include "orchestrator/engine/engine.h"
#include "orchestrator/engine/socket_dir.h"

struct docker_sockets;

/* root: where the directories are made (copied). Nothing on disk is touched before docker_sockets_make. */
struct docker_sockets *docker_sockets_new(const char *root);
void docker_sockets_free(struct docker_sockets *sockets); /* the directories stay */

/* A directory for a container of this service and slot; exactly one of made and failed follows, unless the engine goes. */
bool docker_sockets_make(struct docker_sockets *sockets, const char *service, int slot, char dir[SOCKET_DIR_SIZE],
                         struct err *err) MUST_CHECK;
void docker_sockets_made(struct docker_sockets *sockets, const char *dir, const char *id);
void docker_sockets_failed(struct docker_sockets *sockets, const char *dir, bool in_doubt);

/* The container does not exist any more. Harmless where it has no directory. */
void docker_sockets_gone(struct docker_sockets *sockets, const char *id);

/* All containers of ours, in any state, as they were after asked_us (clock_us). */
void docker_sockets_listed(struct docker_sockets *sockets, const struct engine_container *containers, size_t count,
                           int64_t asked_us);

/* Where this container is reached; false where it has no directory. */
bool docker_sockets_address(const struct docker_sockets *sockets, const char *id, struct address *address);

/* Once, and not before the first list: removes what earlier engines left under root. */
void docker_sockets_sweep(struct docker_sockets *sockets);
