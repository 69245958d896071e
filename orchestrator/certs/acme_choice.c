/* acme_choice: two authorities, of which the second can be asked or not. */
#include "orchestrator/certs/acme_choice.h"

#include "common/clock.h"
#include "common/log.h"
#include "orchestrator/base/backoff.h"
#include "orchestrator/certs/acme_authority.h"
#include "orchestrator/certs/acme_due.h"

#include <string.h>

#define SECOND_MS INT64_C(1000)

/* --- whose turn it is ------------------------------------------------------------------------------------------ */

/* NULL: there is none. */
static const char *name_of(const struct acme_choice *choice, enum acme_turn turn)
{
	const struct acme_authority *authority = choice->authorities[turn];

	return authority != NULL ? acme_authority_name(authority) : NULL;
}

static bool has_fallback(const struct acme_choice *choice)
{
	const struct acme_authority *fallback = choice->authorities[ACME_FALLBACK];

	return fallback != NULL && acme_authority_ca(fallback) != NULL;
}

static bool presses(const struct acme_choice *choice, int64_t now_ms)
{
	return has_fallback(choice) && acme_due_presses(choice->record, choice->certificate, now_ms / SECOND_MS);
}

enum acme_turn acme_choice_place(const struct acme_choice *choice, const char *authority)
{
	const char *fallback = name_of(choice, ACME_FALLBACK);

	return fallback != NULL && strcmp(authority, fallback) == 0 ? ACME_FALLBACK : ACME_FIRST;
}

enum acme_turn acme_choice_turn(const struct acme_choice *choice)
{
	const struct acme_record *record = choice->record;
	int64_t now_ms = clock_wall_ms();

	if (record->order == NULL)
		return acme_turn_at(&record->tries, presses(choice, now_ms), now_ms / SECOND_MS);
	return has_fallback(choice) ? acme_choice_place(choice, record->directory) : ACME_FIRST;
}

/* --- failures -------------------------------------------------------------------------------------------------- */

static void set_wait(const struct acme_choice *choice, enum acme_turn at, const struct acme_failure *failure)
{
	struct acme_record *record = choice->record;
	int64_t now_ms = clock_wall_ms(), wait_ms;

	acme_turn_failed(&record->tries, at, failure, now_ms / SECOND_MS);
	bool press = presses(choice, now_ms);
	wait_ms = acme_due_wait_ms(record, failure->unreached, press, choice->certificate, now_ms);
	if (acme_turn_at(&record->tries, press, (now_ms + wait_ms) / SECOND_MS) != at)
		acme_record_forget_order(record);
	acme_record_wait(record, wait_ms, now_ms);
}

void acme_choice_failed(const struct acme_choice *choice, const char *authority, const struct acme_failure *failure)
{
	const struct certificate *certificate = choice->certificate;
	struct acme_record *record = choice->record;
	int64_t now_ms = clock_wall_ms();
	bool serves = certificate != NULL && certificate_is_valid(certificate, now_ms / SECOND_MS);

	set_wait(choice, acme_choice_place(choice, authority), failure);
	backoff_count(RETRY_ACME);
	record->failed_ms = now_ms;
	acme_record_set(&record->failure, failure->text);
	acme_record_set(&record->remedy, failure->remedy);
	log_line(serves ? LOG_WARN : LOG_ERROR,
	         "event=certificate-failed host=%s directory=%s error=%s remedy=%s failures=%lld next_try_s=%lld",
	         choice->host, log_quote(authority), log_quote(failure->text), log_quote(failure->remedy),
	         (long long)record->failures, (long long)(record->wait_ms / SECOND_MS));
}

/* --- other authorities ----------------------------------------------------------------------------------------- */

void acme_choice_meet(const struct acme_choice *choice)
{
	if (choice->authorities[ACME_FIRST] != NULL)
		acme_record_meet(choice->record, name_of(choice, ACME_FIRST), name_of(choice, ACME_FALLBACK));
}
