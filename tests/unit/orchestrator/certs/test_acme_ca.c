/* One CA, by what it answers: directory, nonces, account, and each error told in its own words. */
#include "common/clock.h"
#include "orchestrator/certs/acme_ca.h"
#include "orchestrator/certs/acme_wish.h"
#include "orchestrator/certs/jws.h"
#include "tests/unit/orchestrator/certs/fake_fetch.h"
#include "tests/unit/unit.h"

#include <event2/event.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static struct event_base *base;
static EVP_PKEY *key;
static struct acme_ca *ca;
static unsigned told;
static struct acme_failure failure;
static bool failed, refused;
static char body[256];
static int64_t retry_after_s;

static void make(const char *eab_kid, const char *eab_key)
{
	base = event_base_new();
	key = jws_key_new();
	told = 0;
	ca = acme_ca_new(&(struct acme_ca_settings){.fetch = fake_fetch_open(base),
	                                            .key = key,
	                                            .directory = FAKE_CA,
	                                            .ca_file = "",
	                                            .email = "me@example.org",
	                                            .eab_kid = eab_kid,
	                                            .eab_key = eab_key});
}

static void set_up(void)
{
	make("", "");
}

static void tear_down(void)
{
	acme_ca_free(ca);
	fake_fetch_close();
	EVP_PKEY_free(key);
	event_base_free(base);
}

static void on_answer(const struct acme_answer *answer, void *arg)
{
	ck_assert_ptr_eq(arg, &told);
	told++;
	failed = answer->failure != NULL;
	refused = answer->refused;
	retry_after_s = answer->retry_after_s;
	if (failed)
		failure = *answer->failure;
	snprintf(body, sizeof(body), "%s", answer->body);
}

static void ask(const char *url)
{
	unsigned before = told;

	if (url != NULL)
		acme_ca_ask(ca, url, "{\"x\":1}", on_answer, &told);
	else
		acme_ca_order(ca, &(struct acme_wish){.host = "x", .profile = ""}, on_answer, &told);
	ck_assert_uint_eq(told, before); /* never before it has returned */
	fake_fetch_run();
	ck_assert_uint_eq(told, before + 1);
}

static void expect_error(const char *url, int status, const char *text)
{
	fake_fetch_expect(url, (struct fake_reply){.status = status, .body = text, .nonce = "n"});
}

static void check_failed(const char *words, const char *remedy)
{
	ck_assert(failed);
	ck_assert_msg(strstr(failure.text, words) != NULL, "%s", failure.text);
	ck_assert_msg(strstr(failure.remedy, remedy) != NULL, "%s", failure.remedy);
}

/* The account is there already. */
static void expect_account_of(const char *email)
{
	static char account[128];

	snprintf(account, sizeof(account), "{\"contact\":[\"mailto:%s\"]}", email);
	fake_fetch_expect(FAKE_ACCOUNT,
	                  (struct fake_reply){
	                          .status = 200, .nonce = "n1", .location = "https://ca.example/me", .body = account});
}

START_TEST(all_at_first_then_one_request)
{
	ck_assert(!acme_ca_is_known(ca));
	fake_fetch_expect_account();
	fake_fetch_expect(FAKE_ORDER, (struct fake_reply){.status = 201, .body = "first", .nonce = "n2"});
	ask(NULL);
	ck_assert(!failed && acme_ca_is_known(ca));
	ck_assert_str_eq(body, "first");
	ck_assert_str_eq(fake_fetch_payload(), "{\"identifiers\":[{\"type\":\"dns\",\"value\":\"x\"}]}");
	ck_assert_str_eq(fake_fetch_head(),
	                 "{\"alg\":\"ES256\",\"kid\":\"https://ca.example/me\",\"nonce\":\"n1\",\"url\":\"" FAKE_ORDER
	                 "\"}");
	fake_fetch_expect("https://ca.example/x",
	                  (struct fake_reply){.status = 200, .body = "second", .retry_after = "7"});
	ask("https://ca.example/x");
	ck_assert_str_eq(body, "second");
	ck_assert_int_eq(retry_after_s, 7);
	ck_assert_ptr_nonnull(strstr(fake_fetch_head(), "\"nonce\":\"n2\""));
	fake_fetch_expect(FAKE_NONCE, (struct fake_reply){.status = 204, .nonce = "n3"}); /* the last reply had none */
	fake_fetch_expect("https://ca.example/x", (struct fake_reply){.status = 200, .body = "third"});
	ask("https://ca.example/x");
	ck_assert_str_eq(body, "third");
	ck_assert_int_eq(retry_after_s, -1);
}
END_TEST

