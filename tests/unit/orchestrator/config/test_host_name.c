/* host_name: many ways to write a host, one to compare it; and words for what is none. */
#include "orchestrator/config/host_name.h"

#include "tests/unit/unit.h"

#include <string.h>

#define A63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define A61 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct {
	const char *text, *name;
} good[] = {
        {"example.org", "example.org"},
        {"EXAMPLE.Org.", "example.org"},
        {"localhost", "localhost"},
        {"a_b.c-d", "a_b.c-d"},
        {"*.Example.org.", "*.example.org"},
        {"*.org", "*.org"},
        {"B\xc3\xbc"
         "cher.DE",
         "xn--bcher-kva.de"},
        {"*.b\xc3\xbc"
         "cher.de.",
         "*.xn--bcher-kva.de"},
        {"stra\xc3\x9f"
         "e.de",
         "xn--strae-oqa.de"},
        {"\xe4\xbe\x8b\xe3\x80\x82\xe6\xb5\x8b\xe8\xaf\x95", "xn--fsq.xn--0zwm56d"}, /* with an ideographic dot */
        {"XN--Bcher-KVA.de", "xn--bcher-kva.de"},
        {"192.0.2.1", "192.0.2.1"},
        {"2001:DB8:0::1", "2001:db8::1"},
        {"[2001:db8::0:1]", "2001:db8::1"},
        {"::ffff:192.0.2.1", "192.0.2.1"},
        {A63 "." A63 "." A63 "." A61, A63 "." A63 "." A63 "." A61},
};

START_TEST(one_form_for_all)
{
	char name[HOST_NAME_SIZE];
	struct err err;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		bool taken = host_name_read(good[i].text, name, &err);
		ck_assert_msg(taken, "%s: %s", good[i].text, taken ? "" : err.message);
		ck_assert_str_eq(name, good[i].name);
		ck_assert_int_eq(host_name_is_wildcard(name), name[0] == '*');
	}
}
END_TEST

static const struct {
	const char *text, *says;
} bad[] = {
        {"", "1 to 253 bytes"},
        {".", "1 to 253 bytes"},
        {"*.", "1 to 253 bytes"},
        {"a..b", "between two dots"},
        {".a", "between two dots"},
        {"a..", "between two dots"},
        {A63 "a.org", "between two dots"},
        {A63 "." A63 "." A63 "." A61 "a", "1 to 253 bytes"},
        {"*." A63 "." A63 "." A63 "." A61 "a", "1 to 253 bytes"},
        {"https://example.org", "without http://"},
        {"example.org/x", "without http://"},
        {"example.org:443", "without the port"},
        {"[::1]:443", "without the port"},
        {"[::1", "without the port"},
        {"*", "name none"},
        {"*.*.org", "in front of a name"},
        {"www.*.org", "in front of a name"},
        {"w*.org", "in front of a name"},
        {"*.192.0.2.1", "below an IP address"},
        {"a b.org", "are allowed"},
        {"a@b.org", "are allowed"},
        {"a%2eorg", "are allowed"},
        {"-a.org", "begins or ends with -"},
        {"a-.org", "begins or ends with -"},
        {"\xff\xfe", "no host's name"},
        {"a\xc3\xa4--\xe2\x80\xae.de", "no host's name"},
};

START_TEST(words_for_what_is_none)
{
	char name[HOST_NAME_SIZE];
	struct err err;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert_msg(!host_name_read(bad[i].text, name, &err), "taken: %s", bad[i].text);
		ck_assert_msg(strstr(err.message, bad[i].says) != NULL, "%s: %s", bad[i].text, err.message);
	}
}
END_TEST

START_TEST(addresses)
{
	ck_assert(host_name_is_address("192.0.2.1"));
	ck_assert(host_name_is_address("2001:db8::1"));
	ck_assert(!host_name_is_address("example.org"));
	ck_assert(!host_name_is_address("*.example.org"));
}
END_TEST

UNIT_MAIN("host_name", one_form_for_all, words_for_what_is_none, addresses)
