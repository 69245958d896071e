/* acme_inquiry: directory, if its address is not known -> GET renewalInfo/NAME -> answered. */
#include "orchestrator/certs/acme_inquiry.h"

#include "common/mem.h"
#include "orchestrator/base/fetch.h"
#include "orchestrator/certs/acme_dates.h"
#include "orchestrator/certs/acme_reply.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPLY_MS 30000
#define WHY_SIZE 300

static const char *const fields[FETCH_FIELDS + 1] = {"Retry-After", NULL};

struct acme_inquiry {
	struct fetch *fetch;
	char *directory, *ca_file;
	char *address; /* of renewalInfo; NULL: not known */
	struct fetch_request *request;
	char *name; /* that is asked for */
	acme_inquiry_answered *answered;
	void *arg;
};

/* --- answers --------------------------------------------------------------------------------------------------- */

static void tell(struct acme_inquiry *inquiry, const struct acme_inquiry_answer *answer)
{
	free(inquiry->name);
	inquiry->name = NULL;
	inquiry->answered(answer, inquiry->arg);
}

static void fail(struct acme_inquiry *inquiry, const struct fetch_reply *reply, const char *problem)
{
	char why[WHY_SIZE];

	if (reply->trouble != FETCH_GOOD)
		snprintf(why, sizeof(why), "the CA does not answer: %s", reply->why);
	else if (problem != NULL)
		snprintf(why, sizeof(why), "what the CA answered is not understood: %s", problem);
	else
		snprintf(why, sizeof(why), "the CA answered with status %d", reply->status);
	const struct acme_inquiry_answer answer = {.why = why,
	                                           .refused = reply->trouble == FETCH_GOOD &&
	                                                      (problem != NULL || reply->status < 500),
	                                           .retry_after_s = acme_dates_retry_after_s(reply->fields[0])};
	free(inquiry->address); /* it may have moved */
	inquiry->address = NULL;
	tell(inquiry, &answer);
}

static bool is_good(const struct fetch_reply *reply)
{
	return reply->trouble == FETCH_GOOD && reply->status >= 200 && reply->status <= 299;
}

static void on_window(const struct fetch_reply *reply, void *arg)
{
	struct acme_inquiry *inquiry = arg;
	struct acme_window window;
	struct err err;

	inquiry->request = NULL;
	if (!is_good(reply)) {
		fail(inquiry, reply, NULL);
	} else if (!acme_renewal_read(reply->body, reply->len, &window, &err)) {
		fail(inquiry, reply, err.message);
	} else {
		const struct acme_inquiry_answer answer = {
		        .window = &window, .why = "", .retry_after_s = acme_dates_retry_after_s(reply->fields[0])};
		tell(inquiry, &answer);
	}
}

/* --- questions ------------------------------------------------------------------------------------------------- */

static void get(struct acme_inquiry *inquiry, const char *url, fetch_replied *replied)
{
	const struct fetch_ask ask = {
	        .url = url, .ca_file = inquiry->ca_file, .fields = fields, .timeout_ms = REPLY_MS};

	inquiry->request = fetch_send(inquiry->fetch, &ask, replied, inquiry);
}

static void get_window(struct acme_inquiry *inquiry)
{
	size_t len = strlen(inquiry->address);
	const char *slash = inquiry->address[len - 1] == '/' ? "" : "/";
	char *url = mem_format("%s%s%s", inquiry->address, slash, inquiry->name);

	get(inquiry, url, on_window);
	free(url);
}

static void on_directory(const struct fetch_reply *reply, void *arg)
{
	static const struct acme_inquiry_answer none = {.why = "", .refused = true, .retry_after_s = -1};
	struct acme_inquiry *inquiry = arg;
	struct acme_directory directory;
	struct err err;

	inquiry->request = NULL;
	if (!is_good(reply)) {
		fail(inquiry, reply, NULL);
		return;
	}
	if (!acme_reply_directory(reply->body, reply->len, &directory, &err)) {
		fail(inquiry, reply, err.message);
		return;
	}
	inquiry->address = mem_dup(directory.renewal_info);
	acme_reply_directory_clear(&directory);
	if (inquiry->address != NULL)
		get_window(inquiry);
	else
		tell(inquiry, &none);
}

void acme_inquiry_ask(struct acme_inquiry *inquiry, const char *name, acme_inquiry_answered *answered, void *arg)
{
	inquiry->name = mem_dup(name);
	inquiry->answered = answered;
	inquiry->arg = arg;
	if (inquiry->address != NULL)
		get_window(inquiry);
	else
		get(inquiry, inquiry->directory, on_directory);
}

void acme_inquiry_cancel(struct acme_inquiry *inquiry)
{
	if (inquiry->request != NULL)
		fetch_cancel(inquiry->request);
	inquiry->request = NULL;
	free(inquiry->name);
	inquiry->name = NULL;
}

/* --- life ------------------------------------------------------------------------------------------------------ */

struct acme_inquiry *acme_inquiry_new(struct fetch *fetch, const char *directory, const char *ca_file)
{
	struct acme_inquiry *inquiry = mem_zero(sizeof(*inquiry));

	inquiry->fetch = fetch;
	inquiry->directory = mem_dup(directory);
	inquiry->ca_file = mem_dup(ca_file);
	return inquiry;
}

void acme_inquiry_free(struct acme_inquiry *inquiry)
{
	if (inquiry == NULL)
		return;
	acme_inquiry_cancel(inquiry);
	free(inquiry->address);
	free(inquiry->directory);
	free(inquiry->ca_file);
	free(inquiry);
}
