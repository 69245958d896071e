/* fleet_notes: sentences about a fleet: what is wrong and what to do, what is waited for, what a roll is at. Pure. */
#pragma once

#include "common/json.h"
#include "orchestrator/cli/client/fleet_how.h"

#include <stdio.h>

/* About the orchestrator and its engine, a line each; nothing where all is well. */
void fleet_notes_print_whole(const struct json_value *fleet, const struct fleet_view_how *how, FILE *to);
/* About its services, slots and spares. */
void fleet_notes_print(const struct json_value *fleet, const struct fleet_view_how *how, FILE *to);
