/* probe: one request to one backend, on a connection of its own.
 *
 *   probe_start -> upstream: its head, or how it failed -> the outcome is known -> timer, at once -> done
 *                  timer: nothing came in time -> done
 *
 * The outcome is told by the timer and by nothing else, so that no callback of the connection is on the stack when the probe,
 * and all that hangs on it, is freed.
 * Invariant: there is an upstream exactly while the outcome is not known.
 */
#include "orchestrator/fleet/probe.h"

#include "common/clock.h"
#include "common/mem.h"
#include "orchestrator/base/defer.h"
#include "orchestrator/base/timer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REQUEST_BYTES 2048
#define METHOD "GET "

struct probe {
	struct address address;
	struct defer *defer; /* of its upstream */
	struct upstream *upstream;
	struct timer *timer;
	struct probe_sight sight; /* once the outcome is known */
	int timeout_ms;
	int64_t started_us, until_us, took_us;
	char request[REQUEST_BYTES];
	struct http_text path; /* within request */
	char identity[ENGINE_IDENTITY_SIZE];
	probe_done *done;
	void *arg;
};

void probe_cancel(struct probe *probe)
{
	if (probe->upstream != NULL)
		upstream_cancel(probe->upstream);
	defer_free(probe->defer);
	timer_free(probe->timer);
	free(probe);
}

static void on_timer(void *arg)
{
	struct probe *probe = arg;
	probe_done *done = probe->done;
	struct probe_sight sight;

	if (probe->upstream != NULL) {
		probe_saw_silence(&probe->sight, probe->upstream, probe->timeout_ms, &probe->address);
		probe->took_us = clock_us() - probe->started_us;
	}
	sight = probe->sight;
	struct probe_finding finding = {.outcome = sight.outcome,
	                                .took_us = probe->took_us,
	                                .unreachable = sight.unreachable,
	                                .text = sight.text};
	arg = probe->arg;
	probe_cancel(probe);
	done(&finding, arg);
}

static void end(struct probe *probe)
{
	probe->upstream = NULL;
	probe->took_us = clock_us() - probe->started_us;
	timer_set(probe->timer, 0);
}

/* --- what comes ------------------------------------------------------------------------------------------------ */

static void on_head(const struct http_head *head, void *arg)
{
	struct probe *probe = arg;

	if (head->status < 200 && head->status != 101)
		return;
	probe_saw_head(&probe->sight, head, probe->path, probe->identity);
	upstream_cancel(probe->upstream);
	end(probe);
}

static void on_failed(enum upstream_failure failure, bool untouched, const char *broke, void *arg)
{
	struct probe *probe = arg;

	(void)untouched;
	probe_saw_failure(&probe->sight, probe->upstream, failure, broke, &probe->address);
	end(probe);
}

/* Its head ends it: no body is told, and no end. */
static const struct upstream_reader reader = {.on_head = on_head, .on_failed = on_failed};

/* --- asking ---------------------------------------------------------------------------------------------------- */

static void ask(struct probe *probe, struct event_base *base, size_t len)
{
	const struct upstream_settings settings = {.base = base, .defer = probe->defer, .priority = LOOP_URGENT};
	const struct upstream_request request = {.method = HTTP_GET, .head = {probe->request, (uint32_t)len}};

	probe->upstream = upstream_send(&settings, &probe->address, NULL, &request, &reader, probe);
}

struct probe *probe_start(struct event_base *base, const struct probe_question *question, probe_done *done, void *arg)
{
	struct probe *probe = mem_zero(sizeof(*probe));
	int len = snprintf(probe->request, REQUEST_BYTES,
	                   METHOD "%s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\nUser-Agent: selfless-probe\r\n\r\n",
	                   question->path, question->host);

	probe->address = *question->address;
	probe->path = (struct http_text){probe->request + sizeof(METHOD) - 1, (uint32_t)strlen(question->path)};
	snprintf(probe->identity, sizeof(probe->identity), "%s", question->identity);
	probe->timeout_ms = question->timeout_ms;
	probe->started_us = clock_us();
	probe->done = done;
	probe->arg = arg;
	probe->defer = defer_new_urgent(base);
	probe->timer = timer_new(base, on_timer, probe);
	probe->until_us = probe->started_us + (int64_t)question->timeout_ms * 1000;
	timer_set_at(probe->timer, probe->until_us);
	if (len < REQUEST_BYTES) {
		ask(probe, base, (size_t)len);
	} else { /* config bounds the path, so this does not happen */
		probe_saw_shortage(&probe->sight, "health.path is too long");
		end(probe);
	}
	return probe;
}

void probe_hasten(struct probe *probe, int timeout_ms)
{
	int64_t until_us = clock_us() + (int64_t)timeout_ms * 1000;

	if (probe->upstream == NULL || probe->until_us <= until_us)
		return;
	probe->until_us = until_us;
	probe->timeout_ms = (int)((until_us - probe->started_us) / 1000);
	timer_set_at(probe->timer, until_us);
}
