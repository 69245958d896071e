/* leading: see the header. */
#include "orchestrator/fleet/leading.h"

#include "common/clock.h"
#include "common/log.h"

#include <stdio.h>

#define NOTE_US 60000000

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

bool leading_refuse(const struct leading *leading, struct err *err)
{
	if (leading->leader[0] == '\0')
		return err_set(err,
		               "this orchestrator follows, and nobody leads now: `docker node ls` shows the managers; "
		               "order it again once one is Leader");
	return err_set(err, "this orchestrator follows: the one on %s leads, and takes orders; ask that one",
	               leading->leader);
}

void leading_note_other(struct leading *leading, const char *peer, const char *service)
{
	if (leading->noted_us != 0 && clock_us() - leading->noted_us < NOTE_US)
		return;
	leading->noted_us = clock_us();
	log_warn(
	        "event=files-differ peer=%s service=%s error=\"its file makes other containers of this service than ours: give all "
	        "orchestrators one file, and reload\"",
	        log_quote(peer), service);
}
