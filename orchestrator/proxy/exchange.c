/* exchange: the way of one request.
 *
 *   start -> (answered here: see answer)
 *   seek  -> acquired: SENT          none ready: HELD -> seek again when one is      hopeless: 502 or 503
 *   SENT  -> head: REPLYING (small ones are gathered first; 5xx are WITHHELD meanwhile)
 *         -> failed: replay (seek) or 502, 504
 *   REPLYING -> done: over           failed: cut
 *
 * Each time that it is sent is a trial. There is one at a time, but for SENT to a backend that seems to hang: see
 * exchange_hedge.
 * One way out: exchange_over().
 */
#include "orchestrator/proxy/exchange.h"

#include "common/container_of.h"
#include "common/mem.h"
#include "orchestrator/proxy/answer.h"
#include "orchestrator/proxy/exchange_end.h"
#include "orchestrator/proxy/exchange_fail.h"
#include "orchestrator/proxy/exchange_reply.h"
#include "orchestrator/proxy/exchange_seek.h"

#include <stdlib.h>

#define SPARES_MAX 64

static struct exchange *spares[SPARES_MAX];
static unsigned spare_count;

/* --- memory ---------------------------------------------------------------------------------------------------- */

static void on_free(struct deferred *deferred)
{
	struct exchange *exchange = container_of(deferred, struct exchange, deferred);

	if (spare_count < SPARES_MAX)
		spares[spare_count++] = exchange;
	else
		free(exchange);
}

void exchange_free_spares(void)
{
	while (spare_count > 0)
		free(spares[--spare_count]);
}

/* Every request needs one: a few are kept. */
static struct exchange *exchange_alloc(void)
{
	if (spare_count == 0)
		return mem_zero(sizeof(struct exchange));
	struct exchange *exchange = spares[--spare_count];
	*exchange = (struct exchange){0};
	return exchange;
}

/* --- the beginning --------------------------------------------------------------------------------------------- */

static void on_drained(void *arg)
{
	struct exchange *exchange = arg;
	bool withheld = exchange->question != NULL && !exchange->answer.gather;

	if (exchange->trial->upstream != NULL && !withheld)
		upstream_resume(exchange->trial->upstream);
}

static void on_gone(void *arg)
{
	struct exchange *exchange = arg;

	exchange_over(exchange, 0, FLEET_CANCELLED);
}

static const struct turn_user user = {.on_drained = on_drained, .on_gone = on_gone};

static void on_deadline(struct deadline *deadline)
{
	struct exchange *exchange = container_of(deadline, struct exchange, deadline);

	if (exchange->state == EXCHANGE_WAITING)
		exchange_decide(exchange);
	else
		exchange_hold_ended(exchange);
}

static struct exchange *exchange_new(struct core *core, struct service *service, struct turn *turn)
{
	struct exchange *exchange = exchange_alloc();

	exchange->core = core;
	exchange->service = service;
	exchange->turn = turn;
	exchange->request = turn->request;
	exchange->deferred.run = on_free;
	exchange->last_slot = -1;
	exchange->reader = &exchange_reader;
	exchange->trial = &exchange->trials[0];
	exchange->trials[0].exchange = exchange->trials[1].exchange = exchange;
	deadline_add(core->deadlines, &exchange->deadline, on_deadline);
	turn_set_user(turn, &user, exchange, service_idle_timeout_ms(service, core->config));
	service->stats.in_flight++;
	core->in_flight++;
	return exchange;
}

void exchange_start(struct core *core, struct turn *turn)
{
	struct route_match match;

	if (answer_here(core, turn, &match))
		return;
	struct service *service = core->services[match.service];
	struct exchange *exchange = exchange_new(core, service, turn);
	if (match.counted)
		supervisor_count_request(service->supervisor);
	exchange_seek(exchange);
}
