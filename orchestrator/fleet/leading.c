/* leading: see the header. */
#include "orchestrator/fleet/leading.h"

#include "common/log.h"

#include <stdio.h>

void leading_begin(struct leading *leading, const struct engine_can *can)
{
	*leading = (struct leading){.elects = can->elects, .leads = !can->elects};
}

void leading_take(struct leading *leading, const struct engine_role *role)
{
	leading->leads = role->leads;
	snprintf(leading->leader, sizeof(leading->leader), "%s", role->leader);
	leading->changes++;
	log_info("event=%s leader=%s", role->leads ? "leading" : "following",
	         log_quote(role->leader[0] != '\0' ? role->leader : "none"));
}
