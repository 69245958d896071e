/* One host: what is on the disk at each step, so that a restart finds it; when it is due; and that failures wait. */
#include "tests/unit/orchestrator/certs/host_place.h"

#include <openssl/evp.h>
#include <stdlib.h>

static bool is_recorded_failure(void)
{
	struct acme_record read = record();
	bool yes = read.failure != NULL;

	acme_record_clear(&read);
	return yes;
}

/* It counts as failed until it is over. */
static bool is_recorded_order(void)
{
	struct acme_record read = record();
	bool yes = read.failures == 1;

	acme_record_clear(&read);
	return yes;
}

/* Up to an order that is recorded, and the CA has not answered the next question. */
static void begin(void)
{
	fake_fetch_expect_account();
	fake_fetch_expect(FAKE_ORDER,
	                  (struct fake_reply){.status = 201, .nonce = "n", .location = MINE, .body = VALID_ORDER});
	fake_fetch_expect(CHAIN, (struct fake_reply){.status = 503, .nonce = "n"});
	ck_assert(is_due());
	order_now();
	ck_assert(acme_host_is_busy(host) && !is_due());
	turn_until(all_answered);
	ck_assert(has_order());
}

START_TEST(recorded_before_it_is_made)
{
	order_now();
	/* nothing is expected: a request would fail the test before the record is on the disk */
	restart();
	struct acme_record read = record();
	ck_assert_int_eq(read.failures, 1);
	ck_assert_ptr_null(read.order);
	ck_assert_str_eq(read.directory, FAKE_CA);
	acme_record_clear(&read);
	ck_assert(!is_due()); /* as after a failure */
	ck_assert(acme_host_is_due(host, clock_wall_ms() + 61000));
	ck_assert(!acme_host_is_due(host, clock_wall_ms() + 58000));
}
END_TEST

START_TEST(taken_up_after_a_restart)
{
	begin();
	turn_until(is_idle);
	char *chain = issue(HOST, -3600, 90 * 86400);
	restart();
	fake_fetch_expect_account();
	fake_fetch_expect(MINE, (struct fake_reply){.status = 200, .nonce = "n", .body = VALID_ORDER});
	fake_fetch_expect(CHAIN, (struct fake_reply){.status = 200, .nonce = "n", .body = chain});
	order_now();
	turn_until(is_clean);
	ck_assert_uint_eq(outcomes[ACME_ISSUED], 1);
	struct acme_view view = acme_host_view(host);
	ck_assert_str_eq(view.issuer, "Fake");
	ck_assert_ptr_null(view.failure);
	ck_assert(!is_due());
	restart(); /* and from the disk */
	ck_assert_ptr_nonnull(acme_host_certificate(host));
	ck_assert(!is_due());
	free(chain);
}
END_TEST

START_TEST(renewed_at_two_thirds)
{
	static const struct {
		long days;
		double part;
	} rows[] = {{90, 2.0 / 3}, {45, 2.0 / 3}, {11, 2.0 / 3}, {10, 0.5}, {6, 0.5}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		long life_s = rows[i].days * 86400;
		begin();
		turn_until(is_idle);
		char *chain = issue(HOST, -3600, life_s - 3600);
		acme_host_ask(host);
		fake_fetch_expect(MINE, (struct fake_reply){.status = 200, .nonce = "n", .body = VALID_ORDER});
		fake_fetch_expect(CHAIN, (struct fake_reply){.status = 200, .nonce = "n", .body = chain});
		order_now();
		turn_until(is_clean);
		settle();
		struct acme_view view = acme_host_view(host);
		double at = (double)(view.renewal_s - clock_wall_ms() / 1000 + 3600) / (double)life_s;
		ck_assert_msg(at > rows[i].part - 0.001 && at < rows[i].part + 0.001, "%ld days: %f", rows[i].days, at);
		ck_assert(!acme_host_is_due(host, view.renewal_s * 1000 - 1000));
		ck_assert(acme_host_is_due(host, view.renewal_s * 1000 + 1000));
		free(chain);
		close_place();
		char *path = path_of(HOST ".pem");
		unlink(path);
		free(path);
		open_place();
	}
}
END_TEST

