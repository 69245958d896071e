/* metrics: what Prometheus gets, from one table; the documentation is made from the same table. */
#pragma once

#include "orchestrator/admin/desk.h"
#include "orchestrator/admin/exposition.h"

#include <stdio.h>

void metrics_write(struct exposition *out, const struct admin_settings *settings);

/* A table in Markdown: name | type | labels | meaning. */
void metrics_document(FILE *to);
