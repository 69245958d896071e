/* acts_api: the routes of the acts service. */
#pragma once

#include "services/rest/rest.h"
#include "services/service.h"

extern const struct rest_route acts_routes[];
extern const size_t acts_route_count;

bool acts_api_open(struct service *service, struct err *err);
void acts_api_stop(struct service *service);
void acts_api_close(struct service *service);
