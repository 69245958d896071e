/* reason: the rows of reason.h's one list. */
#include "orchestrator/fleet/reason.h"

#include <assert.h>

static const struct {
	const char *text;
	enum reason_source source;
} rows[REASON_COUNT] = {
#define X(name, text, by) [REASON_##name] = {text, REASON_BY_##by},
        REASONS(X)
#undef X
};

const char *reason_text(enum reason reason)
{
	assert((unsigned)reason < REASON_COUNT);
	return rows[reason].text;
}

enum reason_source reason_source(enum reason reason)
{
	assert((unsigned)reason < REASON_COUNT);
	return rows[reason].source;
}
