/* fake_probe: a table by port. Linked in the place of probe.c. */
#include "tests/unit/orchestrator/fleet/fake_probe.h"

#include "common/clock.h"

#include <check.h>
#include <netinet/in.h>
#include <string.h>

struct fake_probe fake_probes[FAKE_PROBES];

/* What callers hold: the probe in flight of a port. */
struct probe {
	struct fake_probe *fake;
};

static struct probe probes[FAKE_PROBES];

void fake_probes_reset(void)
{
	memset(fake_probes, 0, sizeof(fake_probes));
}

struct address fake_probe_address(int port)
{
	struct address address = {.len = sizeof(struct sockaddr_in)};
	struct sockaddr_in in = {
	        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	memcpy(&address.addr, &in, sizeof(in));
	return address;
}

struct probe *probe_start(struct event_base *base, const struct probe_question *question, probe_done *done, void *arg)
{
	struct sockaddr_in in;

	(void)base;
	memcpy(&in, &question->address->addr, sizeof(in));
	int port = ntohs(in.sin_port);
	ck_assert_int_lt(port, FAKE_PROBES);
	struct fake_probe *fake = &fake_probes[port];
	ck_assert(!fake->in_flight);
	ck_assert_str_eq(question->host, "acts");
	ck_assert_str_eq(question->path, "/health");
	*fake = (struct fake_probe){.in_flight = true,
	                            .timeout_ms = question->timeout_ms,
	                            .started = fake->started + 1,
	                            .started_us = clock_us(),
	                            .done = done,
	                            .arg = arg};
	probes[port].fake = fake;
	return &probes[port];
}

void probe_cancel(struct probe *probe)
{
	probe->fake->in_flight = false;
}

void probe_hasten(struct probe *probe, int timeout_ms)
{
	probe->fake->timeout_ms = timeout_ms;
}

void fake_probe_end(int port, enum probe_outcome outcome, int64_t took_us)
{
	struct fake_probe *fake = &fake_probes[port];

	ck_assert(fake->in_flight);
	fake->in_flight = false;
	fake->done(&(struct probe_finding){.outcome = outcome,
	                                   .took_us = took_us,
	                                   .text = outcome == PROBE_GOOD ? "" : "as the test says"},
	           fake->arg);
}
