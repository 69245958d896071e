/* exchange_reply: from a backend's head to the client's last byte.
 *
 * A reply with a length up to BUFFER_MAX is gathered whole before it is sent, so that it can still be replaced by another
 * backend's. A 5xx to an idempotent request is withheld until its backend has been probed, and so is the end of a reply
 * that ends with the connection: a container that was killed closes it just so.
 */
#include "orchestrator/proxy/exchange_private.h"

#include "orchestrator/proxy/tunnel.h"

#include <stdio.h>

#define BUFFER_MAX 65536 /* replies up to here are received whole before they are sent */
#define END_QUESTIONS 3  /* then it lives, and has ended its reply itself */
#define COPY_MAX 4096    /* a body up to here is cheaper copied behind its head than sent beside it */

static void send_out(struct exchange *exchange, const struct iovec *iov, int count)
{
	exchange->begun = true;
	for (int i = 0; i < count; i++)
		exchange->bytes += (int64_t)iov[i].iov_len;
	if (client_write(exchange->client, iov, count) == CLIENT_SLOW && exchange->trial->upstream != NULL)
		upstream_pause(exchange->trial->upstream);
}

static void flush(struct exchange *exchange)
{
	if (exchange->reply.len == 0)
		return;
	send_out(exchange, &(struct iovec){exchange->reply.data, exchange->reply.len}, 1);
	buf_reset(&exchange->reply);
}

static void finish(struct exchange *exchange)
{
	struct client *client = exchange->client;
	bool close = exchange->close;

	flush(exchange);
	exchange_over(exchange, exchange->status, FLEET_SERVED);
	client_end(client, close);
}

static void keep(struct exchange *exchange, const char *data, size_t len)
{
	if (exchange->state != EXCHANGE_OVER && !buf_add(&exchange->reply, data, len))
		exchange_cut(exchange); /* cannot be: what one read brings fits */
}

static void choose_framing(struct exchange *exchange, const struct http_head *head)
{
	const struct request *request = exchange->request;

	exchange->length = head->content_length;
	exchange->to_close = !head->chunked && head->content_length < 0;
	if (!http_response_has_body(head, request->method))
		exchange->framing = head->status == 204 || head->status == 101 ? FORWARD_NO_BODY : FORWARD_AS_IS;
	else if (head->content_length >= 0)
		exchange->framing = FORWARD_LENGTH;
	else
		exchange->framing = request->http_1_0 ? FORWARD_UNTIL_CLOSE : FORWARD_CHUNKED;
	exchange->close =
	        request->close || exchange->framing == FORWARD_UNTIL_CLOSE || front_is_draining(exchange->proxy->front);
	exchange->gather = exchange->framing == FORWARD_LENGTH
	                           ? head->content_length <= BUFFER_MAX
	                           : exchange->framing == FORWARD_AS_IS || exchange->framing == FORWARD_NO_BODY;
}

/* 100 was answered by us; the others are for the client, if its version knows them. */
static void pass_interim(struct exchange *exchange, const struct http_head *head)
{
	if (head->status == 100 || exchange->request->http_1_0)
		return;
	if (forward_reply(&exchange->reply, head, FORWARD_NO_BODY, false, false) &&
	    client_write(exchange->client, &(struct iovec){exchange->reply.data, exchange->reply.len}, 1) ==
	            CLIENT_SLOW)
		upstream_pause(exchange->trial->upstream);
	buf_reset(&exchange->reply);
}

static void on_answer(bool well, void *arg);

/* Is the backend that answers itself ill? */
static void ask(struct exchange *exchange)
{
	exchange->question = health_ask(supervisor_health(exchange->service->supervisor), exchange->trial->backend,
	                                on_answer, exchange);
}

/* Of a reply that ended with the connection. One probe that is late does not make it half a reply: the verdict does. */
static void judge_end(struct exchange *exchange, bool well)
{
	if (!well && backend_state(exchange->trial->backend) == BACKEND_DOWN)
		exchange_fail(exchange, UPSTREAM_CUT, false);
	else if (!well && ++exchange->asked < END_QUESTIONS)
		ask(exchange);
	else
		finish(exchange);
}

static void on_answer(bool well, void *arg)
{
	struct exchange *exchange = arg;

	exchange->question = NULL;
	if (exchange->begun) {
		judge_end(exchange, well);
		return;
	}
	if (!well) {
		exchange_drop_upstream(exchange);
		exchange_replay(exchange, STATS_REPLAY_STATUS);
		return;
	}
	if (exchange->complete) {
		finish(exchange);
		return;
	}
	if (!exchange->gather)
		flush(exchange);
	upstream_resume(exchange->trial->upstream);
}

