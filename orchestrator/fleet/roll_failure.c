/* roll_failure: noted when it happens, explained when its container was heard, and gone when the roll says so. */
#include "orchestrator/fleet/roll_failure.h"

#include "common/log.h"
#include "orchestrator/base/excerpt.h"
#include "orchestrator/fleet/container_ends.h"

#include <stdio.h>
#include <string.h>

static const struct {
	const char *text;
	enum lately_what lately;
	enum cause cause;
} whats[] = {
        [ROLL_ALL] = {"roll", LATELY_ROLL_FAILED, CAUSE_ROLL_FAILED},
        [ROLL_REPLACE] = {"replace", LATELY_REPLACE_FAILED, CAUSE_REPLACE_FAILED},
        [ROLL_PORTS] = {"ports", LATELY_STAND_IN_FAILED, CAUSE_STAND_IN_FAILED},
};

const char *roll_what_text(enum roll_what what)
{
	return whats[what].text;
}

static struct lately_place place_of(const struct containers *containers, enum roll_what what, int slot)
{
	return (struct lately_place){.what = whats[what].lately, .service = containers->service->name, .slot = slot};
}

void roll_failure_note(struct roll_failure *failure, const struct containers *containers,
                       const struct roll_fault *fault, bool shown)
{
	struct lately_place place = place_of(containers, fault->what, fault->slot);
	struct roll_failure noted = {.what = fault->what, .slot = fault->slot, .why = fault->why};

	excerpt_write(noted.text, sizeof(noted.text), "%s", fault->text);
	snprintf(noted.lost, sizeof(noted.lost), "%s", fault->lost);
	if (fault->cause[0] != '\0')
		snprintf(noted.cause, sizeof(noted.cause), "%s", fault->cause);
	else
		cause_write(noted.cause, CAUSE_ROLL_STOPPED, &(struct cause_facts){.words = fault->text});
	lately_note(containers->harbour->lately, &place, REASON_ROLL, noted.cause);
	log_error("event=roll-failed service=%s slot=%d reason=%s what=%s error=%s", containers->service->name,
	          fault->slot, reason_text(REASON_ROLL), whats[fault->what].text, log_quote(fault->text));
	if (shown)
		*failure = noted;
}

void roll_failure_hear(struct roll_failure *failure, struct containers *containers)
{
	const struct container *container;
	struct lately_place place = place_of(containers, failure->what, failure->slot);

	if (failure->lost[0] == '\0')
		return;
	container = container_by_id(containers, failure->lost);
	if (container != NULL && !container->heard && !container->unheard)
		return;
	failure->lost[0] = '\0';
	if (container == NULL || !container_ended_itself(container))
		return;
	container_cause(container, failure->why, failure->cause);
	lately_explain(containers->harbour->lately, &place, failure->cause);
}

void roll_failure_end(struct roll_failure *failure)
{
	failure->text[0] = failure->cause[0] = failure->lost[0] = '\0';
}

void roll_failure_tell(const struct roll_failure *failure, bool stuck, char sentence[CAUSE_SIZE])
{
	enum cause cause = stuck ? CAUSE_ROLL_STUCK : whats[failure->what].cause;

	cause_write(sentence, failure->text[0] != '\0' ? cause : CAUSE_NONE,
	            &(struct cause_facts){.words = failure->cause});
}
