/* acme_turn: a count, and who may be asked earlier. */
#include "orchestrator/certs/acme_turn.h"

#define REFUSED_ENOUGH 3
#define LONG_S 3600

void acme_turn_failed(struct acme_tries *tries, enum acme_turn at, const struct acme_failure *failure, int64_t now_s)
{
	bool waits_long = failure->not_before_s - now_s >= LONG_S;

	tries->last = at;
	tries->not_before_s[at] = failure->not_before_s;
	if (at == ACME_FALLBACK)
		return;
	tries->refused = failure->ours ? 0 : tries->refused + 1;
	if (waits_long && tries->refused < REFUSED_ENOUGH)
		tries->refused = REFUSED_ENOUGH;
}

static int64_t free_s(const struct acme_tries *tries, enum acme_turn turn, int64_t at_s)
{
	return tries->not_before_s[turn] > at_s ? tries->not_before_s[turn] : at_s;
}

enum acme_turn acme_turn_at(const struct acme_tries *tries, enum acme_may may, int64_t at_s)
{
	enum acme_turn other = tries->last == ACME_FIRST ? ACME_FALLBACK : ACME_FIRST;

	if (may == ACME_MAY_FALLBACK)
		return ACME_FALLBACK;
	if (may == ACME_MAY_FIRST || tries->refused < REFUSED_ENOUGH)
		return ACME_FIRST;
	return free_s(tries, other, at_s) <= free_s(tries, tries->last, at_s) ? other : tries->last;
}

int64_t acme_turn_early_s(const struct acme_tries *tries, enum acme_may may, int64_t presses_s)
{
	int64_t at_s = free_s(tries, ACME_FALLBACK, presses_s);
	bool first = tries->last == ACME_FIRST && tries->waits_for == ACME_FIRST;

	return first && acme_turn_at(tries, may, at_s) == ACME_FALLBACK ? at_s : INT64_MAX;
}

bool acme_turn_forget_fallback(struct acme_tries *tries)
{
	bool waited = tries->waits_for == ACME_FALLBACK;

	tries->last = tries->waits_for = ACME_FIRST;
	tries->not_before_s[ACME_FALLBACK] = 0;
	return waited;
}