/* What the CA wishes outlives a restart; it is asked at once for a new certificate, and not while it orders. */
START_TEST(renewed_when_the_ca_says)
{
	const int64_t now_s = clock_wall_ms() / 1000;
	const struct acme_window window = {now_s + 10 * INT64_C(86400), now_s + 11 * INT64_C(86400)};

	ck_assert_int_eq(acme_host_ask_ms(host, FAKE_CA), INT64_MAX); /* there is none */
	begin();
	turn_until(is_idle);
	char *chain = issue(HOST, -3600, 90 * 86400);
	acme_host_ask(host);
	fake_fetch_expect(MINE, (struct fake_reply){.status = 200, .nonce = "n", .body = VALID_ORDER});
	fake_fetch_expect(CHAIN, (struct fake_reply){.status = 200, .nonce = "n", .body = chain});
	order_now();
	ck_assert_int_eq(acme_host_ask_ms(host, FAKE_CA), INT64_MAX);
	turn_until(is_clean);
	settle();
	ck_assert_int_eq(acme_host_ask_ms(host, FAKE_CA), 0);
	acme_host_set_window(host, NULL, 60);
	ck_assert(!acme_host_view(host).wished);
	acme_host_set_window(host, &window, 21600);
	settle();
	restart();
	struct acme_view view = acme_host_view(host);
	ck_assert(view.wished);
	ck_assert_str_eq(view.issued_by, FAKE_CA);
	ck_assert_int_ge(view.renewal_s, window.from_s);
	ck_assert_int_lt(view.renewal_s, window.until_s);
	ck_assert(!acme_host_is_due(host, window.from_s * 1000 - 1000));
	ck_assert(acme_host_is_due(host, window.until_s * 1000));
	ck_assert_int_gt(acme_host_ask_ms(host, FAKE_CA), clock_wall_ms() + 21000000);
	free(chain);
}
END_TEST

START_TEST(failures_wait_longer)
{
	int64_t expected_s = 60;

	fake_fetch_expect_account();
	for (int i = 0; i < 12; i++) {
		fake_fetch_expect(FAKE_ORDER, (struct fake_reply){.status = 403,
		                                                  .nonce = "n",
		                                                  .body = FAKE_PROBLEM("rejectedIdentifier", "no")});
		acme_host_ask(host);
		ck_assert(is_due());
		order_now();
		turn_until(is_idle);
		turn_until(is_recorded_failure);
		turn_until(all_answered);
		settle();
		struct acme_view view = acme_host_view(host);
		int64_t wait_s = view.next_s - clock_wall_ms() / 1000;
		ck_assert_msg(wait_s >= expected_s - 3 && wait_s <= expected_s + 1, "%d: %lld", i, (long long)wait_s);
		ck_assert_int_eq(view.failures, i + 1);
		expected_s = expected_s * 2 < 21600 ? expected_s * 2 : 21600;
	}
	restart();
	struct acme_view view = acme_host_view(host);
	ck_assert_int_eq(view.failures, 12);
	ck_assert_ptr_nonnull(strstr(view.failure, "the CA says: no (rejectedIdentifier)"));
	ck_assert_ptr_nonnull(strstr(view.remedy, "tls.certificates"));
	ck_assert_int_gt(view.next_s, clock_wall_ms() / 1000 + 21000);
	ck_assert(!is_due());
}
END_TEST

START_TEST(the_ca_says_when)
{
	fake_fetch_expect_account();
	fake_fetch_expect(FAKE_ORDER, (struct fake_reply){.status = 429,
	                                                  .nonce = "n",
	                                                  .retry_after = "90000",
	                                                  .body = FAKE_PROBLEM("rateLimited", "later")});
	order_now();
	turn_until(is_idle);
	int64_t wait_s = acme_host_view(host).next_s - clock_wall_ms() / 1000;
	ck_assert(wait_s > 89900 && wait_s <= 90001);
	ck_assert_uint_eq(outcomes[ACME_FAILED], 1);
}
END_TEST

