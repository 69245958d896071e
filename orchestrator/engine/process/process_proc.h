/* process_proc: what /proc says of a process. */
#pragma once

#include "orchestrator/engine/engine.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define PROCESS_ID_KEY "SELFLESS_ID" /* in the environment of each process: the id of its container */

struct process_stat {
	char state; /* 'R', 'S', 'T' (stopped), 'Z' (ended, not yet waited for), ... */
	pid_t session;
	uint64_t start_ticks; /* since the system was booted */
};

bool process_stat(pid_t pid, struct process_stat *stat); /* false: there is no such process */
int64_t process_age_ms(uint64_t start_ticks);

void process_boot(char boot[40]); /* changes with each boot of the system; "" if that cannot be known */

/* The leader of a session whose environment names this id; 0 if there is none. Walks /proc: for start-up alone. */
pid_t process_find(const char *id);

/* The id that its environment names; false: none, or it is not for us to know. */
bool process_id_of(pid_t pid, char id[ENGINE_ID_SIZE]);
