/* private_api: the routes that both services have beside their own, _count, _health and _crash; and what happens on arrival. */
#pragma once

#include "common/err.h"
#include "services/count.h"
#include "services/jobs.h"
#include "services/rest/rest.h"

struct service;

/* The rows for a service's route table; the owner of the routes must be a struct service. */
#define PRIVATE_ROUTES                                                                                           \
	{HTTP_GET, "/api/v1/_count", private_on_count}, {HTTP_DELETE, "/api/v1/_count", private_on_count_reset}, \
	        {HTTP_GET, "/api/v1/_health", private_on_health},                                                \
	{                                                                                                        \
		HTTP_POST, "/api/v1/_crash", private_on_crash                                                    \
	}

rest_handler private_on_count, private_on_count_reset, private_on_health, private_on_crash;

struct private_api;

struct private_options {
	struct event_base *base;
	const char *count_path;     /* of the file that counts, unless the store does */
	const char *const *counted; /* NULL-terminated: requests at or under them are counted, whatever their outcome */
	struct store *write_store, *read_store; /* borrowed; no thread uses them yet */
};

bool private_api_open(const struct private_options *options, struct private_api **api, struct err *err) MUST_CHECK;
void private_api_start(struct private_api *api, struct jobs *jobs); /* once there are jobs */
void private_api_stop(struct private_api *api);                     /* before they end. NULL is fine */
void private_api_close(struct private_api *api);                    /* after that. NULL is fine */

/* For rest_service.on_arrival; the owner is a struct service. */
int private_on_arrival(void *owner, enum http_method method, struct http_text path);
