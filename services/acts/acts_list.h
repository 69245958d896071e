/* acts_list: GET of a category's acts, streamed. */
#pragma once

#include "services/rest/rest.h"

/* For the route /api/v1/categories/{name}/acts; the owner is a struct service. */
rest_handler acts_list_on_get;
