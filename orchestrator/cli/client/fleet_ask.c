/* fleet_ask: asked, parsed, and found to be about a fleet. */
#include "orchestrator/cli/client/fleet_ask.h"

#include "orchestrator/cli/client/fleet_view.h"

#define REPLY_MAX (16 * 1024 * 1024)

void fleet_answer_init(struct fleet_answer *answer)
{
	answer->doc = NULL;
	buf_init(&answer->text, REPLY_MAX);
}

void fleet_answer_clear(struct fleet_answer *answer)
{
	json_free(answer->doc);
	answer->doc = NULL;
	buf_clear(&answer->text);
}

bool fleet_ask(struct wire *wire, struct fleet_answer *answer, struct err *err)
{
	json_free(answer->doc);
	answer->doc = NULL;
	if (!wire_ask(wire, "GET", "/api/fleet", NULL, &answer->text, err))
		return false;
	if (json_parse(buf_text(&answer->text), answer->text.len, NULL, &answer->doc, NULL) &&
	    fleet_view_check(json_root(answer->doc)))
		return true;
	return err_set_code(err, WIRE_TROUBLE,
	                    "what answers at %s is no orchestrator's admin API: is the address right?",
	                    wire_address(wire));
}
