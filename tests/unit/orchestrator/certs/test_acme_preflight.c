/* Where a host's name leads, in a sentence; and a lookup on its thread. */
#include "orchestrator/base/worker.h"
#include "orchestrator/certs/acme_preflight.h"
#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <event2/event.h>
#include <string.h>

static struct sockaddr_storage address_of(const char *text)
{
	struct sockaddr_storage address = {0};

	if (text == NULL)
		return address;
	if (inet_pton(AF_INET, text, &((struct sockaddr_in *)&address)->sin_addr) == 1)
		address.ss_family = AF_INET;
	else if (inet_pton(AF_INET6, text, &((struct sockaddr_in6 *)&address)->sin6_addr) == 1)
		address.ss_family = AF_INET6;
	else
		ck_abort_msg("%s", text);
	return address;
}

START_TEST(says_where_it_leads)
{
	static const struct {
		const char *places[4][2]; /* at, from */
		const char *text;
	} rows[] = {
	        {{{NULL}}, "this machine finds no address of a.example"},
	        {{{"198.51.100.2", "198.51.100.2"}}, "a.example points to this machine (198.51.100.2)"},
	        {{{"203.0.113.7", "198.51.100.2"}}, "a.example points to 203.0.113.7, this machine has 198.51.100.2"},
	        {{{"203.0.113.7", "198.51.100.2"}, {"203.0.113.8", "198.51.100.2"}},
	         "a.example points to 203.0.113.7, 203.0.113.8, this machine has 198.51.100.2"},
	        {{{"198.51.100.2", "198.51.100.2"}, {"2001:db8::7", "2001:db8::2"}},
	         "a.example points to this machine (198.51.100.2) and to 2001:db8::7, this machine has 2001:db8::2"},
	        {{{"198.51.100.2", "198.51.100.2"}, {"2001:db8::2", "2001:db8::2"}},
	         "a.example points to this machine (198.51.100.2, 2001:db8::2)"},
	        {{{"203.0.113.7", "10.0.0.2"}},
	         "a.example points to 203.0.113.7, this machine has 10.0.0.2 behind a router or a load balancer"},
	        {{{"2001:db8::7", "fd00::2"}},
	         "a.example points to 2001:db8::7, this machine has fd00::2 behind a router or a load balancer"},
	        {{{"203.0.113.7", "172.32.0.1"}}, "a.example points to 203.0.113.7, this machine has 172.32.0.1"},
	        {{{"203.0.113.7", "198.51.100.2"}, {"2001:db8::7", NULL}},
	         "a.example points to 203.0.113.7, 2001:db8::7, this machine has 198.51.100.2"},
	        {{{"2001:db8::7", NULL}}, "a.example points to 2001:db8::7, to which this machine has no way"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct acme_preflight_place places[4];
		char text[ACME_PREFLIGHT_SIZE];
		size_t count = 0;
		for (; count < 4 && rows[i].places[count][0] != NULL; count++)
			places[count] = (struct acme_preflight_place){.at = address_of(rows[i].places[count][0]),
			                                              .from = address_of(rows[i].places[count][1])};
		acme_preflight_say("a.example", places, count, text);
		ck_assert_str_eq(text, rows[i].text);
	}
}
END_TEST

/* Names have 253 bytes at most, and addresses 45: the last may be missing, and nothing is written behind the text. */
START_TEST(fits)
{
	struct acme_preflight_place places[ACME_PREFLIGHT_MOST];
	char host[254], text[ACME_PREFLIGHT_SIZE];

	memset(host, 'a', sizeof(host) - 1);
	host[sizeof(host) - 1] = '\0';
	for (size_t i = 0; i < ACME_PREFLIGHT_MOST; i++) {
		places[i].at = address_of("2001:db8:1111:2222:3333:4444:5555:6666");
		places[i].from = address_of("2001:db8:1111:2222:3333:4444:5555:7777");
	}
	acme_preflight_say(host, places, ACME_PREFLIGHT_MOST, text);
	ck_assert_ptr_nonnull(strstr(text, "points to 2001:db8:1111:2222:3333:4444:5555:6666, "));
}
END_TEST

static struct event_base *base;
static struct worker *lookups;

static void set_up(void)
{
	base = event_base_new();
	lookups = worker_new(base);
}

static void tear_down(void)
{
	ck_assert(worker_free(lookups));
	event_base_free(base);
}

START_TEST(looks_up)
{
	struct acme_preflight *preflight = acme_preflight_new(lookups, "127.0.0.1");

	ck_assert_str_eq(acme_preflight_text(preflight), "");
	while (*acme_preflight_text(preflight) == '\0')
		event_base_loop(base, EVLOOP_ONCE);
	ck_assert_str_eq(acme_preflight_text(preflight), "127.0.0.1 points to this machine (127.0.0.1)");
	acme_preflight_free(preflight);
}
END_TEST

/* It ends by itself, with the thread at the latest. */
START_TEST(left_alone)
{
	acme_preflight_free(acme_preflight_new(lookups, "127.0.0.1"));
}
END_TEST

START_TEST(nobody_to_ask)
{
	struct acme_preflight *preflight = acme_preflight_new(NULL, "127.0.0.1");

	ck_assert_str_eq(acme_preflight_text(preflight), "");
	acme_preflight_free(preflight);
}
END_TEST

UNIT_MAIN_WITH("acme_preflight", set_up, tear_down, says_where_it_leads, fits, looks_up, left_alone, nobody_to_ask)
