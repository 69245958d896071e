/* control: the routes both services have beside their own: _count, _health, _crash; and what happens on arrival. */
#pragma once

#include "common/err.h"
#include "services/count.h"
#include "services/jobs.h"
#include "services/rest/rest.h"

struct service;

/* One migration step: the table that _health writes. */
#define CONTROL_SCHEMA                                                                         \
	"CREATE TABLE health (id INTEGER PRIMARY KEY CHECK (id = 1), beats INTEGER NOT NULL);" \
	"INSERT INTO health VALUES (1, 0);"

/* The rule that goes with it. */
#define CONTROL_RULE "SELECT 'health has ' || n || ' rows' FROM (SELECT count(*) AS n FROM health) WHERE n <> 1"

/* The rows for a service's route table; the owner of the routes must be a struct service. */
#define CONTROL_ROUTES                                                                                           \
	{HTTP_GET, "/api/v1/_count", control_on_count}, {HTTP_DELETE, "/api/v1/_count", control_on_count_reset}, \
	        {HTTP_GET, "/api/v1/_health", control_on_health},                                                \
	{                                                                                                        \
		HTTP_POST, "/api/v1/_crash", control_on_crash                                                    \
	}

rest_handler control_on_count, control_on_count_reset, control_on_health, control_on_crash;

struct control;

/* counted: NULL-terminated paths; requests at or under them are counted, whatever their outcome. */
bool control_open(struct event_base *base, const char *count_path, const char *const *counted, struct store *store,
                  struct control **control, struct err *err) MUST_CHECK;
void control_close(struct control *control); /* NULL is fine */

/* For rest_service.on_arrival; the owner is a struct service. */
int control_on_arrival(void *owner, enum http_method method, struct http_text path);
