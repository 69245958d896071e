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

static const struct {
	enum engine_fault fault;
	enum reason reason;
} fault_reasons[] = {
        {ENGINE_NAME_TAKEN, REASON_NAME_TAKEN}, {ENGINE_PORT_TAKEN, REASON_PORT_TAKEN},
        {ENGINE_PORT_LOST, REASON_PORT_TAKEN},  {ENGINE_NO_IMAGE, REASON_NO_IMAGE},
        {ENGINE_NO_NETWORK, REASON_NO_NETWORK}, {ENGINE_NO_VOLUME, REASON_NO_VOLUME},
        {ENGINE_NO_SPACE, REASON_NO_SPACE},     {ENGINE_UNREACHABLE, REASON_ENGINE_DOWN},
        {ENGINE_TIMEOUT, REASON_ENGINE_DOWN},
};

enum reason reason_of(enum engine_fault fault, enum reason otherwise)
{
	for (size_t i = 0; i < sizeof(fault_reasons) / sizeof(fault_reasons[0]); i++)
		if (fault_reasons[i].fault == fault)
			return fault_reasons[i].reason;
	return otherwise;
}
