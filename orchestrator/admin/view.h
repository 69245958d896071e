/* view: the fleet as JSON, as /api/fleet and the event stream show it. */
#pragma once

#include "common/json.h"
#include "orchestrator/admin/desk.h"
#include "orchestrator/fleet/nodes.h"

/* The whole of it, one object. */
void view_fleet(struct json_writer *w, const struct desk *desk);

/* One service of it, one object. index: in the order of the configuration. */
void view_service(struct json_writer *w, const struct desk *desk, size_t index);

/* The members "services" (only what is counted and measured) and those about the process: what each second changes. */
void view_numbers(struct json_writer *w, const struct desk *desk);

/* The engine: does it answer, and since when, who leads, which nodes there are? An object. */
void view_engine(struct json_writer *w, const struct supervisors *supervisors);

/* Members of the object that tells about a backend: where it is, its state, its numbers. */
void view_backend(struct json_writer *w, const struct nodes *nodes, struct backend *backend);

/* The member "window": the count on which the next decision will rest, and when that is due. */
void view_window(struct json_writer *w, const struct supervisor *supervisor);
