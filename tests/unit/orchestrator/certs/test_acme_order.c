/* One order: the way to the chain, where it may be cut off, and how it fails. */
#include "common/clock.h"
#include "orchestrator/certs/acme_order.h"
#include "orchestrator/certs/challenges.h"
#include "orchestrator/certs/jws.h"
#include "orchestrator/certs/tls_challenges.h"
#include "orchestrator/wire/tls.h"
#include "tests/unit/orchestrator/certs/fake_fetch.h"
#include "tests/unit/unit.h"

#include <event2/event.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#define MINE "https://ca.example/order/1"
#define PROOF "https://ca.example/proof/1"
#define CHALLENGE "https://ca.example/challenge/1"
#define FINALIZE "https://ca.example/finalize/1"
#define CHAIN "https://ca.example/chain/1"
#define ORDER(status, more) \
	"{\"status\":\"" status "\",\"authorizations\":[\"" PROOF "\"],\"finalize\":\"" FINALIZE "\"" more "}"
#define OFFER(kind, status, url, token, more) \
	"{\"type\":\"" kind "\",\"status\":\"" status "\",\"url\":\"" url "\",\"token\":\"" token "\"" more "}"
#define AUTHORIZATION(status, more) \
	"{\"status\":\"" status "\",\"challenges\":[" OFFER("http-01", status, CHALLENGE, "tok_1", more) "]}"
#define TLS_CHALLENGE "https://ca.example/challenge/2"
#define BOTH(status, more)                                                                                        \
	"{\"status\":\"" status "\",\"challenges\":[" OFFER("http-01", status, CHALLENGE, "tok_1", "") "," OFFER( \
	        "tls-alpn-01", status, TLS_CHALLENGE, "tok_2", more) "]}"

static struct event_base *base;
static EVP_PKEY *key;
static struct acme_ca *ca;
static struct challenges *challenges;
static struct tls_server *server;
static struct tls_challenges *tls_challenges;
static enum acme_challenge_kind first, proof;
static struct acme_order *order;
static unsigned begun, ended;
static struct acme_failure failure;
static char chain[64];
static const char *profile;
static bool lost;

static void set_up(void)
{
	base = event_base_new();
	key = jws_key_new();
	challenges = challenges_new();
	ck_assert(tls_server_new(&(struct tls_settings){0}, &server, NULL));
	tls_challenges = tls_challenges_new(server);
	first = ACME_HTTP_01;
	begun = ended = 0;
	chain[0] = '\0';
	profile = "short";
	ca = acme_ca_new(&(struct acme_ca_settings){.fetch = fake_fetch_open(base),
	                                            .key = key,
	                                            .directory = FAKE_CA,
	                                            .ca_file = "",
	                                            .email = "",
	                                            .eab_kid = "",
	                                            .eab_key = ""});
	fake_fetch_expect_account();
}

static void tear_down(void)
{
	acme_order_free(order);
	order = NULL;
	acme_ca_free(ca);
	ck_assert_ptr_null(challenges_find(challenges, "tok_1", 5)); /* whatever became of it */
	ck_assert_ptr_null(tls_challenges_find(tls_challenges, "example.org"));
	challenges_free(challenges);
	tls_challenges_free(tls_challenges);
	tls_server_free(server);
	fake_fetch_close();
	EVP_PKEY_free(key);
	event_base_free(base);
	clock_fake(-1);
}

static void on_begun(const char *url, void *arg)
{
	(void)arg;
	ck_assert_str_eq(url, MINE);
	begun++;
}

static void on_ended(const struct acme_order_end *end, void *arg)
{
	(void)arg;
	ended++;
	lost = end->lost;
	proof = end->proof;
	if (end->chain != NULL)
		snprintf(chain, sizeof(chain), "%s", end->chain);
	else
		failure = *end->failure;
	acme_order_free(order);
	order = NULL;
}

static void start(const char *url)
{
	order = acme_order_new(&(struct acme_order_settings){.base = base,
	                                                     .ca = ca,
	                                                     .challenges = challenges,
	                                                     .tls_challenges = tls_challenges,
	                                                     .kinds = {first, ACME_CHALLENGE_KINDS - 1 - first},
	                                                     .kind_count = 2,
	                                                     .key = key,
	                                                     .host = "example.org",
	                                                     .profile = profile,
	                                                     .replaces = "a.b",
	                                                     .url = url,
	                                                     .begun = on_begun,
	                                                     .ended = on_ended});
	ck_assert_uint_eq(ended, 0);
}

