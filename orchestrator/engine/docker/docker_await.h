/* docker_await: the program with which a container waits for its network (await.c), as a file that containers are given.
 *
 * late_network depends on it: without it a program would begin without a network and with the host's resolv.conf. So where
 * the file cannot be had, containers are made with their network, and why is said once.
 */
#pragma once

#include <stdbool.h>

#define DOCKER_AWAIT_MOUNT "/.selfless-await" /* where it is in a container */

struct docker_await;

/* state_dir: the file's folder. Nothing is made before docker_await_file is called. */
struct docker_await *docker_await_new(const char *state_dir);
void docker_await_free(struct docker_await *await);

/* Path of the file on this host, made where it is missing or another version's; NULL: containers have to do without. */
const char *docker_await_file(struct docker_await *await);

/* A create or a start was refused with this message. Is it the file that Docker cannot use? Then it is not tried again. */
bool docker_await_refused(struct docker_await *await, const char *message);
