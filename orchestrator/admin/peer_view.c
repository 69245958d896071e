/* peer_view: counters that only grow, and since when. */
#include "orchestrator/admin/peer_view.h"

#include "common/clock.h"
#include "common/json.h"
#include "orchestrator/admin/call.h"
#include "orchestrator/fleet/leading.h"

#define REPLY_MAX (256u << 10)
#define US_PER_MS 1000

/* spec: "" before the key of it is the one that all share. */
static void write_service(struct json_writer *w, const struct supervisor *supervisor, bool shared)
{
	json_begin_object(w);
	json_member_text(w, "name", supervisor_service(supervisor)->name);
	json_member_number(w, "counted", (int64_t)supervisor_scaler(supervisor)->total);
	json_member_bool(w, "waiting", supervisor_has_waiting(supervisor));
	json_member_text(w, "spec", shared ? supervisor_spec(supervisor) : "");
	json_end_object(w);
}

void peer_view_answer(struct call *call)
{
	const struct supervisors *supervisors = call->desk->settings.supervisors;
	struct json_writer w;
	struct buf body;

	if (!call->trusted && !call->is_peer) {
		call_problem(call, 403, "this is for the other orchestrators, with the token of swarm.token_file");
		return;
	}
	buf_init(&body, REPLY_MAX);
	json_writer_init(&w, &body);
	json_begin_object(&w);
	json_member_text(&w, "boot", supervisors_boot(supervisors));
	json_member_number(&w, "up_ms", (clock_us() - call->desk->start_us) / US_PER_MS);
	json_key(&w, "services");
	json_begin_array(&w);
	for (size_t i = 0; i < supervisors_count(supervisors); i++)
		write_service(&w, supervisors_at(supervisors, i), supervisors_leading(supervisors)->changes > 0);
	json_end_array(&w);
	json_end_object(&w);
	if (json_writer_ok(&w))
		call_reply(call, 200, "application/json", &body);
	else
		call_problem(call, 500, "the answer is too large");
	buf_clear(&body);
}
