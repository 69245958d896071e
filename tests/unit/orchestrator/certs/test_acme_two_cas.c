/* One host and two CAs: whose turn it is, what is left at the one, and until when the other one is waited for. */
#include "tests/unit/orchestrator/certs/host_place.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdlib.h>

#define BACK_ORDER "https://other.example/order"
#define BACK_MINE "https://other.example/order/1"
#define BACK_CHAIN "https://other.example/chain/1"
#define BACK_BUSY \
	"{\"status\":\"processing\",\"authorizations\":[\"https://other.example/p\"],\"finalize\":\"https://other.example/f\"}"
#define BACK_VALID                                                                                                                                      \
	"{\"status\":\"valid\",\"authorizations\":[\"https://other.example/p\"],\"finalize\":\"https://other.example/f\",\"certificate\":\"" BACK_CHAIN \
	"\"}"

static void take_fallback(void)
{
	config.acme.fallback = other_ca;
	config.acme.profile = profile;
	place.authorities[ACME_FALLBACK] = make_authority(ACME_FALLBACK);
	acme_host_meet(host);
}

static void order(void)
{
	acme_host_ask(host);
	order_now();
	turn_until(all_answered);
	turn_until(is_idle);
	settle();
}

static void leave_fallback(void)
{
	config.acme.fallback = none;
	acme_authority_free(place.authorities[ACME_FALLBACK]);
	place.authorities[ACME_FALLBACK] = NULL;
	acme_host_meet(host);
}

/* The first one wants nothing for so long. */
static void refuse(const char *retry_after)
{
	fake_fetch_expect_account();
	fake_fetch_expect(FAKE_ORDER, (struct fake_reply){.status = 429,
	                                                  .nonce = "n",
	                                                  .retry_after = retry_after,
	                                                  .body = FAKE_PROBLEM("rateLimited", "later")});
	order();
}

static void unlink_record(void)
{
	char *path = path_of(HOST ".json");

	unlink(path);
	free(path);
}

/* The first one is away. */
static void miss(void)
{
	ck_assert_int_eq(turn_now(), ACME_FIRST);
	fake_fetch_expect(FAKE_CA, (struct fake_reply){.trouble = FETCH_NO_CONNECT});
	order();
}

static void expect_fallback(void)
{
	fake_fetch_expect(other_ca, (struct fake_reply){.status = 200,
	                                                .body = "{\"newNonce\":\"https://other.example/nonce\","
	                                                        "\"newAccount\":\"https://other.example/account\","
	                                                        "\"newOrder\":\"" BACK_ORDER "\"}"});
	fake_fetch_expect("https://other.example/nonce", (struct fake_reply){.status = 200, .nonce = "n0"});
	fake_fetch_expect("https://other.example/account",
	                  (struct fake_reply){
	                          .status = 201, .nonce = "n1", .location = "https://other.example/me", .body = "{}"});
}

/* Whose turn it is, and an order that is under way there, outlive the process; what has come from there is renewed by the first one. */
START_TEST(falls_back)
{
	take_fallback();
	for (int i = 0; i < 3; i++) {
		miss();
		restart();
	}
	ck_assert_int_eq(turn_now(), ACME_FALLBACK);
	ck_assert(!is_due());
	ck_assert(acme_host_is_due(host, clock_wall_ms() + 21000));
	order_now(); /* noted, and no more: it is that one's turn still */
	restart();
	ck_assert_int_eq(turn_now(), ACME_FALLBACK);
	expect_fallback();
	fake_fetch_expect(BACK_ORDER,
	                  (struct fake_reply){.status = 201, .nonce = "n", .location = BACK_MINE, .body = BACK_BUSY});
	order_now();
	ck_assert_int_eq(turn_now(), ACME_FALLBACK);
	turn_until(has_order);
	char *chain = issue(HOST, -3600, 90 * 86400);
	restart();
	ck_assert_int_eq(turn_now(), ACME_FALLBACK);
	ck_assert(is_due());
	expect_fallback();
	fake_fetch_expect(BACK_MINE, (struct fake_reply){.status = 200, .nonce = "n", .body = BACK_VALID});
	fake_fetch_expect(BACK_CHAIN, (struct fake_reply){.status = 200, .nonce = "n", .body = chain});
	order_now();
	turn_until(is_clean);
	settle();
	ck_assert_str_eq(acme_host_view(host).issued_by, other_ca);
	ck_assert_int_eq(acme_host_ask_ms(host, FAKE_CA), INT64_MAX);
	ck_assert_int_eq(acme_host_ask_ms(host, other_ca), 0);
	ck_assert_int_eq(turn_now(), ACME_FIRST);
	restart();
	ck_assert_int_eq(turn_now(), ACME_FIRST);
	free(chain);
}
END_TEST

