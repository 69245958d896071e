/* service: what both services' main has in common: arguments, settings, store, threads, HTTP, signals, leaving. */
#pragma once

#include "common/err.h"
#include "services/rest/rest.h"
#include "services/settings.h"
#include "services/store/store.h"

#include <stdbool.h>

struct event_base;
struct jobs;
struct private_api;
struct reply_cache;
struct transfer_kind;

/* The one object every handler gets as its owner. */
struct service {
	struct event_base *base;
	struct settings settings;
	struct private_api *private_api;
	struct jobs *jobs;
	struct reply_cache *cache;
	void *api; /* the service's own */
};

struct service_kind {
	const char *name;                       /* "acts" */
	const struct store_texts *const *texts; /* see store.h */
	const char *const *counted;             /* see private_api.h */
	const struct transfer_kind *transfer;   /* see transfer.h */
	const struct rest_route *routes;
	size_t route_count;
	/* The prepared statements of one connection, handed to the jobs that run on it. */
	bool (*tables_open)(struct store *store, bool writer, void **tables, struct err *err);
	void (*tables_close)(void *tables);
	bool (*api_open)(struct service *service, struct err *err); /* sets service->api */
	void (*api_stop)(struct service *service);                  /* waits for its threads; jobs still run */
	void (*api_close)(struct service *service);
};

/* Serves; with arguments, does what they say (command.h). Returns the exit code: 0 clean, 1 it cannot run, 2 wrong
 * usage. */
int service_main(const struct service_kind *kind, int argc, char **argv);
