/* engine: what the faults of engine.h are called, and mean. */
#include "orchestrator/engine/engine.h"

#include <assert.h>

const char *engine_fault_text(enum engine_fault fault)
{
	static const char *const words[ENGINE_FAULTS] = {
	        [ENGINE_OK] = "ok",
	        [ENGINE_NOT_FOUND] = "not-found",
	        [ENGINE_NAME_TAKEN] = "name-taken",
	        [ENGINE_PORT_TAKEN] = "port-taken",
	        [ENGINE_PORT_LOST] = "port-lost",
	        [ENGINE_NO_IMAGE] = "no-image",
	        [ENGINE_NO_NETWORK] = "no-network",
	        [ENGINE_NO_VOLUME] = "no-volume",
	        [ENGINE_NO_SPACE] = "no-space",
	        [ENGINE_REFUSED] = "refused",
	        [ENGINE_UNREACHABLE] = "unreachable",
	        [ENGINE_TIMEOUT] = "timeout",
	};

	assert(fault >= ENGINE_OK && fault < ENGINE_FAULTS);
	return words[fault];
}

bool engine_in_doubt(enum engine_fault fault)
{
	return fault == ENGINE_UNREACHABLE || fault == ENGINE_TIMEOUT;
}
