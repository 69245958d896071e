/* events: what the orchestrator's journal holds, and what comes.
 *
 *   ask for the stream -> its first `story` is the journal -> without --follow that is all
 *   the stream breaks -> back-off -> ask again -> of the journal, what was not printed yet
 *
 * The first connection decides: where nobody answers there is nothing to follow.
 */
#include "common/json.h"
#include "common/log.h"
#include "common/mem.h"
#include "orchestrator/base/backoff.h"
#include "orchestrator/cli/client/client.h"
#include "orchestrator/cli/client/event_line.h"
#include "orchestrator/cli/client/open.h"
#include "orchestrator/cli/client/screen.h"
#include "orchestrator/cli/client/sse.h"
#include "orchestrator/cli/client/values.h"
#include "orchestrator/cli/exit_code.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct follower {
	const struct client_settings *settings;
	bool colour;
	char run[VALUE_SIZE]; /* of the orchestrator that told the last line that was printed */
	int64_t last;         /* that line's number */
	bool told;            /* the journal came */
	struct backoff retry;
	struct sse sse;
};

/* Each orchestrator counts its lines from 1 on; by their times they need not follow each other. */
static void begin_story(struct follower *follower, const struct json_value *story)
{
	char run[VALUE_SIZE];

	if (strcmp(value_text(story, "run", run), follower->run) == 0)
		return;
	memcpy(follower->run, run, sizeof(run));
	follower->last = 0;
}

static void print_lines(struct follower *follower, const struct json_value *story)
{
	begin_story(follower, story);
	for (const struct json_value *line = value_first(story, "lines"); line != NULL; line = line->next) {
		int64_t number = value_number(line, "number", 0);

		if (number <= follower->last)
			continue;
		follower->last = number;
		if (follower->settings->json)
			event_line_write_json(line, stdout);
		else
			event_line_print(line, follower->colour, stdout);
	}
	fflush(stdout);
}

static bool on_event(const char *name, const char *data, size_t len, void *arg)
{
	struct follower *follower = arg;
	struct json_doc *doc;

	if (strcmp(name, "story") != 0 || !json_parse(data, len, NULL, &doc, NULL))
		return true;
	print_lines(follower, json_root(doc));
	json_free(doc);
	follower->told = true;
	backoff_reset(&follower->retry);
	return follower->settings->follow && !ferror(stdout);
}

static bool on_bytes(const char *data, size_t len, void *arg, struct err *err)
{
	struct follower *follower = arg;

	return sse_feed(&follower->sse, data, len, err);
}

/* True: it was the follower who ended the stream. */
static bool read_stream(struct follower *follower, struct wire *wire, struct err *err)
{
	err->code = 0;
	sse_reset(&follower->sse);
	return !wire_stream(wire, "/api/events", on_bytes, follower, err) && err->code == SSE_ENOUGH;
}

/* The terminal is as it was. */
static void on_interrupt(int number)
{
	(void)number;
	_exit(CODE_GOOD);
}

static void wait_to_retry(struct follower *follower, const struct err *err)
{
	int64_t wait_us = backoff_fail(&follower->retry, RETRY_LINK);

	fprintf(stderr, "orchestrator: %s; trying again in %.1f s\n", err->message, (double)wait_us / 1e6);
	poll(NULL, 0, (int)(wait_us / 1000));
}

static int follow(struct follower *follower, struct wire *wire)
{
	struct err err;

	while (!read_stream(follower, wire, &err)) {
		if (!follower->told) {
			fprintf(stderr, "orchestrator: %s\n", err.message);
			return CODE_REFUSED;
		}
		wait_to_retry(follower, &err);
	}
	return CODE_GOOD;
}

int client_events(const struct client_settings *settings)
{
	struct follower follower = {.settings = settings, .colour = screen_look().colour};
	struct wire *wire;
	int code = open_wire(settings, &wire);

	if (code != CODE_GOOD)
		return code;
	if (settings->follow)
		signal(SIGINT, on_interrupt);
	sse_init(&follower.sse, on_event, &follower);
	code = follow(&follower, wire);
	sse_clear(&follower.sse);
	wire_close(wire);
	return code;
}