/* It failed while the clock was thirty years ahead. */
START_TEST(the_clock_was_ahead)
{
	const int64_t now = clock_wall_ms();
	char *text = mem_format("{\"directory\":\"" FAKE_CA "\",\"failures\":1,\"next_ms\":%lld,\"wait_ms\":60000,"
	                        "\"failed_ms\":%lld,\"failure\":\"clock\",\"remedy\":\"set it\"}",
	                        (long long)now + 946080060000, (long long)now + 946080000000);

	put_record(text);
	restart();
	ck_assert(!acme_host_is_due(host, now));
	ck_assert(!acme_host_is_due(host, now + 59000));
	ck_assert_int_le(acme_host_view(host).next_s, now / 1000 + 61);
	ck_assert(acme_host_is_due(host, now + 61000));
	free(text);
}
END_TEST

/* What stands on the disk is no more believed than what a CA says. */
START_TEST(an_order_without_a_url)
{
	EVP_PKEY *key = jws_key_new();
	char directory[] = FAKE_CA, order[] = "/order/1", *text = acme_files_key_line(key);
	char *json = acme_record_text(&(struct acme_record){.directory = directory, .order = order, .key = text});

	put_record(json);
	EVP_PKEY_free(key);
	free(json);
	free(text);
	restart();
	fake_fetch_expect_account();
	fake_fetch_expect(FAKE_ORDER,
	                  (struct fake_reply){.status = 403, .nonce = "n", .body = FAKE_PROBLEM("caa", "no")});
	order_now();
	turn_until(is_idle);
	turn_until(all_answered);
}
END_TEST

START_TEST(another_ca_is_asked_at_once)
{
	fake_fetch_expect_account();
	fake_fetch_expect(FAKE_ORDER,
	                  (struct fake_reply){.status = 403, .nonce = "n", .body = FAKE_PROBLEM("caa", "no")});
	order_now();
	turn_until(is_recorded_failure);
	ck_assert(!is_due());
	take_other_authority();
	settle();
	ck_assert(is_due());
	ck_assert_ptr_null(acme_host_view(host).failure);
}
END_TEST

/* To the end, for nothing that was ordered is thrown away; what becomes of it is no reason to wait for the other. */
START_TEST(an_order_keeps_its_ca)
{
	fake_fetch_expect_account();
	fake_fetch_expect(FAKE_ORDER,
	                  (struct fake_reply){.status = 201, .nonce = "n", .location = MINE, .body = VALID_ORDER});
	fake_fetch_expect(CHAIN, (struct fake_reply){.status = 503, .nonce = "n"});
	order_now();
	take_other_authority();
	ck_assert(acme_host_is_busy(host));
	turn_until(all_answered);
	turn_until(is_idle);
	settle();
	ck_assert_uint_eq(outcomes[ACME_FAILED], 1);
	ck_assert(is_due());
}
END_TEST

START_TEST(a_stopped_order_is_taken_up)
{
	begin();
	turn_until(is_idle);
	acme_host_stop(host);
	settle();
	ck_assert(has_order());
	fake_fetch_expect(MINE, (struct fake_reply){.status = 503, .nonce = "n"});
	acme_host_ask(host);
	order_now();
	turn_until(all_answered);
	turn_until(is_idle);
}
END_TEST

/* An operator wanted it, long before the certificate's time: a restart costs no order. */
START_TEST(one_that_was_asked_for_is_taken_up)
{
	static const char busy[] =
	        "{\"status\":\"processing\",\"authorizations\":[\"https://ca.example/p\"],\"finalize\":\"https://ca.example/f\"}";

	keep(1);
	ck_assert(!is_due());
	fake_fetch_expect_account();
	fake_fetch_expect(FAKE_ORDER, (struct fake_reply){.status = 201, .nonce = "n", .location = MINE, .body = busy});
	acme_host_ask(host);
	order_now();
	turn_until(has_order);
	char *chain = issue(HOST, -3600, 90 * 86400);
	restart();
	ck_assert(is_due());
	fake_fetch_expect_account();
	fake_fetch_expect(MINE, (struct fake_reply){.status = 200, .nonce = "n", .body = VALID_ORDER});
	fake_fetch_expect(CHAIN, (struct fake_reply){.status = 200, .nonce = "n", .body = chain});
	order_now();
	turn_until(is_clean);
	settle();
	ck_assert_uint_eq(outcomes[ACME_ISSUED], 1);
	ck_assert(!is_due());
	free(chain);
}
END_TEST

