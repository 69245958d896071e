/* docker_json_address: where a container is reached, and where its own connections come from, out of what the Docker Engine says
 * of it. Pure.
 *
 * How it is reached says its label DOCKER_LABEL_REACH: by its socket's directory, which is a label too; by the host address
 * that its port is published on; or by its address on the network of ours.
 */
#pragma once

#include "common/json.h"
#include "orchestrator/base/address.h"
#include "orchestrator/engine/engine.h"

#include <stdbool.h>

/* value: one object of the reply to GET /containers/json (ContainerList). len of address is 0 where it is not there. */
void docker_json_listed_address(const struct json_value *value, const char *network, struct address *address);

/* networks: NetworkSettings.Networks of either. The addresses that the container has, on any network, ours or not. */
void docker_json_sources(const struct json_value *networks, struct engine_sources *sources);

/* root: the reply to GET /containers/ID/json (ContainerInspect). False: it has no address on the network. */
bool docker_json_inspected_address(const struct json_value *root, const char *network, struct address *address);
