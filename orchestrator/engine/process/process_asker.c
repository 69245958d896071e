/* process_asker: see the header. */
#include "orchestrator/engine/process/process_asker.h"

void process_answer(const struct process_asker *asker, enum engine_fault fault, const char *message)
{
	struct engine_result result = {.fault = fault, .message = message, .id = asker->id};

	process_news_answer(asker->engine->news, &result, asker->done, asker->arg);
}

struct process *process_asked(const struct process_asker *asker)
{
	struct process *process = process_by_id(asker->engine, asker->id);

	if (process == NULL)
		process_answer(asker, ENGINE_NOT_FOUND, "no such process");
	return process;
}