static void serve_chain(char *chain)
{
	fake_fetch_expect(MINE, (struct fake_reply){.status = 200, .nonce = "n", .body = VALID_ORDER});
	fake_fetch_expect(CHAIN, (struct fake_reply){.status = 200, .nonce = "n", .body = chain});
	acme_host_ask(host);
	order_now();
	turn_until(is_idle);
}

/* What is no good is never shown, and the order is not taken up again. */
START_TEST(bad_chains)
{
	static const struct {
		const char *name;
		long from_s, until_s;
		const char *words;
	} rows[] = {{"other.example.org", -3600, 86400, "is not for this host"},
	            {HOST, -7200, -3600, "not valid now"},
	            {HOST, 7200, 86400, "not valid now"}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		begin();
		turn_until(is_idle);
		char *chain = issue(rows[i].name, rows[i].from_s, rows[i].until_s);
		serve_chain(chain);
		ck_assert_msg(strstr(acme_host_view(host).failure, rows[i].words) != NULL, "%s",
		              acme_host_view(host).failure);
		ck_assert_ptr_null(acme_host_certificate(host));
		/* CAs count what they have issued for a name by the week */
		ck_assert_int_gt(acme_host_view(host).next_s, clock_wall_ms() / 1000 + 86000);
		free(chain);
		restart();
		ck_assert(!has_order());
		acme_host_ask(host);
	}
}
END_TEST

/* The process ended between the certificate and the record: a renewal must not fetch the old one again. */
START_TEST(an_order_that_is_over)
{
	begin();
	turn_until(is_idle);
	settle();
	char *before = slurp(HOST ".json"), *chain = issue(HOST, -3600, 90 * 86400), *path = path_of(HOST ".json");
	serve_chain(chain);
	turn_until(is_clean);
	settle();
	struct acme_record former;
	ck_assert(acme_record_read(before, strlen(before), &former, NULL));
	former.window = (struct acme_window){1000, 2000};
	former.ask_ms = 3000;
	char *text = acme_record_text(&former);
	FILE *to = fopen(path, "w");
	fputs(text, to);
	fclose(to);
	free(text);
	acme_record_clear(&former);
	restart();
	ck_assert_ptr_nonnull(acme_host_certificate(host));
	ck_assert(!acme_host_view(host).wished);
	ck_assert_str_eq(acme_host_view(host).issued_by, acme_authority_name(place.authorities[ACME_FIRST]));
	fake_fetch_expect_account();
	fake_fetch_expect(FAKE_ORDER,
	                  (struct fake_reply){.status = 403, .nonce = "n", .body = FAKE_PROBLEM("caa", "no")});
	acme_host_ask(host);
	order_now();
	turn_until(all_answered);
	turn_until(is_idle);
	free(before);
	free(chain);
	free(path);
}
END_TEST

START_TEST(garbage_for_a_chain)
{
	begin();
	turn_until(is_idle);
	char garbage[] = "<html>";
	serve_chain(garbage);
	ck_assert_ptr_nonnull(strstr(acme_host_view(host).failure, "what the CA issued is no good"));
	ck_assert_ptr_null(acme_host_certificate(host));
}
END_TEST

