/* A question about one certificate, as it is asked and as it may be answered. */
#include "orchestrator/certs/acme_inquiry.h"
#include "tests/unit/orchestrator/certs/fake_fetch.h"
#include "tests/unit/unit.h"

#include <event2/event.h>
#include <stdio.h>
#include <string.h>

#define ADDRESS FAKE_RENEWAL "/id.no"
#define GOOD "{\"suggestedWindow\":{\"start\":\"2025-01-02T04:00:00Z\",\"end\":\"2025-01-03T04:00:00Z\"}}"
#define BARE "{\"newNonce\":\"" FAKE_NONCE "\",\"newAccount\":\"" FAKE_ACCOUNT "\",\"newOrder\":\"" FAKE_ORDER "\"}"

static struct event_base *base;
static struct acme_inquiry *inquiry;
static int answered;
static struct acme_window window;
static struct acme_inquiry_answer last;
static char why[300];

static void set_up(void)
{
	base = event_base_new();
	inquiry = acme_inquiry_new(fake_fetch_open(base), FAKE_CA, "");
	answered = 0;
}

static void tear_down(void)
{
	acme_inquiry_free(inquiry);
	fake_fetch_close();
	event_base_free(base);
}

static void on_answer(const struct acme_inquiry_answer *answer, void *arg)
{
	(void)arg;
	answered++;
	last = *answer;
	window = answer->window != NULL ? *answer->window : (struct acme_window){0};
	snprintf(why, sizeof(why), "%s", answer->why);
}

static void ask(void)
{
	int before = answered;

	acme_inquiry_ask(inquiry, "id.no", on_answer, NULL);
	ck_assert_int_eq(answered, before);
	fake_fetch_run();
	ck_assert_int_eq(answered, before + 1);
}

static void expect_directory(const char *text)
{
	fake_fetch_expect(FAKE_CA, (struct fake_reply){.status = 200, .body = text});
}

/* The directory is read once. */
START_TEST(asked)
{
	expect_directory(FAKE_DIRECTORY);
	fake_fetch_expect(ADDRESS, (struct fake_reply){.status = 200, .body = GOOD, .retry_after = "21600"});
	ask();
	ck_assert_int_eq(window.from_s, 1735790400);
	ck_assert_int_eq(last.retry_after_s, 21600);
	ck_assert_str_eq(fake_fetch_head(), ""); /* nothing is signed */
	fake_fetch_expect(ADDRESS, (struct fake_reply){.status = 200, .body = GOOD});
	ask();
	ck_assert_int_eq(last.retry_after_s, -1);
}
END_TEST

START_TEST(the_ca_has_none)
{
	expect_directory(BARE);
	ask();
	ck_assert(last.window == NULL && last.refused);
	ck_assert_str_eq(why, "");
	expect_directory(FAKE_DIRECTORY); /* until it has */
	fake_fetch_expect(ADDRESS, (struct fake_reply){.status = 200, .body = GOOD});
	ask();
	ck_assert_int_eq(window.until_s, 1735876800);
}
END_TEST

START_TEST(troubles)
{
	static const struct {
		struct fake_reply reply;
		bool refused;
		const char *words;
	} rows[] = {
	        {{.trouble = FETCH_NO_CONNECT}, false, "does not answer: it is away"},
	        {{.status = 503, .retry_after = "120"}, false, "status 503"},
	        {{.status = 404}, true, "status 404"},
	        {{.status = 200, .body = "<html>"}, true, "not understood"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		expect_directory(FAKE_DIRECTORY); /* anew, after a failure */
		fake_fetch_expect(ADDRESS, rows[i].reply);
		ask();
		ck_assert(last.window == NULL);
		ck_assert_int_eq(last.refused, rows[i].refused);
		ck_assert_msg(strstr(why, rows[i].words) != NULL, "%s", why);
		ck_assert_int_eq(last.retry_after_s, i == 1 ? 120 : -1);
	}
	fake_fetch_expect(FAKE_CA, (struct fake_reply){.trouble = FETCH_LATE});
	ask();
	ck_assert(last.window == NULL && !last.refused);
}
END_TEST

START_TEST(given_up)
{
	expect_directory(FAKE_DIRECTORY);
	acme_inquiry_ask(inquiry, "id.no", on_answer, NULL);
	acme_inquiry_cancel(inquiry);
	acme_inquiry_cancel(inquiry);
	ck_assert_int_eq(answered, 0);
}
END_TEST

UNIT_MAIN_WITH("acme_inquiry", set_up, tear_down, asked, the_ca_has_none, troubles, given_up)
