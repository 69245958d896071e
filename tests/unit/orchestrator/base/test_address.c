/* address: what is an address, how it reads, and which networks hold it. */
#include "orchestrator/base/address.h"

#include "tests/unit/unit.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

START_TEST(addresses)
{
	static const struct {
		const char *text;
		int family; /* 0: refused */
		unsigned port;
		bool loopback;
	} cases[] = {
	        {"127.0.0.1:80", AF_INET, 80, true},
	        {"127.9.0.1:0", AF_INET, 0, true},
	        {":8080", AF_INET, 8080, false},
	        {"10.0.0.1:65535", AF_INET, 65535, false},
	        {"[::1]:80", AF_INET6, 80, true},
	        {"[::]:1", AF_INET6, 1, false},
	        {"[::ffff:127.0.0.1]:1", AF_INET6, 1, true},
	        {"[ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255]:1", AF_INET6, 1, false},
	        {"", 0, 0, false},
	        {"80", 0, 0, false},
	        {"127.0.0.1", 0, 0, false},
	        {"127.0.0.1:", 0, 0, false},
	        {"127.0.0.1:65536", 0, 0, false},
	        {"127.0.0.1:+80", 0, 0, false},
	        {"127.0.0.1: 80", 0, 0, false},
	        {"127.0.0.1:80x", 0, 0, false},
	        {"127.0.0.1:000080", 0, 0, false},
	        {"localhost:80", 0, 0, false},
	        {"::1:80", 0, 0, false},
	        {"[::1:80", 0, 0, false},
	        {"[]:80", 0, 0, false},
	        {"[:80", 0, 0, false},
	        {"]:80", 0, 0, false},
	        {"1111111111111111111111111111111111111111111111111111111111111111:1", 0, 0, false},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct address address;
		bool is = address_parse(cases[i].text, &address);
		ck_assert_msg(is == (cases[i].family != 0), "%s", cases[i].text);
		if (!is)
			continue;
		ck_assert_int_eq(address.addr.ss_family, cases[i].family);
		uint16_t port = cases[i].family == AF_INET ? ((struct sockaddr_in *)&address.addr)->sin_port
		                                           : ((struct sockaddr_in6 *)&address.addr)->sin6_port;
		ck_assert_uint_eq(ntohs(port), cases[i].port);
		ck_assert_msg(address_is_loopback(&address) == cases[i].loopback, "%s", cases[i].text);
	}
}
END_TEST

static void ck_text(const struct address *address, const char *wanted)
{
	char text[ADDRESS_TEXT_SIZE];

	address_format(address, text);
	ck_assert_str_eq(text, wanted);
}

START_TEST(what_is_formatted_is_parsed_again)
{
	static const char *const texts[] = {"127.0.0.1:80", "0.0.0.0:0", "[::1]:65535", "[fd00::1:2]:8000",
	                                    "255.255.255.255:1"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct address address;

		ck_assert(address_parse(texts[i], &address));
		ck_text(&address, texts[i]);
	}
}
END_TEST

START_TEST(a_host_and_a_port)
{
	struct address address;

	ck_assert(address_of_host("10.0.0.1", 8000, &address));
	ck_assert_uint_eq(address.len, sizeof(struct sockaddr_in));
	ck_text(&address, "10.0.0.1:8000");
	ck_assert(address_of_host("::1", 8000, &address));
	ck_assert_uint_eq(address.len, sizeof(struct sockaddr_in6));
	ck_text(&address, "[::1]:8000");
	ck_assert(!address_of_host("localhost", 8000, &address));
	ck_assert(!address_of_host("[::1]", 8000, &address));
	ck_assert(!address_of_host("", 8000, &address));
}
END_TEST

