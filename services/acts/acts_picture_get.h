/* acts_picture_get: GET of one act's picture as the bytes that it is: whole, or a part of them. */
#pragma once

#include "services/rest/rest.h"

/* For the route /api/v1/acts/{actId}/picture; the owner is a struct service. */
rest_handler acts_picture_on_get;
