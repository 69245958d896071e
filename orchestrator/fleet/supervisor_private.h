/* supervisor_private: what the files of the supervisor share. Outside of them, supervisor.h is all there is. */
#pragma once

#include "orchestrator/fleet/supervisor.h"
#include "orchestrator/fleet/supervisor_parts.h"

struct supervisor {
	struct supervisor_parts parts;
	struct supervisor_observer observer;
	const struct identity *identity;
	bool started;     /* the first list came */
	bool taking_over; /* it leads, and the list by which it begins is not here yet */
	bool reloaded;    /* our file was said to hold, and nobody has seen yet that all is made from it */
	unsigned waits;   /* the number of the revision that a reload or a roll is to say holds; 0: none */
	bool stopping, removing;
	bool stopped_all; /* that is done */
	int64_t stop_until_us;
	supervisor_stopped *stopped;
	void *stopped_arg;
};

/* What the configuration says now. One reference. */
struct revision *supervisor_configured(const struct supervisor *supervisor);
