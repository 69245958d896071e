/* config_check_hosts: rules for hosts: what is a name, which names two may not have. */
#pragma once

#include "orchestrator/config/config.h"
#include "orchestrator/config/config_scope.h"

/* The hosts of all services, as they are compared. */
struct host_index;

/* NULL: one of them is no host, or stands twice in one service; err says where. config is borrowed. */
struct host_index *host_index_new(const struct config *config, const char *file, const struct json_value *root,
                                  struct err *err);
void host_index_free(struct host_index *index);

/* A host that both services have, as one of them has it written; "" where both have none; NULL: they do not meet. */
const char *host_index_shared(const struct host_index *index, size_t a, size_t b);

bool check_redirects(const struct config *config, const struct host_index *index, const char *file,
                     const struct json_value *root, struct err *err);
