/* exchange_seek: to a backend that is ready, or into the list of those who wait for one. */
#pragma once

#include "orchestrator/proxy/exchange_struct.h"

/* Sends the request to a backend, holds it, or gives up. */
void exchange_seek(struct exchange *exchange);

/* It was held for hold_ms. */
void exchange_hold_ended(struct exchange *exchange);

/* A backend of this service got ready: those that are held are looked at, in order of arrival. */
void exchange_release_held(struct service *service);

/* This service is not configured any more: those that are held for it are answered 503. */
void exchange_dismiss_held(struct service *service);
