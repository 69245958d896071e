/* orders: one request each; the orchestrator takes an order at once and carries it out afterwards.
 *
 * drain waits: for the end of the orchestrator, which it notices by nobody listening any more, or by another one.
 */
#include "common/mem.h"
#include "orchestrator/cli/client/client.h"
#include "orchestrator/cli/client/fleet_ask.h"
#include "orchestrator/cli/client/fleet_view.h"
#include "orchestrator/cli/client/open.h"
#include "orchestrator/cli/exit_code.h"

#include <curl/curl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#define REPLY_MAX 65536
#define DRAIN_LOOK_MS 200

/* The order at this path, with this body. */
static int give_at(const struct client_settings *settings, const char *path, const char *body)
{
	return ask_once(settings, "POST", path, body, REPLY_MAX, NULL);
}

/* The order at /api/services/SERVICE/what. */
static int give(const struct client_settings *settings, const char *service, const char *what, const char *body)
{
	char *name = mem_must(curl_easy_escape(NULL, service, 0));
	char *path = mem_format("/api/services/%s/%s", name, what);
	int code = give_at(settings, path, body);

	free(path);
	curl_free(name);
	return code;
}

int client_scale(const struct client_settings *settings, const char *service, const char *wanted)
{
	char *body = mem_format("{\"wanted\": %ld}", strtol(wanted, NULL, 10));
	int code = give(settings, service, "scale", body);

	free(body);
	if (code == CODE_GOOD)
		printf("%s: %s wanted until the scaling window ends; see orchestrator status\n", service, wanted);
	return code;
}

int client_replace(const struct client_settings *settings, const char *service, const char *slot)
{
	char *what = mem_format("slots/%ld/replace", strtol(slot, NULL, 10));
	int code = give(settings, service, what, "");

	free(what);
	if (code == CODE_GOOD)
		printf("%s: slot %s is being replaced; see orchestrator status\n", service, slot);
	return code;
}

int client_roll(const struct client_settings *settings, const char *service)
{
	int code = give(settings, service, "roll", "");

	if (code == CODE_GOOD)
		printf("%s: its containers are being replaced, one by one; see orchestrator status\n", service);
	return code;
}

int client_reload(const struct client_settings *settings)
{
	int code = give_at(settings, "/api/reload", "");

	if (code == CODE_USAGE)
		code = CODE_REFUSED; /* a file that does not even say whom to ask */
	if (code == CODE_GOOD)
		puts("reloaded: the file as it is now is in force; see orchestrator status");
	return code;
}

/* --- drain ----------------------------------------------------------------------------------------------------- */

/* Until the orchestrator has ended. Its end may cut the connection that we ask on: the next connection tells. */
static bool wait_for_end(struct wire *wire, struct fleet_answer *answer, struct err *err)
{
	int64_t before_s = 0, in_flight = -1;

	for (;; poll(NULL, 0, DRAIN_LOOK_MS)) {
		int64_t up_s = 0;
		if (!fleet_ask(wire, answer, err)) {
			if (err->code != WIRE_LOST)
				return err->code == WIRE_NOBODY;
			continue;
		}
		const struct json_value *fleet = json_root(answer->doc);
		if (json_int(json_get(fleet, "uptime_s"), &up_s) && up_s < before_s)
			return true; /* that is the next one */
		before_s = up_s;
		if (fleet_view_in_flight(fleet) == in_flight)
			continue;
		in_flight = fleet_view_in_flight(fleet);
		printf("draining: %" PRId64 " %s in flight\n", in_flight, in_flight == 1 ? "request" : "requests");
		fflush(stdout);
	}
}

int client_drain(const struct client_settings *settings)
{
	struct wire *wire;
	struct fleet_answer answer;
	struct err err;
	int code = open_wire(settings, &wire);

	if (code != CODE_GOOD)
		return code;
	fleet_answer_init(&answer);
	if (wire_ask(wire, "POST", "/api/drain", "", &answer.text, &err) && wait_for_end(wire, &answer, &err)) {
		puts("drained: the orchestrator has ended; its containers run on, for the next start to adopt");
	} else {
		fprintf(stderr, "orchestrator: %s\n", err.message);
		code = CODE_REFUSED;
	}
	fleet_answer_clear(&answer);
	wire_close(wire);
	return code;
}
