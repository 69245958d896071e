/* api: the routes of admin, in one table, and what they do. */
#pragma once

#include "orchestrator/admin/call.h"

#include <stdio.h>

/* Answers the call; path has no query. */
void api_answer(struct call *call, const char *path);

/* A table in Markdown: method | path | meaning. */
void api_document(FILE *to);
