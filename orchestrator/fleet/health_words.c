/* health_words: findings of probes become the backend's finding (for people) and lines of the log. */
#include "orchestrator/fleet/health_words.h"

#include "common/clock.h"
#include "common/log.h"
#include "orchestrator/base/excerpt.h"

#include <stdio.h>
#include <string.h>

#define TELL_AGAIN_US 2000000 /* between two lines about a container that starts, at first */
#define FINDING_ROOM 360      /* leaves room for what is said around it */

void words_note(const struct watch *watch, const struct probe_finding *finding)
{
	enum probe_kind kind = probe_outcome_kind(finding->outcome);

	if (backend_state(watch->backend) != BACKEND_STARTING && (kind == PROBE_SOFT || kind == PROBE_HARD))
		backend_set_finding(watch->backend, finding->text);
	backend_note_probe(watch->backend, finding->took_us, finding->outcome == PROBE_GOOD);
	backend_set_unreachable(watch->backend, finding->unreachable);
	if (finding->outcome != PROBE_GOOD)
		log_debug("event=probe service=%s slot=%d container=%.12s outcome=%s took_us=%lld incident=%s error=%s",
		          backend_service(watch->backend), backend_slot(watch->backend),
		          backend_container_id(watch->backend), probe_outcome_text(finding->outcome),
		          (long long)finding->took_us, incident_text(backend_incident(watch->backend)),
		          log_quote(finding->text));
}

/* False: nothing new, or it is normal that a container so young does not answer. */
static bool note_start(const struct watch *watch, const struct probe_finding *finding)
{
	struct backend *backend = watch->backend;

	if (finding->text[0] == '\0' || clock_us() < watch->start.begun_us + watch->health->config.interval_ms * 1000 ||
	    strcmp(backend_finding(backend), finding->text) == 0)
		return false;
	backend_set_finding(backend, finding->text);
	if (probe_outcome_reason(finding->outcome) != REASON_NONE)
		backend_set_state(backend, BACKEND_STARTING, probe_outcome_reason(finding->outcome));
	return true;
}

void words_tell_start(struct watch *watch, const struct probe_finding *finding)
{
	const struct backend *backend = watch->backend;
	struct watch_words *words = &watch->words;
	int64_t now_us = clock_us();

	words->untold |= note_start(watch, finding);
	if (!words->untold || now_us < words->tell_us)
		return;
	words->untold = false;
	words->pause_us = words->pause_us == 0 ? TELL_AGAIN_US : 2 * words->pause_us;
	words->tell_us = now_us + words->pause_us;
	log_info("event=starting service=%s slot=%d container=%.12s reason=%s incident=%s error=%s",
	         backend_service(watch->backend), backend_slot(backend), backend_container_id(backend),
	         probe_outcome_text(finding->outcome), incident_text(backend_incident(backend)),
	         log_quote(backend_finding(backend)));
}

/* To a tenth. */
static double seconds_rounded(int64_t us)
{
	int64_t tenths = (us + 50000) / 100000;

	return (double)tenths / 10;
}

void words_note_start_over(const struct watch *watch, const struct probe_finding *finding)
{
	struct backend *backend = watch->backend;
	int64_t now_us = clock_us();
	int64_t end_us = now_us < watch->start.until_us ? now_us : watch->start.until_us;
	bool by_socket = backend_address(backend)->addr.ss_family == AF_UNIX;
	const char *hint = probe_outcome_hint(finding->outcome, by_socket);
	char text[BACKEND_FINDING_SIZE], seen[FINDING_ROOM];

	excerpt_write(seen, sizeof(seen), "%s", finding->text);
	snprintf(text, sizeof(text), "no good probe within %g s; the last one saw: %s%s%s",
	         seconds_rounded(end_us - watch->start.begun_us), seen, hint[0] != '\0' ? ": " : "", hint);
	backend_set_finding(backend, text);
}