/* The profile is the first one's, as what it says of when; an order that waits there is left. */
START_TEST(refused_for_long)
{
	take_fallback();
	fake_fetch_expect_account();
	fake_fetch_expect(FAKE_ORDER,
	                  (struct fake_reply){.status = 201, .nonce = "n", .location = MINE, .body = VALID_ORDER});
	fake_fetch_expect(CHAIN, (struct fake_reply){.status = 429,
	                                             .nonce = "n",
	                                             .retry_after = "90000",
	                                             .body = FAKE_PROBLEM("rateLimited", "later")});
	order();
	struct acme_view view = acme_host_view(host);
	ck_assert_int_eq(view.turn, ACME_FALLBACK);
	ck_assert_int_eq(view.failed_at, ACME_FIRST);
	ck_assert_int_le(view.next_s, clock_wall_ms() / 1000 + 61);
	expect_fallback();
	fake_fetch_expect(BACK_ORDER,
	                  (struct fake_reply){.status = 403, .nonce = "n", .body = FAKE_PROBLEM("caa", "no")});
	order();
	ck_assert_ptr_null(strstr(fake_fetch_payload(), "profile"));
	view = acme_host_view(host);
	ck_assert_int_eq(view.failed_at, ACME_FALLBACK);
	ck_assert_int_eq(view.failures, 2);
	ck_assert_int_eq(view.turn, ACME_FALLBACK); /* the first one wants nothing yet */
}
END_TEST

/* A host that is not here is refused by every CA. */
START_TEST(a_cause_of_ours)
{
	static const char invalid
	        [] = "{\"status\":\"invalid\",\"challenges\":[{\"type\":\"http-01\",\"url\":\"https://ca.example/c\","
	             "\"token\":\"t\",\"status\":\"invalid\",\"error\":" FAKE_PROBLEM("connection", "no") "}]}",
	 pending[] = "{\"status\":\"pending\",\"challenges\":[{\"type\":\"http-01\",\"url\":\"https://ca.example/c\","
	             "\"token\":\"t\",\"status\":\"pending\"}]}",
	 ordered[] =
	         "{\"status\":\"pending\",\"authorizations\":[\"https://ca.example/p\"],\"finalize\":\"https://ca.example/f\"}";

	take_fallback();
	config.acme.challenges = (struct strings){0};
	strings_add(&config.acme.challenges, "http-01");
	strings_add(&config.listen, "127.0.0.1:80");
	fake_fetch_expect_account();
	for (int i = 0; i < 4; i++) {
		fake_fetch_expect(FAKE_ORDER,
		                  (struct fake_reply){.status = 201, .nonce = "n", .location = MINE, .body = ordered});
		fake_fetch_expect("https://ca.example/p",
		                  (struct fake_reply){.status = 200, .nonce = "n", .body = pending});
		fake_fetch_expect("https://ca.example/c",
		                  (struct fake_reply){.status = 200, .nonce = "n", .body = "{}"});
		fake_fetch_expect("https://ca.example/p",
		                  (struct fake_reply){.status = 200, .nonce = "n", .body = invalid});
		order();
		ck_assert_msg(strstr(acme_host_view(host).failure, "the proof by http-01") != NULL, "%s",
		              acme_host_view(host).failure);
		ck_assert_int_eq(turn_now(), ACME_FIRST);
	}
	strings_clear(&config.acme.challenges);
	strings_clear(&config.listen);
}
END_TEST

