/* users_api: the routes of the users service. */
#pragma once

#include "services/rest/rest.h"
#include "services/service.h"

extern const struct rest_route users_routes[];
extern const size_t users_route_count;

bool users_api_open(struct service *service, struct err *err);
void users_api_stop(struct service *service);
void users_api_close(struct service *service);
