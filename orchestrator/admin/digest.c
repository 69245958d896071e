/* digest: a hash over the fields of view.c that are no counters. */
#include "orchestrator/admin/digest.h"

#include "common/hash.h"
#include "orchestrator/fleet/leading.h"
#include "orchestrator/fleet/node_loss.h"
#include "orchestrator/fleet/supervisors.h"

#include <string.h>

static void add_bytes(uint64_t *digest, const void *data, size_t len)
{
	*digest = hash_add(*digest, data, len);
}

/* With its NUL, so that "a", "b" is not "ab", "". */
static void add_text(uint64_t *digest, const char *text)
{
	add_bytes(digest, text, strlen(text) + 1);
}

static void add_number(uint64_t *digest, int64_t number)
{
	add_bytes(digest, &number, sizeof(number));
}

static void add_slots(uint64_t *digest, const struct supervisor *supervisor)
{
	struct supervisor_slot slot;

	for (size_t i = 0; i < supervisor_slot_count(supervisor); i++) {
		supervisor_slot_at(supervisor, i, &slot);
		add_text(digest, slot.state);
		add_number(digest, slot.reason);
		add_text(digest, slot.message);
		add_text(digest, slot.cause);
		add_text(digest, slot.image);
		add_text(digest, slot.waits_for);
		add_text(digest, slot.last_words);
		add_number(digest, slot.exit_code);
		add_number(digest, slot.attempts);
		add_number(digest, slot.retry_us);
		add_number(digest, slot.next_ready);
		add_number(digest, slot.faults);
		add_number(digest, slot.backend != NULL ? (int64_t)backend_serial(slot.backend) : 0);
	}
}

static void add_spares(uint64_t *digest, const struct supervisor *supervisor)
{
	struct supervisor_spare spare;

	for (size_t i = 0; i < supervisor_spare_count(supervisor); i++) {
		supervisor_spare_at(supervisor, i, &spare);
		add_text(digest, spare.state);
		add_number(digest, spare.slot);
		add_number(digest, spare.reason);
		add_text(digest, spare.message);
		add_text(digest, spare.cause);
		add_text(digest, spare.container);
	}
}

/* The containers that leave: those in slots and spares are in the digest already. */
static void add_fleet(uint64_t *digest, struct supervisor *supervisor)
{
	struct fleet *fleet = supervisor_fleet(supervisor);

	for (size_t i = 0; i < fleet_count(fleet); i++) {
		add_number(digest, (int64_t)backend_serial(fleet_at(fleet, i)));
		add_number(digest, backend_state(fleet_at(fleet, i)));
	}
}

static void add_roll(uint64_t *digest, const struct supervisor *supervisor)
{
	struct supervisor_roll roll;
	char cause[CAUSE_SIZE];

	supervisor_roll_cause(supervisor, cause);
	add_text(digest, supervisor_roll_failed(supervisor));
	add_text(digest, cause);
	if (!supervisor_roll_at(supervisor, &roll))
		return;
	add_text(digest, roll.what);
	add_text(digest, roll.waits_for);
	add_number(digest, roll.slot);
	add_number(digest, roll.done);
	add_number(digest, roll.of);
	add_number(digest, roll.since_us);
}

uint64_t digest_service(struct supervisor *supervisor)
{
	const struct scaler *scaler = supervisor_scaler(supervisor);
	uint64_t digest = HASH_START;

	add_number(&digest, scaler->wanted);
	add_number(&digest, scaler->open);
	add_number(&digest, scaler->start_us);
	add_number(&digest, supervisor_is_rolling(supervisor));
	add_roll(&digest, supervisor);
	add_slots(&digest, supervisor);
	add_spares(&digest, supervisor);
	add_fleet(&digest, supervisor);
	return digest;
}

uint64_t digest_engine(const struct supervisors *supervisors)
{
	struct node_loss loss;
	uint64_t digest = HASH_START;

	supervisors_node_loss(supervisors, &loss);
	add_number(&digest, supervisors_engine_up(supervisors));
	add_number(&digest, supervisors_leading(supervisors)->changes);
	add_number(&digest, supervisors_nodes(supervisors)->changes);
	add_text(&digest, loss.text);
	return digest;
}
