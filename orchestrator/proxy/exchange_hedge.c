/* exchange_hedge: a request whose backend seems to hang is sent to another one as well. The first answer counts.
 *
 * Health finds that out: the backend owed replies and said nothing, and missed a probe; or the engine says that it is
 * paused. Only what changes nothing (RFC 9110 section 9.2.1) is sent twice, once, while no byte of its reply has come, and
 * the second try counts among the FLEET_TRIES. The other requests wait until the verdict; so do those that would become a
 * connection (101), since each container would begin one.
 *
 *   SENT -> missed: two trials -> a head: that one is REPLYING, the other cancelled
 *                              -> one fails: the other is left, as if it were the only one
 */
#include "orchestrator/proxy/exchange_hedge.h"

#include "orchestrator/proxy/exchange_trial.h"

void exchange_hedge(struct trial *trial)
{
	struct exchange *exchange = trial->exchange;
	struct fleet_tried tried = exchange->past.tried;

	if (exchange->state != EXCHANGE_SENT || exchange->hedged || exchange->request->upgrade ||
	    !http_method_safe(exchange->request->method) || tried.count + 1 >= FLEET_TRIES)
		return;
	fleet_tried_add(&tried, backend_serial(trial->backend));
	struct backend *second = fleet_acquire(exchange->service->fleet, &tried);
	if (second == NULL)
		return;
	exchange->hedged = true;
	exchange->service->stats.hedged++;
	exchange->incident = *backend_incident(trial->backend);
	log_info("event=hedge service=%s request=%s slot=%d container=%.12s second=%d incident=%s",
	         exchange->service->config->name, exchange->request->id, backend_slot(trial->backend),
	         backend_container_id(trial->backend), backend_slot(second), incident_text(&exchange->incident));
	exchange_send(exchange_other(exchange), second, true); /* a pooled connection might be stale */
}
