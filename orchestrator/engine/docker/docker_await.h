/* docker_await: the program with which a container waits for its network (await.c), as a file that containers are given.
 *
 * late_network depends on it: without it a program would begin without a network and with the host's resolv.conf. So where
 * the file cannot be had, containers are made with their network.
 */
#pragma once

#include <stdbool.h>

#define DOCKER_AWAIT_MOUNT "/.selfless-await" /* where it is in a container */

struct docker_await;

/* state_dir: the file's folder. Nothing is made before docker_await_file is called. */
struct docker_await *docker_await_new(const char *state_dir);
void docker_await_free(struct docker_await *await);

/* Path of the file on this host, made where it is missing or another version's; NULL: containers have to do without. What
 * failed is tried again after 0.5 s at the earliest, then after twice as long each time, up to 30 s; why is logged when it
 * begins to fail, and that it is well again when it is. */
const char *docker_await_file(struct docker_await *await);

/* A create or a start was refused with this message. Is it the file that Docker cannot use? Then containers do without it for
 * a while, as above. */
bool docker_await_refused(struct docker_await *await, const char *message);

/* A container that was made with the file has been started: all is well. */
void docker_await_worked(struct docker_await *await);