static void expect(const char *url, const char *body)
{
	fake_fetch_expect(url, (struct fake_reply){.status = 200, .nonce = "n", .body = body, .location = MINE});
}

static void run_to_end(void)
{
	fake_fetch_run();
	ck_assert_uint_eq(ended, 1);
}

static void begin(void)
{
	expect(FAKE_ORDER, ORDER("pending", ""));
	start(NULL);
	fake_fetch_run();
	ck_assert_uint_eq(begun, 1);
	ck_assert_str_eq(fake_fetch_payload(),
	                 "{\"identifiers\":[{\"type\":\"dns\",\"value\":\"example.org\"}],\"profile\":\"short\","
	                 "\"replaces\":\"a.b\"}");
	for (int i = 0; i < 5; i++)
		event_base_loop(base, EVLOOP_NONBLOCK); /* nothing more before go_on: it would not be expected */
}

static void check_failed(const char *words, bool is_lost)
{
	run_to_end();
	ck_assert_str_eq(chain, "");
	ck_assert_msg(strstr(failure.text, words) != NULL, "%s", failure.text);
	ck_assert_int_eq(lost, is_lost);
}

/* It is asked for and written down from then on. */
START_TEST(locations)
{
	static char longest[70000];
	const char *const rows[] = {"", "/order/1", "http://ca.example/order/1", "https://ca.example/\torder", longest};

	memset(longest, 'a', sizeof(longest) - 1);
	memcpy(longest, "https://", 8);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		fake_fetch_expect(FAKE_ORDER, (struct fake_reply){.status = 201,
		                                                  .nonce = "n",
		                                                  .location = rows[i],
		                                                  .body = ORDER("pending", "")});
		ended = 0;
		start(NULL);
		check_failed("the order's Location is no https URL", true);
		ck_assert_uint_eq(begun, 0);
	}
}
END_TEST

START_TEST(the_whole_way)
{
	begin();
	expect(PROOF, AUTHORIZATION("pending", ""));
	expect(CHALLENGE, "{}");
	acme_order_go_on(order);
	fake_fetch_run();
	ck_assert_str_eq(fake_fetch_payload(), "{}");
	const char *answer = challenges_find(challenges, "tok_1", 5);
	char *right = acme_ca_key_authorization(ca, "tok_1");
	ck_assert_str_eq(answer, right);
	free(right);
	expect(PROOF, AUTHORIZATION("pending", "")); /* not yet; it is not answered once more */
	fake_fetch_run();
	expect(PROOF, AUTHORIZATION("valid", ""));
	expect(MINE, ORDER("ready", ""));
	expect(FINALIZE, ORDER("processing", ""));
	fake_fetch_run();
	ck_assert_ptr_null(challenges_find(challenges, "tok_1", 5));
	ck_assert(strncmp(fake_fetch_payload(), "{\"csr\":\"", 8) == 0);
	expect(MINE, ORDER("valid", ",\"certificate\":\"" CHAIN "\""));
	expect(CHAIN, "the chain");
	run_to_end();
	ck_assert_str_eq(chain, "the chain");
	ck_assert_str_eq(fake_fetch_payload(), "");
	ck_assert_int_eq(proof, ACME_HTTP_01);
}
END_TEST

START_TEST(taken_up_where_it_is_valid)
{
	expect(MINE, ORDER("valid", ",\"certificate\":\"" CHAIN "\""));
	expect(CHAIN, "the chain");
	start(MINE);
	run_to_end();
	ck_assert_str_eq(chain, "the chain");
	ck_assert_uint_eq(begun, 0);
}
END_TEST

START_TEST(taken_up_where_the_ca_forgot_it)
{
	fake_fetch_expect(
	        MINE,
	        (struct fake_reply){.status = 404, .nonce = "n", .body = FAKE_PROBLEM("malformed", "no such order")});
	start(MINE);
	check_failed("no such order", true);
}
END_TEST

/* What is proven already is not proven again. */
START_TEST(valid_authorization)
{
	begin();
	expect(PROOF, AUTHORIZATION("valid", ""));
	expect(MINE, ORDER("ready", ""));
	expect(FINALIZE, ORDER("valid", ",\"certificate\":\"" CHAIN "\""));
	expect(CHAIN, "the chain");
	acme_order_go_on(order);
	run_to_end();
	ck_assert_str_eq(chain, "the chain");
}
END_TEST