START_TEST(unix_sockets)
{
	struct address address;
	struct sockaddr_un *un = (struct sockaddr_un *)&address.addr;
	char longest[sizeof(un->sun_path) + 1], text[ADDRESS_TEXT_SIZE];

	ck_assert(address_of_path("/run/x/http", &address));
	ck_text(&address, "unix:/run/x/http");
	ck_assert_uint_eq(address.len, offsetof(struct sockaddr_un, sun_path) + sizeof("/run/x/http"));
	memset(longest, 'x', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	ck_assert(!address_of_path(longest, &address));
	longest[sizeof(longest) - 2] = '\0';
	ck_assert(address_of_path(longest, &address));
	snprintf(text, sizeof(text), "unix:%s", longest);
	ck_text(&address, text);
	memcpy(un->sun_path, "\0name", 5);
	address.len = offsetof(struct sockaddr_un, sun_path) + 5;
	ck_text(&address, "unix:@name");
	address.len = offsetof(struct sockaddr_un, sun_path);
	ck_text(&address, "unix:");
	address.addr.ss_family = AF_NETLINK;
	ck_text(&address, "family 16");
}
END_TEST

START_TEST(a_host_without_its_port)
{
	static const struct {
		const char *address, *host;
	} cases[] = {{"10.0.0.1:1", "10.0.0.1"}, {"[fd00::1]:1", "fd00::1"}, {"[::ffff:10.0.0.1]:1", "10.0.0.1"}};
	struct address address;
	char host[INET6_ADDRSTRLEN];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ck_assert(address_parse(cases[i].address, &address));
		address_format_host((struct sockaddr *)&address.addr, host);
		ck_assert_str_eq(host, cases[i].host);
	}
	ck_assert(address_of_path("/run/x", &address));
	address_format_host((struct sockaddr *)&address.addr, host);
	ck_assert_str_eq(host, "");
}
END_TEST

START_TEST(where_one_connects_to)
{
	static const char *const cases[][2] = {{"0.0.0.0:80", "127.0.0.1:80"},
	                                       {"[::]:80", "[::1]:80"},
	                                       {"10.0.0.1:80", "10.0.0.1:80"},
	                                       {"[fd00::1]:80", "[fd00::1]:80"}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct address address;

		ck_assert(address_parse(cases[i][0], &address));
		address_make_reachable(&address);
		ck_text(&address, cases[i][1]);
	}
}
END_TEST

START_TEST(networks)
{
	static const struct {
		const char *network, *address;
		bool has;
	} cases[] = {
	        {"10.0.0.0/8", "10.255.0.1:1", true},
	        {"10.0.0.0/8", "11.0.0.1:1", false},
	        {"10.0.0.0/9", "10.127.0.1:1", true},
	        {"10.0.0.0/9", "10.128.0.1:1", false},
	        {"10.0.0.77/31", "10.0.0.76:1", true},
	        {"10.0.0.77/31", "10.0.0.78:1", false},
	        {"10.0.0.7", "10.0.0.7:1", true},
	        {"10.0.0.7", "10.0.0.6:1", false},
	        {"0.0.0.0/0", "1.2.3.4:1", true},
	        {"0.0.0.0/0", "[::1]:1", false},
	        {"::/0", "1.2.3.4:1", true},
	        {"::/0", "[fd00::1]:1", true},
	        {"fd00::/8", "[fdff::1]:1", true},
	        {"fd00::/8", "[fe00::1]:1", false},
	        {"::1/128", "[::1]:1", true},
	        {"::1", "[::2]:1", false},
	        {"10.0.0.0/8", "[::ffff:10.1.1.1]:1", true},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct network network;
		struct address address;
		ck_assert(network_parse(cases[i].network, &network) && address_parse(cases[i].address, &address));
		ck_assert_msg(network_has(&network, (const struct sockaddr *)&address.addr) == cases[i].has, "%s in %s",
		              cases[i].address, cases[i].network);
	}
	static const char *const bad[] = {"",         "x",       "10.0.0.0/33", "10.0.0.0/",    "10.0.0.0/-1",
	                                  "10.0.0/8", "::1/129", "::1/ 8",      "10.0.0.0/8/8", "10.0.0.0/8x"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct network network;
		ck_assert_msg(!network_parse(bad[i], &network), "%s", bad[i]);
	}
}
END_TEST

START_TEST(a_unix_socket_is_in_no_network)
{
	struct network network;
	struct sockaddr unix_peer = {.sa_family = AF_UNIX};

	ck_assert(network_parse("::/0", &network) && !network_has(&network, &unix_peer));
}
END_TEST

UNIT_MAIN("address", addresses, what_is_formatted_is_parsed_again, a_host_and_a_port, unix_sockets,
          a_host_without_its_port, where_one_connects_to, networks, a_unix_socket_is_in_no_network)
