/* process_asker: who has called a verb of the process engine, and is to be answered in the loop's next turn. */
#pragma once

#include "orchestrator/engine/process/process.h"

struct process_asker {
	struct process_engine *engine;
	const char *id; /* of whom it is about; "" = nobody */
	engine_done *done;
	void *arg;
};

/* In a verb, from its parameters engine, id, done and arg. */
#define PROCESS_ASKER ((struct process_asker){(struct process_engine *)engine, id, done, arg})

void process_answer(const struct process_asker *asker, enum engine_fault fault, const char *message);

/* NULL: there is no such container, and that is answered. */
struct process *process_asked(const struct process_asker *asker);
