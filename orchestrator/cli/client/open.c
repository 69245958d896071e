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

int ask_once(const struct client_settings *settings, const char *method, const char *path, const char *body,
             size_t reply_max, bool (*take)(const struct client_settings *settings, struct buf *reply, struct err *err))
{
	struct wire *wire;
	struct buf reply;
	struct err err;
	int code = open_wire(settings, &wire);

	if (code != CODE_GOOD)
		return code;
	buf_init(&reply, reply_max);
	if (!wire_ask(wire, method, path, body, &reply, &err) || (take != NULL && !take(settings, &reply, &err))) {
		fprintf(stderr, "orchestrator: %s\n", err.message);
		code = CODE_REFUSED;
	}
	buf_clear(&reply);
	wire_close(wire);
	return code;
}