START_TEST(account_payload)
{
	fake_fetch_expect(FAKE_CA, (struct fake_reply){.status = 200, .body = FAKE_DIRECTORY});
	fake_fetch_expect(FAKE_NONCE, (struct fake_reply){.status = 200, .nonce = "n0"});
	expect_error(FAKE_ACCOUNT, 400, FAKE_PROBLEM("invalidContact", "no such domain"));
	ask(NULL);
	ck_assert_str_eq(fake_fetch_payload(),
	                 "{\"termsOfServiceAgreed\":true,\"contact\":[\"mailto:me@example.org\"]}");
	ck_assert_ptr_nonnull(strstr(fake_fetch_head(), "\"jwk\":{\"crv\""));
	check_failed("making an account failed, the CA says: no such domain", "acme.email");
	ck_assert(!acme_ca_is_known(ca));
}
END_TEST

START_TEST(bad_nonces)
{
	fake_fetch_expect_account();
	for (int i = 0; i < 20; i++)
		expect_error(FAKE_ORDER, 400, FAKE_PROBLEM("badNonce", "again"));
	fake_fetch_expect(FAKE_ORDER, (struct fake_reply){.status = 201, .body = "good", .nonce = "n2"});
	ask(NULL);
	ck_assert(!failed);
	for (int i = 0; i < 21; i++)
		expect_error(FAKE_ORDER, 400, FAKE_PROBLEM("badNonce", "again"));
	ask(NULL);
	check_failed("ordering failed, the CA says: again (badNonce)", "tried again");
}
END_TEST

START_TEST(bad_nonce_of_an_account)
{
	fake_fetch_expect(FAKE_CA, (struct fake_reply){.status = 200, .body = FAKE_DIRECTORY});
	fake_fetch_expect(FAKE_NONCE, (struct fake_reply){.status = 200, .nonce = "n0"});
	expect_error(FAKE_ACCOUNT, 400, FAKE_PROBLEM("badNonce", "again"));
	expect_account_of("me@example.org");
	fake_fetch_expect(FAKE_ORDER, (struct fake_reply){.status = 201, .body = "good"});
	ask(NULL);
	ck_assert(!failed);
}
END_TEST

static void expect_beginning(void)
{
	fake_fetch_expect(FAKE_CA, (struct fake_reply){.status = 200, .body = FAKE_DIRECTORY});
	fake_fetch_expect(FAKE_NONCE, (struct fake_reply){.status = 200, .nonce = "n0"});
}

/* The account is from before acme.email was changed. */
START_TEST(another_address)
{
	expect_beginning();
	expect_account_of("old@example.org");
	fake_fetch_expect("https://ca.example/me", (struct fake_reply){.status = 200, .nonce = "n2"});
	fake_fetch_expect(FAKE_ORDER, (struct fake_reply){.status = 201, .body = "good", .nonce = "n3"});
	ask(NULL);
	ck_assert(!failed);
	fake_fetch_expect(FAKE_ORDER, (struct fake_reply){.status = 201, .body = "good", .nonce = "n4"});
	ask(NULL); /* once */
}
END_TEST

