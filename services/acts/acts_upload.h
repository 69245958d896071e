/* acts_upload: POST of an act. */
#pragma once

#include "services/rest/rest.h"
#include "services/service.h"

/* The owner is a struct service whose api is a struct uploads. */
rest_handler acts_upload_on_post;

bool acts_upload_open(struct service *service, struct err *err);
void acts_upload_stop(struct service *service);
void acts_upload_close(struct service *service);