/* All is proven, and the order has not heard of it yet: it is not asked without a pause. */
START_TEST(valid_authorization_of_a_pending_order)
{
	begin();
	expect(PROOF, AUTHORIZATION("valid", ""));
	expect(MINE, ORDER("pending", ""));
	acme_order_go_on(order);
	fake_fetch_run();
	for (int i = 0; i < 50; i++)
		event_base_loop(base, EVLOOP_NONBLOCK); /* nothing more, it would not be expected */
	expect(MINE, ORDER("pending", ""));
	fake_fetch_run();
	expect(MINE, ORDER("ready", ""));
	expect(FINALIZE, ORDER("valid", ",\"certificate\":\"" CHAIN "\""));
	expect(CHAIN, "the chain");
	run_to_end();
	ck_assert_str_eq(chain, "the chain");
}
END_TEST

START_TEST(not_proven)
{
	begin();
	expect(PROOF, AUTHORIZATION("pending", ""));
	expect(CHALLENGE, "{}");
	expect(PROOF, AUTHORIZATION("invalid", ",\"error\":" FAKE_PROBLEM("dns", "NXDOMAIN looking up A")));
	acme_order_go_on(order);
	check_failed(
	        "the proof by http-01 that this machine has the host failed, the CA says: NXDOMAIN looking up A (dns)",
	        true);
	ck_assert_ptr_nonnull(strstr(failure.remedy, "A and AAAA records"));
	ck_assert_ptr_nonnull(
	        strstr(failure.remedy, "SERVFAIL")); /* what Let's Encrypt says where it cannot look up CAA */
}
END_TEST

START_TEST(no_such_challenge)
{
	begin();
	expect(PROOF, "{\"status\":\"pending\",\"challenges\":[]}");
	acme_order_go_on(order);
	check_failed("it offers none of the challenges", true);
}
END_TEST

START_TEST(invalid_order)
{
	begin();
	expect(PROOF, AUTHORIZATION("valid", ""));
	expect(MINE, ORDER("invalid", ",\"error\":" FAKE_PROBLEM("caa", "forbidden")));
	acme_order_go_on(order);
	check_failed("the order failed, the CA says: forbidden (caa)", true);
}
END_TEST

START_TEST(invalid_without_a_reason)
{
	expect(MINE, ORDER("invalid", ""));
	expect(PROOF, AUTHORIZATION("valid", ""));
	expect(MINE, ORDER("invalid", ""));
	start(MINE);
	check_failed("it says no reason", true);
}
END_TEST

/* The CA looked while nobody was there: the reason stands where it was to be proven. */
START_TEST(taken_up_where_it_was_not_proven)
{
	expect(MINE, ORDER("invalid", ""));
	expect(PROOF, BOTH("invalid", ",\"error\":" FAKE_PROBLEM("connection", "refused")));
	start(MINE);
	check_failed(
	        "the proof by tls-alpn-01 that this machine has the host failed, the CA says: refused (connection)",
	        true);
	ck_assert(failure.ours);
	ck_assert_int_eq(proof, ACME_CHALLENGE_KINDS); /* it may be that nobody was there */
	ck_assert_ptr_nonnull(strstr(failure.remedy, "port 443"));
}
END_TEST

/* A challenge of an order that is over is not answered. */
START_TEST(taken_up_where_it_is_invalid_and_not_looked_at)
{
	expect(MINE, ORDER("invalid", ""));
	expect(PROOF, AUTHORIZATION("pending", ""));
	start(MINE);
	check_failed("it says no reason", true);
}
END_TEST

START_TEST(strange_order)
{
	expect(MINE, "{\"status\":\"ready\"}");
	start(MINE);
	check_failed("what the CA answered is not understood", true);
}
END_TEST

START_TEST(order_without_place)
{
	fake_fetch_expect(FAKE_ORDER, (struct fake_reply){.status = 201, .nonce = "n", .body = ORDER("pending", "")});
	start(NULL);
	check_failed("no Location", true);
}
END_TEST

/* It can be taken up later: nothing is lost. */
START_TEST(the_ca_goes_away)
{
	begin();
	fake_fetch_expect(PROOF, (struct fake_reply){.trouble = FETCH_NO_CONNECT});
	acme_order_go_on(order);
	check_failed("does not answer", false);
	ck_assert(failure.unreached);
}
END_TEST

START_TEST(a_503_is_no_refusal)
{
	begin();
	fake_fetch_expect(PROOF, (struct fake_reply){.status = 503});
	acme_order_go_on(order);
	check_failed("status 503", false);
}
END_TEST

START_TEST(takes_too_long)
{
	clock_fake(1000000);
	begin();
	clock_fake(290 * INT64_C(1000000));
	fake_fetch_expect(PROOF, (struct fake_reply){.status = 200, .nonce = "n", .body = AUTHORIZATION("valid", "")});
	fake_fetch_expect(
	        MINE, (struct fake_reply){
	                      .status = 200, .nonce = "n", .body = ORDER("processing", ""), .retry_after = "86400"});
	acme_order_go_on(order);
	check_failed("the CA takes its time", false);
}
END_TEST