/* No reason to let a certificate expire. */
START_TEST(an_address_that_is_refused)
{
	expect_beginning();
	expect_account_of("old@example.org");
	expect_error("https://ca.example/me", 400, FAKE_PROBLEM("badNonce", "again"));
	expect_error("https://ca.example/me", 400, FAKE_PROBLEM("invalidContact", "no such domain"));
	fake_fetch_expect(FAKE_ORDER, (struct fake_reply){.status = 201, .body = "good", .nonce = "n3"});
	ask(NULL);
	ck_assert(!failed);
}
END_TEST

static void change_email(const char *email)
{
	acme_ca_change(ca, &(struct acme_ca_settings){.ca_file = "", .email = email, .eab_kid = "", .eab_key = ""});
	acme_ca_tell(ca, on_answer, &told);
	fake_fetch_run();
}

START_TEST(told_at_once)
{
	fake_fetch_expect_account();
	fake_fetch_expect(FAKE_ORDER, (struct fake_reply){.status = 201, .body = "good", .nonce = "n2"});
	ask(NULL);
	fake_fetch_expect("https://ca.example/me", (struct fake_reply){.status = 200, .nonce = "n3"});
	change_email("you@example.org");
	ck_assert(!failed);
	ck_assert_str_eq(fake_fetch_payload(), "{\"contact\":[\"mailto:you@example.org\"]}");
	ck_assert_ptr_nonnull(strstr(fake_fetch_head(), "\"kid\":\"https://ca.example/me\""));
	fake_fetch_expect("https://ca.example/me", (struct fake_reply){.status = 200, .nonce = "n4"});
	change_email("");
	ck_assert_str_eq(fake_fetch_payload(), "{\"contact\":[]}");
	expect_error("https://ca.example/me", 400, FAKE_PROBLEM("unsupportedContact", "no"));
	change_email("x@example.org");
	check_failed("telling acme.email failed, the CA says: no", "acme.email");
	ck_assert(refused);
	ck_assert_uint_eq(told, 4);
}
END_TEST

START_TEST(told_before_anything_else)
{
	expect_beginning();
	expect_account_of("you@example.org");
	change_email("you@example.org");
	ck_assert(!failed && acme_ca_is_known(ca));
}
END_TEST

START_TEST(a_lost_account_is_made_anew)
{
	fake_fetch_expect_account();
	expect_error(FAKE_ORDER, 400, FAKE_PROBLEM("accountDoesNotExist", "who?"));
	fake_fetch_expect(FAKE_ACCOUNT,
	                  (struct fake_reply){.status = 201, .nonce = "n4", .location = "https://ca.example/me2"});
	fake_fetch_expect(FAKE_ORDER, (struct fake_reply){.status = 201, .body = "good", .nonce = "n5"});
	ask(NULL);
	ck_assert(!failed);
	ck_assert_ptr_nonnull(strstr(fake_fetch_head(), "https://ca.example/me2"));
	for (int i = 0; i < 3; i++) { /* not for ever */
		expect_error(FAKE_ORDER, 400, FAKE_PROBLEM("accountDoesNotExist", "who?"));
		if (i < 2)
			fake_fetch_expect(
			        FAKE_ACCOUNT,
			        (struct fake_reply){.status = 201, .nonce = "n", .location = "https://ca.example/me"});
	}
	ask(NULL);
	check_failed("who?", "");
}
END_TEST

START_TEST(rate_limits)
{
	char date[64];
	time_t later = time(NULL) + 1000;
	struct tm tm;

	gmtime_r(&later, &tm);
	strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", &tm);
	fake_fetch_expect_account();
	fake_fetch_expect(FAKE_ORDER,
	                  (struct fake_reply){.status = 429,
	                                      .nonce = "n",
	                                      .retry_after = "3600",
	                                      .body = FAKE_PROBLEM("rateLimited", "too many certificates")});
	ask(NULL);
	check_failed("too many certificates (rateLimited)", "when the CA allows it");
	ck_assert(!refused && !failure.unreached);
	ck_assert_int_ge(failure.not_before_s, clock_wall_ms() / 1000 + 3590);
	ck_assert_int_le(failure.not_before_s, clock_wall_ms() / 1000 + 3610);
	fake_fetch_expect(FAKE_ORDER, (struct fake_reply){.status = 503, .retry_after = date});
	ask(NULL);
	check_failed("status 503 and no reason", "tried again");
	ck_assert_int_ge(failure.not_before_s, (int64_t)later - 1);
	ck_assert_int_le(failure.not_before_s, (int64_t)later + 1);
}
END_TEST

