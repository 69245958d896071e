/* acme_choice: two authorities, of which the second can be asked or not. */
#include "orchestrator/certs/acme_choice.h"

#include "common/clock.h"
#include "common/log.h"
#include "orchestrator/base/backoff.h"
#include "orchestrator/certs/acme_authority.h"
#include "orchestrator/certs/acme_due.h"
#include "orchestrator/certs/acme_times.h"

#include <string.h>

#define SECOND_MS INT64_C(1000)

/* --- whose turn it is ------------------------------------------------------------------------------------------ */

/* NULL: there is none. */
static const char *name_of(const struct acme_choice *choice, enum acme_turn turn)
{
	const struct acme_authority *authority = choice->authorities[turn];

	return authority != NULL ? acme_authority_name(authority) : NULL;
}

static bool is_usable(const struct acme_choice *choice, enum acme_turn turn)
{
	const struct acme_authority *authority = choice->authorities[turn];

	return authority != NULL && acme_authority_ca(authority) != NULL;
}

/* A key that is being written is waited for. */
static bool is_out(const struct acme_choice *choice, enum acme_turn turn)
{
	return !is_usable(choice, turn) &&
	       (choice->authorities[turn] == NULL || !acme_authority_is_busy(choice->authorities[turn]));
}

/* Who may be asked once time presses. */
static enum acme_may may_then(const struct acme_choice *choice)
{
	if (!is_usable(choice, ACME_FALLBACK))
		return ACME_MAY_FIRST;
	return is_out(choice, ACME_FIRST) ? ACME_MAY_FALLBACK : ACME_MAY_BOTH;
}

static enum acme_may may_at(const struct acme_choice *choice, int64_t at_ms)
{
	bool presses = acme_due_presses(choice->record, choice->certificate, at_ms / SECOND_MS);

	return presses ? may_then(choice) : ACME_MAY_FIRST;
}

enum acme_turn acme_choice_place(const struct acme_choice *choice, const char *authority)
{
	const char *fallback = name_of(choice, ACME_FALLBACK);

	return fallback != NULL && strcmp(authority, fallback) == 0 ? ACME_FALLBACK : ACME_FIRST;
}

enum acme_turn acme_choice_turn(const struct acme_choice *choice, int64_t at_ms)
{
	const struct acme_record *record = choice->record;

	if (record->order != NULL && record->next_ms == 0) {
		enum acme_turn place = acme_choice_place(choice, record->directory);
		if (is_usable(choice, place))
			return place;
	}
	return acme_turn_at(&record->tries, may_at(choice, at_ms), at_ms / SECOND_MS);
}

int64_t acme_choice_next_ms(const struct acme_choice *choice)
{
	const struct acme_record *record = choice->record;

	if (record->failures == 0)
		return record->next_ms;
	int64_t early_s =
	        acme_turn_early_s(&record->tries, may_then(choice), acme_due_presses_s(record, choice->certificate));
	return early_s < record->next_ms / SECOND_MS ? early_s * SECOND_MS : record->next_ms;
}

/* --- failures -------------------------------------------------------------------------------------------------- */

void acme_choice_begun(const struct acme_choice *choice, enum acme_turn at)
{
	struct acme_record *record = choice->record;
	int64_t now_ms = clock_wall_ms();

	record->tries.waits_for = at;
	acme_record_wait(record, acme_times_wait_ms(record->failures, false, 0, NULL, now_ms), now_ms);
}

static void set_wait(const struct acme_choice *choice, enum acme_turn at, const struct acme_failure *failure)
{
	struct acme_record *record = choice->record;
	int64_t now_ms = clock_wall_ms(), wait_ms;
	enum acme_may may = may_at(choice, now_ms);

	acme_turn_failed(&record->tries, at, failure, now_ms / SECOND_MS);
	wait_ms = acme_due_wait_ms(record, failure->unreached, may, choice->certificate, now_ms);
	record->tries.waits_for = acme_turn_at(&record->tries, may, (now_ms + wait_ms) / SECOND_MS);
	acme_record_wait(record, wait_ms, now_ms);
}

static bool is_known(const struct acme_choice *choice, const char *authority)
{
	for (enum acme_turn turn = ACME_FIRST; turn < ACME_TURNS; turn++)
		if (name_of(choice, turn) != NULL && strcmp(name_of(choice, turn), authority) == 0)
			return true;
	return false;
}

/* What fails at one that is not to be asked any more says nothing of those that are. */
void acme_choice_failed(const struct acme_choice *choice, const char *authority, const struct acme_failure *failure)
{
	const struct certificate *certificate = choice->certificate;
	struct acme_record *record = choice->record;
	int64_t now_ms = clock_wall_ms();
	bool serves = certificate != NULL && certificate_is_valid(certificate, now_ms / SECOND_MS);

	backoff_count(RETRY_ACME);
	if (is_known(choice, authority)) {
		set_wait(choice, acme_choice_place(choice, authority), failure);
		record->failed_ms = now_ms;
		acme_record_set(&record->failure, failure->text);
		acme_record_set(&record->remedy, failure->remedy);
	}
	log_line(serves ? LOG_WARN : LOG_ERROR,
	         "event=certificate-failed host=%s directory=%s error=%s remedy=%s failures=%lld next_try_s=%lld",
	         choice->host, log_quote(authority), log_quote(failure->text), log_quote(failure->remedy),
	         (long long)record->failures, (long long)(record->wait_ms / SECOND_MS));
}

/* --- other authorities ----------------------------------------------------------------------------------------- */

/* It is no longer the former fallback that is waited for: the first one may have wished for more. */
static void wait_for_first(const struct acme_choice *choice)
{
	struct acme_record *record = choice->record;
	int64_t now_ms = clock_wall_ms(), not_before_s = record->tries.not_before_s[ACME_FIRST];
	int64_t wait_ms = acme_times_wait_ms(record->failures, true, not_before_s, choice->certificate, now_ms);

	if (not_before_s * SECOND_MS > now_ms && now_ms + wait_ms > record->next_ms)
		acme_record_wait(record, wait_ms, now_ms);
}

void acme_choice_meet(const struct acme_choice *choice)
{
	if (choice->authorities[ACME_FIRST] != NULL &&
	    acme_record_meet(choice->record, name_of(choice, ACME_FIRST), name_of(choice, ACME_FALLBACK)))
		wait_for_first(choice);
}
