/* acme_due: a wish is kept until there is another certificate. */
#include "orchestrator/certs/acme_due.h"

#include "orchestrator/certs/acme_times.h"

#include <string.h>

#define SECOND_MS INT64_C(1000)

bool acme_due_is_from(const struct acme_record *record, const struct certificate *certificate, const char *authority)
{
	return certificate != NULL && record->issued_by != NULL && strcmp(record->issued_by, authority) == 0;
}

int64_t acme_due_renewal_s(const struct acme_record *record, const struct certificate *certificate)
{
	if (certificate == NULL)
		return 0;
	if (record->window.until_s > 0)
		return acme_renewal_moment(&record->window, certificate);
	return acme_times_renewal_s(certificate);
}

void acme_due_rest(struct acme_record *record, const struct certificate *certificate, int64_t now_ms)
{
	int64_t wait = acme_times_rest_ms(certificate, acme_due_renewal_s(record, certificate), now_ms);

	if (wait > 0)
		acme_record_wait(record, wait, now_ms);
}

int64_t acme_due_presses_s(const struct acme_record *record, const struct certificate *certificate)
{
	if (certificate == NULL)
		return 0;
	int64_t soon_s = certificate_soon_s(certificate), renewal_s = acme_due_renewal_s(record, certificate);
	int64_t from_s = renewal_s < soon_s ? renewal_s + (soon_s - renewal_s) / 2 : soon_s;
	return record->window.until_s > 0 && record->window.until_s < from_s ? record->window.until_s : from_s;
}

bool acme_due_presses(const struct acme_record *record, const struct certificate *certificate, int64_t now_s)
{
	return certificate == NULL || !certificate_is_valid(certificate, now_s) ||
	       now_s >= acme_due_presses_s(record, certificate);
}

int64_t acme_due_wait_ms(const struct acme_record *record, bool unreached, enum acme_may may,
                         const struct certificate *certificate, int64_t now_ms)
{
	int64_t least = acme_times_wait_ms(record->failures, unreached, 0, certificate, now_ms);
	enum acme_turn next = acme_turn_at(&record->tries, may, (now_ms + least) / SECOND_MS);

	return acme_times_wait_ms(record->failures, unreached, record->tries.not_before_s[next], certificate, now_ms);
}

int64_t acme_due_ask_ms(const struct acme_record *record, const struct certificate *certificate, const char *authority,
                        int64_t now_ms)
{
	int64_t latest = now_ms + acme_renewal_again_s(INT64_MAX) * SECOND_MS;

	if (!acme_due_is_from(record, certificate, authority) || !certificate_is_valid(certificate, now_ms / SECOND_MS))
		return INT64_MAX;
	return record->ask_ms <= latest ? record->ask_ms : 0; /* else the clock was ahead */
}