START_TEST(refusals_have_remedies)
{
	static const char *const rows[][3] = {
	        {FAKE_PROBLEM("rejectedIdentifier", "policy"), "policy", "tls.certificates"},
	        {FAKE_PROBLEM("caa", "CAA forbids"), "CAA forbids", "CAA record"},
	        {FAKE_PROBLEM("userActionRequired", "agree"), "agree", "new terms"},
	        {FAKE_PROBLEM("invalidProfile", "none"), "none", "acme.profile"},
	        {FAKE_PROBLEM("unauthorized", "deactivated"), "deactivated", "another account is made"},
	        {FAKE_PROBLEM("somethingNew", "odd"), "odd (somethingNew)", "what the CA says"}};

	fake_fetch_expect_account();
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		expect_error(FAKE_ORDER, 403, rows[i][0]);
		ask(NULL);
		check_failed(rows[i][1], rows[i][2]);
		ck_assert(refused);
	}
}
END_TEST

START_TEST(nobody_answers)
{
	static const struct {
		enum fetch_trouble trouble;
		const char *remedy;
	} rows[] = {{FETCH_NO_NAME, "resolv.conf"},
	            {FETCH_NO_CONNECT, "firewall"},
	            {FETCH_UNTRUSTED, "acme.ca_file"},
	            {FETCH_LATE, "tried again"},
	            {FETCH_BROKEN, "tried again"}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		fake_fetch_expect(FAKE_CA, (struct fake_reply){.trouble = rows[i].trouble});
		ask(NULL);
		check_failed("the CA at " FAKE_CA " does not answer: it is away", rows[i].remedy);
		ck_assert(failure.unreached && !refused);
	}
}
END_TEST

START_TEST(what_is_no_ca)
{
	fake_fetch_expect(FAKE_CA, (struct fake_reply){.status = 200, .body = "<html>hello</html>"});
	ask(NULL);
	check_failed("is no directory", "acme.directory");
	fake_fetch_expect(FAKE_CA, (struct fake_reply){.status = 404, .body = "not here"});
	ask(NULL);
	check_failed("asking for the directory failed, the CA answered with status 404", "");
	fake_fetch_expect(FAKE_CA, (struct fake_reply){.status = 200, .body = FAKE_DIRECTORY});
	fake_fetch_expect(FAKE_NONCE, (struct fake_reply){.status = 200});
	ask(NULL);
	check_failed("no Replay-Nonce", "acme.directory");
	fake_fetch_expect(FAKE_CA, (struct fake_reply){.status = 200, .body = FAKE_DIRECTORY});
	fake_fetch_expect(FAKE_NONCE, (struct fake_reply){.status = 200, .nonce = "n"});
	fake_fetch_expect(FAKE_ACCOUNT, (struct fake_reply){.status = 201, .nonce = "n"});
	ask(NULL);
	check_failed("no Location", "acme.directory");
}
END_TEST

