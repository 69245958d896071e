/* open: the same words for all commands. */
#include "orchestrator/cli/client/open.h"

#include "orchestrator/cli/exit_code.h"

#include <stdio.h>

#define REPLY_MS 15000

int open_wire(const struct client_settings *settings, struct wire **wire)
{
	struct err err;

	if (!wire_open(settings, REPLY_MS, wire, &err)) {
		fprintf(stderr, "%s\n", err.message);
		return CODE_USAGE;
	}
	if (wire_doubt(*wire) != NULL)
		fprintf(stderr, "%s\norchestrator: this is bad; the orchestrator that runs is asked all the same\n",
		        wire_doubt(*wire));
	return CODE_GOOD;
}
