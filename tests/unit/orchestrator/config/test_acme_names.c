/* Which names get a certificate by themselves. */
#include "orchestrator/config/acme_names.h"
#include "tests/unit/orchestrator/config/config_text.h"
#include "tests/unit/unit.h"

#include <string.h>

START_TEST(why_not)
{
	static const char *const good[] = {"example.org", "a.b.c.example.org", "xn--bcher-kva.de", "local.example.org",
	                                   "nas.lan",     "mytest.org",        "test.example.org"};
	static const char *const bad[] = {"*.example.org", "192.0.2.1",     "2001:db8::1", "localhost",
	                                  "web",           "printer.local", "db.internal", "shop.test",
	                                  "app.localhost", "nas.home.arpa", "a.example",   "a.invalid",
	                                  "abc.onion",     "a.alt"};

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		ck_assert_msg(acme_names_why_not(good[i]) == NULL, "%s", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		ck_assert_msg(acme_names_why_not(bad[i]) != NULL, "%s", bad[i]);
}
END_TEST

START_TEST(list)
{
	static const char text[] =
	        "{\"tls\": {\"listen\": \":443\"}, \"acme\": {\"names\": [\"web\", \"192.0.2.7\", \"Example.org.\"]},"
	        "\"redirects\": [{\"from\": \"www.example.org\", \"to\": \"example.org\"}, {\"from\": \"old.test\", \"to\": \"example.org\"}],"
	        "\"services\": [{\"name\": \"a1\", \"image\": \"x\", \"hosts\": [\"Example.ORG\", \"*.example.org\", \"B\\u00dcCHER.de\"]},"
	        "{\"name\": \"b1\", \"image\": \"x\", \"hosts\": [\"db.internal\", \"example.org\"], \"routes\": \"/b\"}]}";
	static const char *const expected[] = {"example.org", "xn--bcher-kva.de", "www.example.org", "web",
	                                       "192.0.2.7"};
	struct strings names = {0};
	struct config *config;
	struct err err;

	ck_assert_msg(config_of_text(text, strlen(text), &config, &err), "%s", err.message);
	acme_names_list(config, &names);
	ck_assert_uint_eq(names.count, sizeof(expected) / sizeof(*expected));
	for (size_t i = 0; i < names.count; i++)
		ck_assert_str_eq(names.items[i], expected[i]);
	strings_clear(&names);
	config_free(config);
}
END_TEST

UNIT_MAIN("acme_names", why_not, list)
