/* probe_outcome: the table of the header, row by row. */
#include "orchestrator/fleet/probe_outcome.h"

#include <assert.h>
#include <string.h>

static const struct {
	const char *text;
	enum probe_kind kind;
	enum reason reason;
	const char *hint;
} rows[PROBE_OUTCOMES_COUNT] = {
#define X(name, text, kind, reason, hint) [PROBE_##name] = {text, PROBE_##kind, REASON_##reason, hint},
        PROBE_OUTCOMES(X)
#undef X
};

enum probe_outcome probe_outcome_of(enum net_fault fault)
{
	static const enum probe_outcome outcomes[] = {
	        [NET_FAULT_REFUSED] = PROBE_REFUSED,
	        [NET_FAULT_RESET] = PROBE_RESET,
	        [NET_FAULT_TIMEOUT] = PROBE_TIMEOUT,
	        [NET_FAULT_OURS] = PROBE_UNABLE,
	};

	assert((unsigned)fault < sizeof(outcomes) / sizeof(outcomes[0]));
	return outcomes[fault];
}

const char *probe_outcome_text(enum probe_outcome outcome)
{
	assert((unsigned)outcome < PROBE_OUTCOMES_COUNT);
	return rows[outcome].text;
}

enum probe_kind probe_outcome_kind(enum probe_outcome outcome)
{
	assert((unsigned)outcome < PROBE_OUTCOMES_COUNT);
	return rows[outcome].kind;
}

enum reason probe_outcome_reason(enum probe_outcome outcome)
{
	assert((unsigned)outcome < PROBE_OUTCOMES_COUNT);
	return rows[outcome].reason;
}

const char *probe_outcome_hint(enum probe_outcome outcome, bool by_socket)
{
	assert((unsigned)outcome < PROBE_OUTCOMES_COUNT);
	if (by_socket && strcmp(rows[outcome].hint, PROBE_HINT_ADDRESS) == 0)
		return PROBE_HINT_SOCKET;
	return rows[outcome].hint;
}