static const char busy_order[] =
        "{\"status\":\"processing\",\"authorizations\":[\"https://ca.example/p\"],\"finalize\":\"https://ca.example/f\"}";

/* What its CA is at work on is taken up when it is that one's turn again, at either, also by another process. */
START_TEST(an_order_is_left)
{
	take_fallback();
	fake_fetch_expect_account();
	fake_fetch_expect(FAKE_ORDER,
	                  (struct fake_reply){.status = 201, .nonce = "n", .location = MINE, .body = busy_order});
	fake_fetch_expect(MINE, (struct fake_reply){.status = 429,
	                                            .nonce = "n",
	                                            .retry_after = "3601",
	                                            .body = FAKE_PROBLEM("rateLimited", "later")});
	order();
	char *chain = issue(HOST, -3600, 90 * 86400);
	expect_fallback();
	fake_fetch_expect(BACK_ORDER,
	                  (struct fake_reply){.status = 201, .nonce = "n", .location = BACK_MINE, .body = BACK_BUSY});
	fake_fetch_expect(BACK_MINE, (struct fake_reply){.status = 429,
	                                                 .nonce = "n",
	                                                 .retry_after = "90000",
	                                                 .body = FAKE_PROBLEM("rateLimited", "later")});
	ck_assert_int_eq(turn_now(), ACME_FALLBACK);
	order();
	restart();
	struct acme_record read = record();
	ck_assert_str_eq(read.order, BACK_MINE);
	ck_assert_str_eq(read.left.order, MINE);
	acme_record_clear(&read);
	ck_assert_int_eq(acme_host_view(host).turn, ACME_FIRST);
	fake_fetch_expect_account();
	fake_fetch_expect(MINE, (struct fake_reply){.status = 200, .nonce = "n", .body = VALID_ORDER});
	fake_fetch_expect(CHAIN, (struct fake_reply){.status = 503, .nonce = "n"});
	acme_host_order(host, ACME_FIRST);
	turn_until(all_answered);
	turn_until(is_idle);
	settle();
	expect_fallback();
	fake_fetch_expect(BACK_MINE,
	                  (struct fake_reply){.status = 404, .nonce = "n", .body = FAKE_PROBLEM("malformed", "no")});
	acme_host_order(host, ACME_FALLBACK);
	turn_until(all_answered);
	turn_until(is_idle);
	settle();
	fake_fetch_expect(MINE, (struct fake_reply){.status = 200, .nonce = "n", .body = VALID_ORDER});
	fake_fetch_expect(CHAIN, (struct fake_reply){.status = 200, .nonce = "n", .body = chain});
	acme_host_order(host, ACME_FIRST);
	turn_until(is_clean);
	ck_assert_uint_eq(outcomes[ACME_ISSUED], 1);
	free(chain);
}
END_TEST

/* Taken up, and ended between the certificate and the record. */
START_TEST(an_order_that_was_left_is_over)
{
	keep(1);
	char *pem = slurp(HOST ".pem"), *rest = strstr(pem, "-----BEGIN CERT"), directory[] = FAKE_CA, other[] = "x";
	*rest = '\0';
	BIO *from = BIO_new_mem_buf(pem, -1);
	EVP_PKEY *key = PEM_read_bio_PrivateKey(from, NULL, NULL, NULL);
	char mine[] = MINE, back[] = BACK_MINE, *line = acme_files_key_line(key);
	char *json = acme_record_text(&(struct acme_record){
	        .directory = other_ca, .order = back, .key = other, .left = {directory, mine, line}, .failures = 3});
	put_record(json);
	restart();
	ck_assert_str_eq(acme_host_view(host).issued_by, FAKE_CA);
	ck_assert_int_eq(acme_host_view(host).failures, 0);
	BIO_free(from);
	EVP_PKEY_free(key);
	free(json);
	free(line);
	free(pem);
}
END_TEST

/* Of 90 days, renewed at 60, pressing from 71.5 on. */
#define PRESSES_MS INT64_C(43200000) /* behind the 71st */

