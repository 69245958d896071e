/* trial_leave: how a trial ends.
 *
 *   trial_fail, or all was well -> (a verb is under way: its answer first) -> last words, if it failed -> remove -> network -> over
 *
 * Invariant: what comes behind trial_leave asks nobody whether to go on.
 */
#include "orchestrator/cli/init/trial_leave.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LAST_LINES 10
#define LINE_MAX_BYTES 400
#define TRIAL_MS 60000 /* no trial takes so long */

/* --- telling and failing --------------------------------------------------------------------------------------- */

void trial_tell(const struct run *run, const char *format, ...)
{
	char line[512];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	for (char *p = line; *p != '\0'; p++) /* what a container writes is not to steer a terminal */
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = ' ';
	run->tell(line, run->tell_arg);
}

void trial_fail(struct run *run, const char *format, ...)
{
	char message[sizeof(run->err->message)];
	va_list args;

	if (run->leaving)
		return;
	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	err_set(run->err, "%s", message);
	run->failed = true;
	run->leaving = true;
	survey_free(run->survey);
	run->survey = NULL;
	if (!run->calling)
		trial_leave(run);
}

bool trial_answered(struct run *run, const struct engine_result *result)
{
	run->calling = false;
	if (run->leaving) {
		trial_leave(run);
		return false;
	}
	if (result->fault == ENGINE_OK)
		return true;
	trial_fail(run, "%s", result->message);
	return false;
}

bool trial_is_remain(const struct engine_container *container, int64_t now_ms)
{
	return container->made_ms != 0 && now_ms - container->made_ms >= TRIAL_MS;
}

/* --- the way out ----------------------------------------------------------------------------------------------- */

static void on_network_gone(const struct engine_result *result, void *arg)
{
	struct run *run = arg;

	(void)result; /* another trial is in it: that one takes it away */
	event_base_loopexit(run->base, NULL);
}

static void leave_network(struct run *run)
{
	if (run->prepared)
		run->engine->verbs->unprepare(run->engine, on_network_gone, run);
	else
		event_base_loopexit(run->base, NULL);
}

static void on_removed(const struct engine_result *result, void *arg)
{
	struct run *run = arg;

	if (result->fault != ENGINE_OK && result->fault != ENGINE_NOT_FOUND) {
		trial_tell(run, "its container cannot be removed (%s): docker rm -f %s", result->message, run->name);
		run->failed = true;
		err_set(run->err, "container %s of the trial is still there: docker rm -f %s", run->name, run->name);
	}
	leave_network(run);
}

static void remove_container(struct run *run)
{
	if (run->id[0] == '\0')
		leave_network(run);
	else
		run->engine->verbs->remove(run->engine, run->id, on_removed, run);
}

static void tell_lines(const struct run *run, const char *text, size_t len)
{
	while (len > 0) {
		const char *end = memchr(text, '\n', len);
		size_t line_len = end != NULL ? (size_t)(end - text) : len;

		trial_tell(run, "  | %.*s", (int)(line_len < LINE_MAX_BYTES ? line_len : LINE_MAX_BYTES), text);
		line_len += end != NULL;
		text += line_len;
		len -= line_len;
	}
}

static void on_last_words(const struct engine_result *result, void *arg)
{
	struct run *run = arg;

	if (result->fault == ENGINE_OK && result->text_len > 0) {
		trial_tell(run, "its last lines:");
		tell_lines(run, result->text, result->text_len);
	} else if (result->fault == ENGINE_OK) {
		trial_tell(run, "it wrote nothing");
	}
	remove_container(run);
}

/* What a container said that did not do is worth reading. */
void trial_leave(struct run *run)
{
	if (run->failed && run->started && !run->said) {
		run->said = true;
		run->engine->verbs->logs(run->engine, run->id, LAST_LINES, on_last_words, run);
	} else {
		remove_container(run);
	}
}
