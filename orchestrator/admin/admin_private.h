/* admin_private: what the files of admin share. */
#pragma once

#include "orchestrator/base/address.h"
#include "orchestrator/admin/admin.h"

struct admin;
struct events;
struct evconnlistener;
struct evhttp;
struct local;

/* Where we listen: an address, or the unix socket. */
struct door {
	struct admin *admin;
	struct evhttp *http;
	struct evconnlistener *listener;
	struct local *local; /* the unix socket; NULL: an address */
	struct address address;
	bool needs_token; /* for whatever is asked */
};

struct admin {
	struct admin_settings settings;
	struct events *events;
	char *token; /* NULL: no door needs one */
	struct door *doors;
	size_t door_count;
	int64_t start_us;
};