/* A wait for the first one is none for the fallback, which is asked once time presses, and is named as the next one. */
START_TEST(a_wait_ends_when_time_presses)
{
	keep(71);
	take_fallback();
	int64_t now = clock_wall_ms();
	refuse("864000");
	struct acme_view view = acme_host_view(host);
	ck_assert_int_eq(turn_now(), ACME_FIRST);
	ck_assert_int_eq(view.turn, ACME_FALLBACK);
	ck_assert_msg(view.next_s * 1000 > now + PRESSES_MS - 60000 && view.next_s * 1000 < now + PRESSES_MS + 60000,
	              "%lld", (long long)(view.next_s * 1000 - now));
	ck_assert(!acme_host_is_due(host, view.next_s * 1000 - 1000));
	ck_assert(acme_host_is_due(host, view.next_s * 1000));
	ck_assert_int_eq(acme_host_turn(host, view.next_s * 1000), ACME_FALLBACK);
	restart();
	ck_assert_int_eq(acme_host_view(host).next_s, view.next_s);
}
END_TEST

/* Without one there is nobody else to ask; one that comes by a reload changes nothing of what the first one said. */
START_TEST(a_fallback_comes_and_goes)
{
	keep(61);
	refuse("172800");
	int64_t next_s = acme_host_view(host).next_s;
	ck_assert_int_gt(next_s, clock_wall_ms() / 1000 + 172000);
	take_fallback();
	settle();
	struct acme_view view = acme_host_view(host);
	ck_assert_int_eq(view.next_s, next_s); /* time does not press by then */
	ck_assert_int_eq(view.failures, 1);
	ck_assert_ptr_nonnull(view.failure);
	leave_fallback();
	ck_assert_int_eq(acme_host_view(host).next_s, next_s);
	ck_assert(!is_due());
}
END_TEST

/* There is no certificate, so the new one may be asked; once it is gone the first one's wish counts again. */
START_TEST(a_fallback_comes_when_time_presses)
{
	refuse("172800");
	ck_assert(!is_due());
	take_fallback();
	settle();
	ck_assert(is_due());
	ck_assert_int_eq(turn_now(), ACME_FALLBACK);
	expect_fallback();
	fake_fetch_expect(BACK_ORDER,
	                  (struct fake_reply){.status = 403, .nonce = "n", .body = FAKE_PROBLEM("caa", "no")});
	order_now();
	turn_until(all_answered);
	turn_until(is_idle);
	settle();
	ck_assert(!is_due());
	ck_assert_int_lt(acme_host_view(host).next_s, clock_wall_ms() / 1000 + 122);
	leave_fallback();
	struct acme_view view = acme_host_view(host);
	ck_assert_int_gt(view.next_s, clock_wall_ms() / 1000 + 172000);
	ck_assert_int_eq(view.turn, ACME_FIRST);
	ck_assert_ptr_null(view.failure); /* that was the other one's */
	ck_assert_int_eq(view.failures, 2);
}
END_TEST

/* Its order is under way when it is taken out of the configuration: what it says then is not the first one's word. */
START_TEST(a_former_fallback_fails)
{
	take_fallback();
	for (int i = 0; i < 3; i++)
		miss();
	expect_fallback();
	fake_fetch_expect(BACK_ORDER, (struct fake_reply){.status = 429,
	                                                  .nonce = "n",
	                                                  .retry_after = "90000",
	                                                  .body = FAKE_PROBLEM("rateLimited", "later")});
	acme_host_ask(host);
	order_now();
	leave_fallback();
	turn_until(all_answered);
	turn_until(is_idle);
	settle();
	struct acme_view view = acme_host_view(host);
	ck_assert_int_eq(view.turn, ACME_FIRST);
	ck_assert_int_lt(view.next_s, clock_wall_ms() / 1000 + 1000);
	ck_assert_ptr_nonnull(strstr(view.failure, FAKE_CA));
	ck_assert_int_eq(view.failed_at, ACME_FIRST);
}
END_TEST

