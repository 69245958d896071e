/* client: read from the end, as long as those who are trusted stand there. */
#include "orchestrator/proxy/client.h"

#include "common/mem.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

static struct networks trusted;
static struct http_head head;

static void make(void)
{
	static char a[] = "10.0.0.0/8", b[] = "fd00::/8";

	networks_read(&trusted, (char *[]){a, b}, 2);
}

static void clear(void)
{
	networks_clear(&trusted);
}

/* "": it is the peer itself. Fields stand one behind the other, between |. */
static const char *client_of(const char *fields)
{
	static char text[INET6_ADDRSTRLEN], request[1024];
	struct http_limits limits = {.head_bytes = 4096, .target_bytes = 64};
	enum http_fault fault;
	size_t scanned = 0;
	char *copy = mem_dup(fields), *rest = copy;
	int len = snprintf(request, sizeof(request), "GET / HTTP/1.1\r\nHost: x\r\n");

	for (char *field; (field = strsep(&rest, "|")) != NULL;)
		len += snprintf(request + len, sizeof(request) - (size_t)len, "X-Forwarded-For: %s\r\nX: 9.9.9.9\r\n",
		                field);
	len += snprintf(request + len, sizeof(request) - (size_t)len, "\r\n");
	free(copy);
	ck_assert_int_eq(http_head_parse_request(request, (size_t)len, &limits, &scanned, &head, &fault),
	                 HTTP_PARSE_DONE);
	return client_find(&head, &trusted, text) ? text : "";
}

START_TEST(who_it_is)
{
	static const struct {
		const char *fields, *client;
	} cases[] = {
	        {"192.0.2.1", "192.0.2.1"},
	        {"192.0.2.1, 10.1.2.3", "192.0.2.1"},
	        {"192.0.2.1 ,\t10.1.2.3 , 10.0.0.1 ", "192.0.2.1"},
	        {"6.6.6.6, 192.0.2.1, 10.1.2.3", "192.0.2.1"},
	        {"6.6.6.6, 192.0.2.1|10.1.2.3", "192.0.2.1"},
	        {"6.6.6.6|192.0.2.1|10.1.2.3, fd00::1", "192.0.2.1"},
	        {"10.0.0.9, 10.0.0.8", "10.0.0.9"}, /* none but proxies: the first of them */
	        {"192.0.2.1:4711", "192.0.2.1"},
	        {"2001:DB8::1", "2001:db8::1"},
	        {"[2001:db8::1]", "2001:db8::1"},
	        {"[2001:db8::1]:4711, [fd00::1]:1", "2001:db8::1"},
	        {"::ffff:192.0.2.1", "192.0.2.1"},
	        {"192.0.2.1, ::ffff:10.0.0.1", "192.0.2.1"},
	        {"192.0.2.1,,", "192.0.2.1"},
	        {"", ""},
	        {",", ""},
	        {"unknown", ""},
	        {"192.0.2.1, unknown", ""},
	        {"192.0.2.1, unknown, 10.0.0.1", "10.0.0.1"},
	        {"192.0.2.1, 1.2.3.4.5", ""},
	        {"192.0.2.1, [::1", ""},
	        {"192.0.2.1, [::1]x", ""},
	        {"192.0.2.1, \"10.0.0.1\"", ""},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ck_assert_msg(strcmp(client_of(cases[i].fields), cases[i].client) == 0, "%s: %s", cases[i].fields,
		              client_of(cases[i].fields));
}
END_TEST

UNIT_MAIN_WITH("client", make, clear, who_it_is)
