/* api: the routes of admin, in one table, and what they do. */
#pragma once

#include "orchestrator/admin/call.h"

#include <stdio.h>

extern const struct route_table api_routes;

/* Answers the call by this table; path has no query. */
void api_answer(const struct route_table *table, struct call *call, const char *path);

/* A table in Markdown: method | path | what it needs | meaning. */
void api_document(FILE *to);
