/* Which challenges are tried, and which one after that. */
#include "orchestrator/certs/acme_proof.h"
#include "tests/unit/unit.h"

static char http[] = "http-01", alpn[] = "tls-alpn-01", address[] = "0.0.0.0:80";

static struct config config_of(char **challenges, size_t count, bool clear)
{
	static char *listen[] = {address};

	return (struct config){.listen = {.items = listen, .count = clear},
	                       .acme = {.challenges = {.items = challenges, .count = count}}};
}

static void check(const struct config *config, const char *host, const char *first, const char *expected)
{
	enum acme_challenge_kind kinds[ACME_CHALLENGE_KINDS];
	size_t count = acme_proof_order(config, host, first, kinds);
	char said[64] = "";

	for (size_t i = 0; i < count; i++)
		snprintf(said + strlen(said), sizeof(said) - strlen(said), "%s ", acme_challenge_text(kinds[i]));
	ck_assert_str_eq(said, expected);
}

START_TEST(in_order)
{
	char *both[] = {http, alpn}, *turned[] = {alpn, http};
	struct config config = config_of(both, 2, true), other = config_of(turned, 2, true);

	check(&config, "a.example", NULL, "http-01 tls-alpn-01 ");
	check(&config, "a.example", "tls-alpn-01", "tls-alpn-01 http-01 ");
	check(&config, "a.example", "dns-01", "http-01 tls-alpn-01 ");
	check(&other, "a.example", NULL, "tls-alpn-01 http-01 ");
}
END_TEST

START_TEST(where_it_can_be)
{
	char *both[] = {http, alpn};
	struct config config = config_of(both, 2, true), dark = config_of(both, 2, false),
	              one = config_of(both, 1, true);

	check(&config, "192.0.2.1", "tls-alpn-01", "http-01 ");
	check(&config, "2001:db8::1", NULL, "http-01 ");
	check(&dark, "a.example", "http-01", "tls-alpn-01 ");
	check(&dark, "192.0.2.1", NULL, "");
	check(&one, "a.example", "tls-alpn-01", "http-01 ");
}
END_TEST

START_TEST(learnt)
{
	char *both[] = {http, alpn};
	struct config config = config_of(both, 2, true), one = config_of(both, 1, true);

	ck_assert_str_eq(acme_proof_learn(&config, "a.example", ACME_TLS_ALPN_01, true), "tls-alpn-01");
	ck_assert_ptr_null(acme_proof_learn(&config, "a.example", ACME_CHALLENGE_KINDS, true));
	ck_assert_str_eq(acme_proof_learn(&config, "a.example", ACME_HTTP_01, false),
	                 acme_challenge_text(ACME_TLS_ALPN_01));
	ck_assert_str_eq(acme_proof_learn(&config, "a.example", ACME_TLS_ALPN_01, false),
	                 acme_challenge_text(ACME_HTTP_01));
	ck_assert_str_eq(acme_proof_learn(&one, "a.example", ACME_HTTP_01, false), acme_challenge_text(ACME_HTTP_01));
	ck_assert_str_eq(acme_proof_learn(&one, "a.example", ACME_TLS_ALPN_01, false),
	                 acme_challenge_text(ACME_HTTP_01)); /* it was reloaded */
	ck_assert_str_eq(acme_proof_learn(&config, "192.0.2.1", ACME_HTTP_01, false),
	                 acme_challenge_text(ACME_HTTP_01));
}
END_TEST

UNIT_MAIN("acme_proof", in_order, where_it_can_be, learnt)
