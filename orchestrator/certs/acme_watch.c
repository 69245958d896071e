/* acme_watch: a question, its host, and how long its CA has not answered. */
#include "orchestrator/certs/acme_watch.h"

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "orchestrator/base/backoff.h"
#include "orchestrator/certs/acme_host.h"
#include "orchestrator/certs/acme_inquiry.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define US_PER_S INT64_C(1000000)

static const struct backoff_pace pace = {.first_us = 60 * US_PER_S, .most_us = 21600 * US_PER_S};

struct acme_watch {
	char *authority;
	struct acme_inquiry *inquiry;
	struct acme_host *host; /* that is asked for; NULL: none */
	char *name;             /* of its certificate */
	struct backoff silence; /* the CA's: nobody is asked for until it is due */
	bool told;              /* that no window came; until one does */
};

/* A CA that answers, and has none (RFC 9773 section 4.3.3), is asked as after any answer; one that does not, with back-off. */
static void hear_nothing(struct acme_watch *watch, const struct acme_inquiry_answer *answer)
{
	int64_t again_s = acme_renewal_again_s(-1);

	if (answer->refused)
		backoff_reset(&watch->silence);
	else
		again_s = backoff_fail_at(&watch->silence, pace, RETRY_ACME) / US_PER_S;
	if (answer->retry_after_s > again_s)
		again_s = acme_renewal_again_s(answer->retry_after_s);
	if (answer->why[0] != '\0') {
		log_line(watch->told ? LOG_INFO : LOG_WARN,
		         "event=renewal-not-said host=%s error=%s next_try_s=%" PRId64 " consequence=%s",
		         acme_host_name(watch->host), log_quote(answer->why), again_s,
		         log_quote("it is renewed as far as is known"));
		watch->told = true;
	}
	acme_host_set_window(watch->host, NULL, again_s);
}

/* It may have been renewed meanwhile. */
static bool is_still_there(const struct acme_watch *watch)
{
	char *name = acme_renewal_name(acme_host_certificate(watch->host));
	bool same = name != NULL && watch->name != NULL && strcmp(name, watch->name) == 0;

	free(name);
	return same;
}

static void forget(struct acme_watch *watch)
{
	watch->host = NULL;
	free(watch->name);
	watch->name = NULL;
}

static void on_answer(const struct acme_inquiry_answer *answer, void *arg)
{
	struct acme_watch *watch = arg;

	if (watch->name != NULL && !is_still_there(watch)) {
		forget(watch);
		return;
	}
	if (answer->window != NULL) {
		backoff_reset(&watch->silence);
		watch->told = false;
		acme_host_set_window(watch->host, answer->window, acme_renewal_again_s(answer->retry_after_s));
	} else {
		hear_nothing(watch, answer);
	}
	forget(watch);
}

static void ask(struct acme_watch *watch, struct acme_host *host)
{
	watch->host = host;
	watch->name = acme_renewal_name(acme_host_certificate(host));
	if (watch->name != NULL)
		acme_inquiry_ask(watch->inquiry, watch->name, on_answer, watch);
	else
		on_answer(&(struct acme_inquiry_answer){.why = "", .refused = true, .retry_after_s = -1}, watch);
}

void acme_watch_look(struct acme_watch *watch, struct acme_host *const *hosts, size_t count)
{
	int64_t now_ms = clock_wall_ms();

	if (watch == NULL || !backoff_due(&watch->silence))
		return;
	for (size_t i = 0; i < count && watch->host == NULL; i++)
		if (acme_host_ask_ms(hosts[i], watch->authority) <= now_ms)
			ask(watch, hosts[i]);
}

void acme_watch_forget(struct acme_watch *watch)
{
	if (watch == NULL)
		return;
	acme_inquiry_cancel(watch->inquiry);
	forget(watch);
}

struct acme_watch *acme_watch_new(struct fetch *fetch, const char *authority, const char *directory,
                                  const char *ca_file)
{
	struct acme_watch *watch = mem_zero(sizeof(*watch));

	watch->authority = mem_dup(authority);
	watch->inquiry = acme_inquiry_new(fetch, directory, ca_file);
	return watch;
}

void acme_watch_free(struct acme_watch *watch)
{
	if (watch == NULL)
		return;
	acme_inquiry_free(watch->inquiry);
	free(watch->authority);
	free(watch->name);
	free(watch);
}