static void answer_tls(void)
{
	first = ACME_TLS_ALPN_01;
	begin();
	expect(PROOF, BOTH("pending", ""));
	expect(TLS_CHALLENGE, "{}");
	acme_order_go_on(order);
	fake_fetch_run();
	ck_assert_ptr_nonnull(tls_challenges_find(tls_challenges, "example.org"));
	ck_assert_ptr_null(challenges_find(challenges, "tok_1", 5));
	ck_assert_ptr_null(challenges_find(challenges, "tok_2", 5));
}

START_TEST(proven_over_tls)
{
	answer_tls();
	expect(PROOF, BOTH("valid", ""));
	expect(MINE, ORDER("valid", ",\"certificate\":\"" CHAIN "\""));
	expect(CHAIN, "the chain");
	run_to_end();
	ck_assert_int_eq(proof, ACME_TLS_ALPN_01);
	ck_assert_ptr_null(tls_challenges_find(tls_challenges, "example.org"));
}
END_TEST

START_TEST(not_proven_over_tls)
{
	answer_tls();
	expect(PROOF, BOTH("invalid", ",\"error\":" FAKE_PROBLEM("connection", "refused")));
	check_failed("the proof by tls-alpn-01 that this machine has the host failed, the CA says: refused", true);
	ck_assert_ptr_nonnull(strstr(failure.remedy, "port 443"));
	ck_assert_int_eq(proof, ACME_TLS_ALPN_01);
}
END_TEST

/* The one that is wanted first is not offered. */
START_TEST(the_other_challenge)
{
	first = ACME_TLS_ALPN_01;
	begin();
	expect(PROOF, AUTHORIZATION("pending", ""));
	expect(CHALLENGE, "{}");
	acme_order_go_on(order);
	fake_fetch_run();
	ck_assert_ptr_nonnull(challenges_find(challenges, "tok_1", 5));
	expect(PROOF, AUTHORIZATION("invalid", ",\"error\":" FAKE_PROBLEM("connection", "refused")));
	check_failed("the proof by http-01 ", true);
	ck_assert_ptr_nonnull(strstr(failure.remedy, "port 80"));
	ck_assert_int_eq(proof, ACME_HTTP_01);
}
END_TEST

/* Nothing is ordered: the CA would refuse it, or give what was not wanted. */
START_TEST(no_such_profile)
{
	profile = "shortlived";
	start(NULL);
	check_failed("acme.profile \"shortlived\" is none that the CA has: it has short", true);
	ck_assert_str_eq(fake_fetch_payload(), "{\"termsOfServiceAgreed\":true}");
}
END_TEST

/* It may have been replaced by another order, or be unknown there (RFC 9773 section 5). */
START_TEST(a_predecessor_that_is_refused)
{
	fake_fetch_expect(
	        FAKE_ORDER,
	        (struct fake_reply){.status = 409, .nonce = "n", .body = FAKE_PROBLEM("alreadyReplaced", "it was")});
	expect(FAKE_ORDER, ORDER("pending", ""));
	start(NULL);
	fake_fetch_run();
	ck_assert_uint_eq(begun, 1);
	ck_assert_ptr_null(strstr(fake_fetch_payload(), "replaces"));
}
END_TEST

START_TEST(given_up)
{
	begin();
	expect(PROOF, AUTHORIZATION("pending", ""));
	expect(CHALLENGE, "{}");
	acme_order_go_on(order);
	fake_fetch_run();
	ck_assert_ptr_nonnull(challenges_find(challenges, "tok_1", 5));
	acme_order_free(order);
	order = NULL;
	ck_assert_uint_eq(ended, 0);
}
END_TEST

UNIT_MAIN_WITH("acme_order", set_up, tear_down, the_whole_way, locations, taken_up_where_it_is_valid,
               taken_up_where_the_ca_forgot_it, valid_authorization, valid_authorization_of_a_pending_order, not_proven,
               no_such_challenge, invalid_order, invalid_without_a_reason, taken_up_where_it_was_not_proven,
               taken_up_where_it_is_invalid_and_not_looked_at, strange_order, order_without_place, the_ca_goes_away,
               a_503_is_no_refusal, takes_too_long, proven_over_tls, not_proven_over_tls, the_other_challenge,
               no_such_profile, a_predecessor_that_is_refused, given_up)
