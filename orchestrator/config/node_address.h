/* node_address: an address that names this host as the swarm does, "node:9090", and so can stand in a file that all hosts have. Which
 * one it is, the engine knows. Pure.
 */
#pragma once

#include <stdbool.h>

/* Its port. False: text is an address of another kind, or none. */
bool node_address_port(const char *text, int *port);
