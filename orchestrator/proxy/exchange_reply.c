/* exchange_reply: from a backend's head to the client's last byte.
 *
 * A reply with a length up to BUFFER_MAX is gathered whole before it is sent, so that it can still be replaced by another
 * backend's. A 5xx to an idempotent request is withheld until its backend has been probed, and so is the end of a reply
 * that ends with the connection: a container that was killed closes it just so.
 */
#include "orchestrator/proxy/exchange_reply.h"

#include "orchestrator/proxy/exchange_end.h"
#include "orchestrator/proxy/exchange_fail.h"
#include "orchestrator/proxy/exchange_hedge.h"
#include "orchestrator/proxy/exchange_trial.h"
#include "orchestrator/proxy/tunnel.h"

#define BUFFER_MAX 65536 /* replies up to here are received whole before they are sent */
#define END_QUESTIONS 3  /* then it lives, and has ended its reply itself */

static void heed(struct exchange *exchange, enum turn_write written)
{
	if (written == TURN_SLOW && exchange->trial->upstream != NULL)
		upstream_pause(exchange->trial->upstream);
}

static void finish(struct exchange *exchange)
{
	struct turn *turn = exchange->turn;

	turn_flush(turn);
	exchange_over(exchange, exchange->answer.status, FLEET_SERVED);
	turn_end(turn);
}

static void plan(struct exchange *exchange, const struct http_head *head)
{
	bool has_body = http_response_has_body(head, exchange->request->method);

	exchange->answer.length = head->content_length;
	exchange->answer.to_close = !head->chunked && head->content_length < 0;
	exchange->answer.gather = !has_body || (head->content_length >= 0 && head->content_length <= BUFFER_MAX);
}

static void on_answer(bool well, void *arg);

/* Is the backend that answers itself ill? */
static void ask(struct exchange *exchange)
{
	exchange->question = health_ask(supervisor_health(exchange->service->supervisor), exchange->trial->backend,
	                                on_answer, exchange);
}

/* Of a reply that ended with the connection. A probe that is late does not make it half a reply: health's verdict does. */
static void decide_end(struct exchange *exchange, bool well)
{
	if (!well && backend_state(exchange->trial->backend) == BACKEND_DOWN)
		exchange_fail(exchange, UPSTREAM_CUT, false);
	else if (!well && ++exchange->answer.asked < END_QUESTIONS)
		ask(exchange);
	else
		finish(exchange);
}

static void on_answer(bool well, void *arg)
{
	struct exchange *exchange = arg;

	exchange->question = NULL;
	if (exchange->turn->begun) {
		decide_end(exchange, well);
		return;
	}
	if (!well) {
		exchange_drop_upstream(exchange);
		exchange_replay(exchange, STATS_REPLAY_STATUS);
		return;
	}
	if (exchange->answer.complete) {
		finish(exchange);
		return;
	}
	if (!exchange->answer.gather)
		heed(exchange, turn_flush(exchange->turn));
	upstream_resume(exchange->trial->upstream);
}

/* A backend that is ill says 5xx to everything: before such a reply is passed on, the backend is asked. Of one that was
 * found ill while the reply was under way the answer is no at once. */
static void withhold(struct exchange *exchange)
{
	ask(exchange);
	if (!exchange->answer.gather)
		upstream_pause(exchange->trial->upstream);
}

static void on_head(const struct http_head *head, void *arg)
{
	struct trial *trial = arg;
	struct exchange *exchange = trial->exchange;

	if (head->status < 200 && head->status != 101) {
		if (!exchange_is_hedging(exchange)) /* else it is not known yet whose answer counts */
			heed(exchange, turn_interim(exchange->turn, head));
		return;
	}
	exchange_settle(trial);
	exchange->state = EXCHANGE_REPLYING;
	exchange->answer.status = head->status;
	if (head->status == 101 && !exchange->request->upgrade) {
		exchange->past.broke = "changes the protocol (101), which was not asked for (RFC 9110 section 15.2.2)";
		exchange_cancel(exchange);
		exchange_fail(exchange, UPSTREAM_MALFORMED, false);
		return;
	}
	exchange->answer.upgraded = head->status == 101;
	plan(exchange, head);
	if (!turn_head(exchange->turn, head)) {
		exchange->past.broke = http_fault_reply(HTTP_FAULT_HEAD_LONG);
		exchange_cancel(exchange);
		exchange_fail(exchange, UPSTREAM_MALFORMED, false);
		return;
	}
	if (head->status >= 500 && exchange->request->idempotent)
		withhold(exchange);
	else if (!exchange->answer.gather)
		heed(exchange, turn_flush(exchange->turn));
}

static void on_body(const char *data, size_t len, void *arg)
{
	struct exchange *exchange = ((struct trial *)arg)->exchange;

	if (exchange->state == EXCHANGE_OVER)
		return;
	bool whole = (int64_t)len == exchange->answer.length;
	if (exchange->question == NULL && (whole || !exchange->answer.gather))
		heed(exchange, turn_send(exchange->turn, data, len));
	else if (!turn_keep(exchange->turn, data, len))
		exchange_cut(exchange); /* cannot be: what one read brings fits */
}

static void start_tunnel(struct exchange *exchange)
{
	struct turn *turn = exchange->turn;
	struct tunnel_end end = {.service = exchange->service, .backend = exchange->trial->backend};

	heed(exchange, turn_flush(exchange->turn));
	end.fd = upstream_detach(exchange->trial->upstream);
	exchange->trial->upstream = NULL;
	exchange->trial->backend = NULL; /* the tunnel releases it */
	exchange_over(exchange, 101, FLEET_SERVED);
	tunnel_start(&exchange->core->tunnels, &end, turn);
}

static void on_done(struct http_text trailers, void *arg)
{
	struct exchange *exchange = ((struct trial *)arg)->exchange;

	if (exchange->answer.upgraded) {
		start_tunnel(exchange);
		return;
	}
	exchange->trial->upstream = NULL;
	exchange->answer.complete = true;
	if (exchange->answer.to_close && exchange->turn->begun && exchange->question == NULL)
		ask(exchange);
	if (!turn_complete(exchange->turn, trailers))
		exchange_cut(exchange); /* cannot be: there is room for them */
	if (exchange->question == NULL && exchange->state != EXCHANGE_OVER)
		finish(exchange);
}

static void on_missed(void *arg)
{
	exchange_hedge(arg);
}

static void on_failed(enum upstream_failure failure, bool untouched, const char *broke, void *arg)
{
	struct trial *trial = arg;
	struct exchange *exchange = trial->exchange;

	exchange->trial = trial;
	trial->upstream = NULL;
	if (exchange->question != NULL)
		health_ask_cancel(exchange->question);
	exchange->question = NULL;
	exchange->past.broke = broke;
	exchange_fail(exchange, failure, untouched);
}

const struct upstream_reader exchange_reader = {on_head, on_body, on_done, on_missed, on_failed};