/* It goes into each request from then on. */
START_TEST(locations)
{
	static char longest[70000];
	const char *const rows[] = {"",
	                            "/me",
	                            "http://ca.example/me",
	                            "https://",
	                            "https:///me",
	                            "https://ca.example/\tme",
	                            "https://ca.example/m e",
	                            "https://ca.example/\xc3\xa4",
	                            longest};

	memset(longest, 'a', sizeof(longest) - 1);
	memcpy(longest, "https://", 8);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (i == 0)
			fake_fetch_expect(FAKE_CA, (struct fake_reply){.status = 200, .body = FAKE_DIRECTORY});
		else
			fake_fetch_expect(FAKE_CA,
			                  (struct fake_reply){.status = 200, .body = FAKE_DIRECTORY, .nonce = "n"});
		if (i == 0)
			fake_fetch_expect(FAKE_NONCE, (struct fake_reply){.status = 200, .nonce = "n"});
		fake_fetch_expect(FAKE_ACCOUNT, (struct fake_reply){.status = 201, .nonce = "n", .location = rows[i]});
		ask(NULL);
		check_failed("its Location is no https URL", "acme.directory");
		ck_assert(!acme_ca_is_known(ca));
	}
}
END_TEST

START_TEST(clock_off)
{
	static const struct {
		const char *date, *words;
	} rows[] = {{"Mon, 02 Jan 2023 03:04:05 GMT", "ahead of the CA's"},
	            {"Sat, 02 Jan 2049 03:04:05 GMT", "behind the CA's"}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		fake_fetch_expect(FAKE_CA,
		                  (struct fake_reply){.status = 200, .body = FAKE_DIRECTORY, .date = rows[i].date});
		ask(NULL);
		check_failed(rows[i].words, "timedatectl");
	}
	fake_fetch_expect(FAKE_CA, (struct fake_reply){.status = 404, .date = "some day"});
	ask(NULL);
	check_failed("404", "");
}
END_TEST

#define BINDING_DIRECTORY                                                                                 \
	"{\"newNonce\":\"" FAKE_NONCE "\",\"newAccount\":\"" FAKE_ACCOUNT "\",\"newOrder\":\"" FAKE_ORDER \
	"\",\"meta\":{\"externalAccountRequired\":true}}"

START_TEST(binding)
{
	fake_fetch_expect(FAKE_CA, (struct fake_reply){.status = 200, .body = BINDING_DIRECTORY});
	fake_fetch_expect(FAKE_NONCE, (struct fake_reply){.status = 200, .nonce = "n"});
	ask(NULL);
	check_failed("externalAccountRequired", "acme.eab_kid");
	tear_down();
	make("kid-1", "c2VjcmV0");
	fake_fetch_expect(FAKE_CA, (struct fake_reply){.status = 200, .body = BINDING_DIRECTORY});
	fake_fetch_expect(FAKE_NONCE, (struct fake_reply){.status = 200, .nonce = "n"});
	expect_error(FAKE_ACCOUNT, 401, FAKE_PROBLEM("unauthorized", "unknown key"));
	ask(NULL);
	ck_assert_ptr_nonnull(strstr(fake_fetch_payload(), "\"externalAccountBinding\":{\"protected\":"));
	check_failed("unknown key", "");
}
END_TEST

START_TEST(cancelled)
{
	fake_fetch_expect(FAKE_CA, (struct fake_reply){.status = 404});
	acme_ca_cancel(acme_ca_ask(ca, FAKE_ORDER, "", on_answer, &told));
	event_base_loop(base, EVLOOP_NONBLOCK);
	ck_assert_uint_eq(told, 0);
}
END_TEST

START_TEST(key_authorization)
{
	char *text = acme_ca_key_authorization(ca, "tok"), *thumbprint = jws_thumbprint(key);

	ck_assert(strncmp(text, "tok.", 4) == 0);
	ck_assert_str_eq(text + 4, thumbprint);
	free(text);
	free(thumbprint);
}
END_TEST

UNIT_MAIN_WITH("acme_ca", set_up, tear_down, all_at_first_then_one_request, account_payload, bad_nonces,
               bad_nonce_of_an_account, another_address, an_address_that_is_refused, told_at_once,
               told_before_anything_else, a_lost_account_is_made_anew, rate_limits, refusals_have_remedies,
               nobody_answers, what_is_no_ca, locations, clock_off, binding, cancelled, key_authorization)