/* A backend that is ill says 5xx to everything: before such a reply is passed on, the backend is asked. Of one that was
 * found ill while the reply was under way the answer is no at once. */
static void withhold(struct exchange *exchange)
{
	ask(exchange);
	if (!exchange->gather)
		upstream_pause(exchange->trial->upstream);
}

static void on_head(const struct http_head *head, void *arg)
{
	struct trial *trial = arg;
	struct exchange *exchange = trial->exchange;

	if (head->status < 200 && head->status != 101) {
		if (!exchange_is_hedging(exchange)) /* else it is not known yet whose answer counts */
			pass_interim(exchange, head);
		return;
	}
	exchange_settle(trial);
	exchange->state = EXCHANGE_REPLYING;
	exchange->status = head->status;
	if (head->status == 101 && !exchange->request->upgrade) {
		exchange->broke = "changes the protocol (101), which was not asked for (RFC 9110 section 15.2.2)";
		upstream_cancel(exchange->trial->upstream);
		exchange->trial->upstream = NULL;
		exchange_fail(exchange, UPSTREAM_MALFORMED, false);
		return;
	}
	exchange->upgraded = head->status == 101;
	choose_framing(exchange, head);
	if (!forward_reply(&exchange->reply, head, exchange->framing, exchange->close, exchange->request->http_1_0)) {
		exchange->broke = http_fault_reply(HTTP_FAULT_HEAD_LONG);
		upstream_cancel(exchange->trial->upstream);
		exchange->trial->upstream = NULL;
		exchange_fail(exchange, UPSTREAM_MALFORMED, false);
		return;
	}
	if (head->status >= 500 && exchange->request->idempotent)
		withhold(exchange);
	else if (!exchange->gather)
		flush(exchange);
}

static void take_chunk(struct exchange *exchange, const char *data, size_t len)
{
	char size[24], line_end[] = "\r\n";
	int digits = snprintf(size, sizeof(size), "%zx\r\n", len);
	struct iovec iov[3] = {{size, (size_t)digits}, {(char *)(uintptr_t)data, len}, {line_end, 2}};

	if (exchange->question == NULL) {
		send_out(exchange, iov, 3);
		return;
	}
	for (int i = 0; i < 3; i++)
		keep(exchange, iov[i].iov_base, iov[i].iov_len);
}

static void on_body(const char *data, size_t len, void *arg)
{
	struct exchange *exchange = ((struct trial *)arg)->exchange;

	if (exchange->state == EXCHANGE_OVER)
		return;
	if (exchange->framing == FORWARD_CHUNKED) {
		take_chunk(exchange, data, len);
		return;
	}
	bool whole = exchange->gather && exchange->question == NULL && (int64_t)len == exchange->length;
	if (whole && len <= COPY_MAX) {
		keep(exchange, data, len);
		flush(exchange);
	} else if (whole) {
		/* head and body leave together, nothing is copied */
		struct iovec iov[2] = {{exchange->reply.data, exchange->reply.len}, {(char *)(uintptr_t)data, len}};
		send_out(exchange, iov, 2);
		buf_reset(&exchange->reply);
	} else if (exchange->gather || exchange->question != NULL) {
		keep(exchange, data, len);
	} else {
		send_out(exchange, &(struct iovec){(char *)(uintptr_t)data, len}, 1);
	}
}

static void start_tunnel(struct exchange *exchange)
{
	struct client *client = exchange->client;
	struct tunnel_end end = {
	        .proxy = exchange->proxy, .service = exchange->service, .backend = exchange->trial->backend};

	flush(exchange);
	end.fd = upstream_detach(exchange->trial->upstream);
	exchange->trial->upstream = NULL;
	exchange->trial->backend = NULL; /* the tunnel releases it */
	exchange_over(exchange, 101, FLEET_SERVED);
	tunnel_start(&end, client);
}

static void end_chunks(struct exchange *exchange, struct http_text trailers)
{
	if (!forward_last_chunk(&exchange->reply, trailers))
		exchange_cut(exchange); /* cannot be: there is room for them */
	else if (exchange->question == NULL)
		flush(exchange);
}

static void on_done(struct http_text trailers, void *arg)
{
	struct exchange *exchange = ((struct trial *)arg)->exchange;

	if (exchange->upgraded) {
		start_tunnel(exchange);
		return;
	}
	exchange->trial->upstream = NULL;
	exchange->complete = true;
	if (exchange->to_close && exchange->begun && exchange->question == NULL)
		ask(exchange);
	if (exchange->framing == FORWARD_CHUNKED)
		end_chunks(exchange, trailers);
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
	exchange->broke = broke;
	exchange_fail(exchange, failure, untouched);
}

const struct upstream_reader exchange_reader = {on_head, on_body, on_done, on_missed, on_failed};
