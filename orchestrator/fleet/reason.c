/* reason: the texts of reason.h's one list. */
#include "orchestrator/fleet/reason.h"

#include <assert.h>

static const char *const reason_texts[REASON_COUNT] = {
#define X(name, text) [REASON_##name] = text,
        REASONS(X)
#undef X
};

const char *reason_text(enum reason reason)
{
	assert((unsigned)reason < REASON_COUNT);
	return reason_texts[reason];
}