/* The account's key cannot be read, or there is no room for it. */
static void lose_first(void)
{
	char *name = acme_authority_name_of(&config, ACME_FIRST), *file = acme_files_account(name);
	char *path = acme_files_path(place.files, file, "pem");

	acme_authority_free(place.authorities[ACME_FIRST]);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	place.authorities[ACME_FIRST] = acme_authority_new(place.files, fetch, &config, ACME_FIRST);
	ck_assert_ptr_null(acme_authority_ca(place.authorities[ACME_FIRST]));
	ck_assert(!acme_authority_is_busy(place.authorities[ACME_FIRST]));
	ck_assert_int_eq(rmdir(path), 0);
	free(path);
	free(file);
	free(name);
	acme_host_meet(host);
}

START_TEST(the_first_cannot_be_asked)
{
	lose_first();
	ck_assert_int_eq(turn_now(), ACME_FIRST); /* there is no other one */
	take_fallback();
	ck_assert_int_eq(turn_now(), ACME_FALLBACK);
	expect_fallback();
	fake_fetch_expect(BACK_ORDER, (struct fake_reply){.status = 429,
	                                                  .nonce = "n",
	                                                  .retry_after = "5000",
	                                                  .body = FAKE_PROBLEM("rateLimited", "later")});
	order_now();
	turn_until(all_answered);
	turn_until(is_idle);
	settle();
	ck_assert_int_eq(acme_host_view(host).turn, ACME_FALLBACK);
	ck_assert_int_gt(acme_host_view(host).next_s, clock_wall_ms() / 1000 + 4900);
}
END_TEST

START_TEST(the_first_cannot_be_asked_yet)
{
	keep(61);
	lose_first();
	take_fallback();
	ck_assert_int_eq(turn_now(), ACME_FIRST); /* there is time */
}
END_TEST

/* Its first word on a certificate makes nobody wait who has something to wait for, or is ordering. */
START_TEST(a_window_that_comes_late)
{
	const int64_t now_s = clock_wall_ms() / 1000;
	const struct acme_window closed = {now_s - 7200, now_s - 3600};

	keep(10);
	acme_host_set_window(host, &closed, 60);
	settle();
	ck_assert_int_gt(acme_host_view(host).next_s, now_s + 86000); /* none is ordered without a pause */
	unlink_record();
	keep(61);
	refuse("600");
	int64_t next_s = acme_host_view(host).next_s;
	acme_host_set_window(host, &closed, 60);
	ck_assert_int_eq(acme_host_view(host).next_s, next_s);
	settle();
	unlink_record();
	restart();
	order_now();
	acme_host_set_window(host, &closed, 60); /* it was asked for before */
	restart();
	ck_assert_int_lt(acme_host_view(host).next_s, now_s + 122);
}
END_TEST

/* Neither a clock that is off nor a disk that takes nothing is a CA's fault. */
START_TEST(what_is_ours_is_not_theirs)
{
	static char long_ago[] = "Thu, 01 Jan 2015 00:00:00 GMT";
	char *certs = path_of("");

	take_fallback();
	for (int i = 0; i < 4; i++) {
		fake_fetch_expect(FAKE_CA,
		                  (struct fake_reply){.status = 200, .body = FAKE_DIRECTORY, .date = long_ago});
		order();
		ck_assert_ptr_nonnull(strstr(acme_host_view(host).failure, "this machine's clock is"));
		ck_assert_int_eq(acme_host_view(host).turn, ACME_FIRST);
	}
	unlink_record();
	ck_assert_int_eq(rmdir(certs), 0);
	for (int i = 0; i < 4; i++) {
		acme_host_ask(host);
		order_now();
		turn_until(is_idle);
		settle();
		ck_assert_ptr_nonnull(strstr(acme_host_view(host).failure, "could not be kept"));
		ck_assert_int_eq(acme_host_view(host).turn, ACME_FIRST);
	}
	ck_assert_int_eq(acme_host_view(host).failures, 8);
	free(certs);
}
END_TEST

UNIT_MAIN_WITH("acme_two_cas", set_up, tear_down, falls_back, refused_for_long, a_cause_of_ours, an_order_is_left,
               an_order_that_was_left_is_over, a_wait_ends_when_time_presses, a_fallback_comes_and_goes,
               a_fallback_comes_when_time_presses, a_former_fallback_fails, the_first_cannot_be_asked,
               the_first_cannot_be_asked_yet, a_window_that_comes_late, what_is_ours_is_not_theirs)
