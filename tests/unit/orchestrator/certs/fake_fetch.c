/* fake_fetch: replies come from the loop, as real ones do, and whatever was not expected ends the test. */
#include "tests/unit/orchestrator/certs/fake_fetch.h"

#include "common/json.h"
#include "common/mem.h"
#include "orchestrator/certs/jws.h"

#include <check.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#define EXPECTED_MAX 128

struct fetch_request {
	struct fake_reply reply;
	const char *const *fields;
	fetch_replied *replied;
	void *arg;
	struct event *event;
};

static struct {
	struct event_base *base;
	struct {
		const char *url;
		struct fake_reply reply;
	} expected[EXPECTED_MAX];
	size_t count, asked, answered;
	char *head, *payload;
} ca;

struct fetch *fake_fetch_open(struct event_base *base)
{
	memset(&ca, 0, sizeof(ca));
	ca.base = base;
	ca.head = mem_dup("");
	ca.payload = mem_dup("");
	return (struct fetch *)&ca;
}

void fake_fetch_close(void)
{
	free(ca.head);
	free(ca.payload);
}

void fake_fetch_expect(const char *url, struct fake_reply reply)
{
	ck_assert_uint_lt(ca.count, EXPECTED_MAX);
	ca.expected[ca.count].url = url;
	ca.expected[ca.count++].reply = reply;
}

void fake_fetch_expect_account(void)
{
	fake_fetch_expect(FAKE_CA, (struct fake_reply){.status = 200, .body = FAKE_DIRECTORY});
	fake_fetch_expect(FAKE_NONCE, (struct fake_reply){.status = 200, .nonce = "n0"});
	fake_fetch_expect(
	        FAKE_ACCOUNT,
	        (struct fake_reply){.status = 201, .nonce = "n1", .location = "https://ca.example/me", .body = "{}"});
}

size_t fake_fetch_left(void)
{
	return ca.count - ca.answered;
}

void fake_fetch_run(void)
{
	for (int i = 0; i < 10000 && ca.answered < ca.count; i++)
		event_base_loop(ca.base, EVLOOP_ONCE);
	ck_assert_uint_eq(ca.answered, ca.count);
}

const char *fake_fetch_head(void)
{
	return ca.head;
}

const char *fake_fetch_payload(void)
{
	return ca.payload;
}

static char *decode(const struct json_value *value)
{
	char *text = json_dup_text(value), *plain;
	unsigned char *bytes;
	size_t len;

	ck_assert(text != NULL && jws_base64url_read(text, &bytes, &len));
	plain = mem_dup_n((char *)bytes, len);
	free(bytes);
	free(text);
	return plain;
}

static void note(const struct fetch_ask *ask)
{
	struct json_doc *doc;
	struct err err;

	free(ca.head);
	free(ca.payload);
	ca.head = ca.payload = NULL;
	if (ask->body == NULL) {
		ca.head = mem_dup("");
		ca.payload = mem_dup("");
		return;
	}
	ck_assert_str_eq(ask->type, "application/jose+json");
	ck_assert_msg(json_parse(ask->body, strlen(ask->body), NULL, &doc, &err), "%s", err.message);
	ca.head = decode(json_get(json_root(doc), "protected"));
	ca.payload = decode(json_get(json_root(doc), "payload"));
	json_free(doc);
}

static const char *field_of(const struct fake_reply *reply, const char *name)
{
	if (strcmp(name, "Replay-Nonce") == 0)
		return reply->nonce;
	if (strcmp(name, "Location") == 0)
		return reply->location;
	if (strcmp(name, "Retry-After") == 0)
		return reply->retry_after;
	return strcmp(name, "Date") == 0 ? reply->date : NULL;
}

static void on_reply(evutil_socket_t fd, short what, void *arg)
{
	struct fetch_request *request = arg;
	const struct fake_reply *reply = &request->reply;
	const char *body = reply->body != NULL ? reply->body : "";
	struct fetch_reply told = {.trouble = reply->trouble,
	                           .why = reply->trouble != FETCH_GOOD ? "it is away" : "",
	                           .status = reply->status,
	                           .body = body,
	                           .len = strlen(body)};

	(void)fd;
	(void)what;
	for (size_t i = 0; request->fields[i] != NULL; i++)
		told.fields[i] = field_of(reply, request->fields[i]);
	ca.answered++;
	request->replied(&told, request->arg);
	fetch_cancel(request);
}

struct fetch_request *fetch_send(struct fetch *fetch, const struct fetch_ask *ask, fetch_replied *replied, void *arg)
{
	struct fetch_request *request = mem_zero(sizeof(*request));

	ck_assert_ptr_eq(fetch, &ca);
	ck_assert_msg(ca.asked < ca.count, "nothing more was expected, but %s", ask->url);
	ck_assert_str_eq(ask->url, ca.expected[ca.asked].url);
	ck_assert_str_eq(ask->ca_file, "");
	note(ask);
	request->reply = ca.expected[ca.asked++].reply;
	request->fields = ask->fields;
	request->replied = replied;
	request->arg = arg;
	request->event = evtimer_new(ca.base, on_reply, request);
	evtimer_add(request->event, &(struct timeval){0});
	return request;
}

void fetch_cancel(struct fetch_request *request)
{
	event_free(request->event);
	free(request);
}

struct fetch *fetch_new(struct event_base *base)
{
	return fake_fetch_open(base);
}

void fetch_free(struct fetch *fetch)
{
	(void)fetch;
}