/* Another's key: it could not be shown. */
START_TEST(chain_of_another_key)
{
	begin();
	turn_until(is_idle);
	settle();
	char *chain = issue(HOST, -3600, 86400);
	struct acme_record read = record();
	EVP_PKEY *other = jws_key_new();
	free(read.key);
	read.key = acme_files_key_line(other);
	char *text = acme_record_text(&read), *path = path_of(HOST ".json");
	FILE *to = fopen(path, "w");
	fputs(text, to);
	fclose(to);
	restart(); /* with the other one */
	fake_fetch_expect_account();
	serve_chain(chain);
	ck_assert_ptr_nonnull(strstr(acme_host_view(host).failure, "is not the key of the first certificate"));
	ck_assert_ptr_null(acme_host_certificate(host));
	EVP_PKEY_free(other);
	acme_record_clear(&read);
	free(text);
	free(path);
	free(chain);
}
END_TEST

/* A disk that takes nothing costs no order. */
START_TEST(nothing_can_be_written)
{
	char *certs = path_of("");

	ck_assert_int_eq(rmdir(certs), 0);
	order_now();
	turn_until(is_idle);
	ck_assert_uint_eq(outcomes[ACME_FAILED], 1);
	ck_assert_ptr_nonnull(strstr(acme_host_view(host).failure, "nothing is ordered, for it could not be kept"));
	ck_assert_ptr_nonnull(strstr(acme_host_view(host).remedy, "make its folder again"));
	free(certs);
}
END_TEST

/* It is shown all the same, and written later. */
START_TEST(the_certificate_cannot_be_written)
{
	begin();
	turn_until(is_idle);
	char *chain = issue(HOST, -3600, 90 * 86400), *json = path_of(HOST ".json"), *certs = path_of("");
	settle();
	unlink(json);
	ck_assert_int_eq(rmdir(certs), 0);
	serve_chain(chain);
	ck_assert_ptr_nonnull(acme_host_certificate(host));
	ck_assert_uint_eq(outcomes[ACME_ISSUED], 1);
	close_place(); /* the folder is made anew */
	open_place();
	ck_assert_ptr_null(acme_host_certificate(host)); /* lost with the process, as was to be expected */
	free(json);
	free(certs);
	free(chain);
}
END_TEST

/* A full disk is not asked each second. */
START_TEST(writing_again_backs_off)
{
	begin();
	turn_until(is_idle);
	char *chain = issue(HOST, -3600, 90 * 86400), *json = path_of(HOST ".json"), *certs = path_of("");
	settle();
	unlink(json);
	ck_assert_int_eq(rmdir(certs), 0);
	uint64_t before = backoff_retries(RETRY_STATE);
	int64_t now = clock_us();
	serve_chain(chain);
	for (int i = 0; i < 600; i++) {
		clock_fake(now + i * INT64_C(1000000));
		acme_host_write_again(host);
		turn();
	}
	ck_assert(!is_due()); /* it is there, if not on the disk */
	uint64_t failures = backoff_retries(RETRY_STATE) - before;
	ck_assert_msg(failures >= 5 && failures <= 9, "%llu", (unsigned long long)failures);
	ck_assert_int_eq(mkdir(certs, 0700), 0);
	clock_fake(now + INT64_C(1300000000));
	acme_host_write_again(host);
	turn_until(is_clean);
	clock_fake(-1);
	restart();
	ck_assert_ptr_nonnull(acme_host_certificate(host));
	free(json);
	free(certs);
	free(chain);
}
END_TEST

START_TEST(a_gone_host_is_still_written)
{
	order_now();
	acme_host_free(host); /* with a write under way */
	host = acme_host_new(&place, HOST);
	turn_until(is_recorded_order);
}
END_TEST

UNIT_MAIN_WITH("acme_host", set_up, tear_down, recorded_before_it_is_made, taken_up_after_a_restart,
               renewed_at_two_thirds, renewed_when_the_ca_says, failures_wait_longer, the_ca_says_when,
               the_clock_was_ahead, an_order_without_a_url, another_ca_is_asked_at_once, an_order_keeps_its_ca,
               a_stopped_order_is_taken_up, one_that_was_asked_for_is_taken_up, bad_chains, an_order_that_is_over,
               garbage_for_a_chain, chain_of_another_key, nothing_can_be_written, the_certificate_cannot_be_written,
               writing_again_backs_off, a_gone_host_is_still_written)
