/* place: where a container can be reached, and the host directory of its unix socket. */
#pragma once

#include "common/err.h"
#include "orchestrator/config/config.h"
#include "orchestrator/fleet/backend.h"

#define PLACE_DIR_SIZE ENGINE_NAME_SIZE
#define PLACE_DIR_MAX 102 /* bytes of a directory whose socket's path fits into a sockaddr_un */

/* The directory that holds the containers' directories: config->socket_dir or /run/NAME. */
void place_socket_root(const struct config *config, char root[PLACE_DIR_SIZE]);

/* Makes a fresh directory for a container, mode 0777 (its user is unknown here) under a root that only we may enter. */
bool place_make_dir(const char *root, const char *service, int slot, char dir[PLACE_DIR_SIZE],
                    struct err *err) MUST_CHECK;
void place_remove_dir(const char *dir); /* with the sockets in it; "" is fine */

bool place_dir_exists(const char *dir); /* true for "": it needs none. /run is empty after a reboot */

/* Removes directories made by place_make_dir that none of the containers uses: left over from a crash. */
void place_sweep(const char *root, const struct engine_container *containers, size_t count);

/* Where one connects to a port that is published on host. False: host is no address. */
bool place_published(const char *host, int port, struct address *address);
void place_socket(const char *dir, struct address *address); /* DIR/http */
