/* announce: one timer looks at the fleets, often until they are ready and once a second from then on; another one is the
 * watchdog's.
 */
#include "orchestrator/systemd/announce.h"

#include "common/buf.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "orchestrator/fleet/supervisors.h"
#include "orchestrator/base/timer.h"
#include "orchestrator/systemd/notify.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_LOOK_US 50000
#define LOOK_US 1000000
#define PATIENCE_US 30000000 /* systemd's own, for a start, is 90 s */
#define STATUS_BYTES 1024

struct announce {
	struct notify *notify;
	const struct supervisors *supervisors;
	struct timer *look;
	struct timer *watchdog; /* NULL: nobody waits for it */
	int64_t watchdog_us;    /* how often */
	int64_t ready_by_us;
	bool ready; /* decided */
	bool stopping;
	const char *due; /* lines that could not be sent yet; NULL */
	struct buf status;
	struct buf told; /* the status that was sent */
};

/* --- state ----------------------------------------------------------------------------------------------------- */

static void say(struct announce *announce, const char *lines)
{
	announce->due = notify_send(announce->notify, lines) ? NULL : lines;
}

static bool slot_tried(const struct supervisor *supervisor, size_t i)
{
	struct supervisor_slot slot;

	supervisor_slot_at(supervisor, i, &slot);
	bool ready = slot.backend != NULL && backend_state(slot.backend) == BACKEND_READY;
	return ready || slot.faults > 0 || (slot.backend == NULL && slot.message[0] != '\0');
}

/* Its first containers: as many as are wanted now, in whatever slots: those adopted may be 0 and 2. */
static bool service_tried(const struct supervisor *supervisor)
{
	int tried = 0;

	for (size_t i = 0; i < supervisor_slot_count(supervisor); i++)
		tried += slot_tried(supervisor, i);
	return tried >= supervisor_scaler(supervisor)->wanted;
}

static bool all_tried(const struct announce *announce)
{
	if (!supervisors_engine_known(announce->supervisors))
		return false;
	if (!supervisors_engine_up(announce->supervisors))
		return true;
	for (size_t i = 0; i < supervisors_count(announce->supervisors); i++)
		if (!service_tried(supervisors_at(announce->supervisors, i)))
			return false;
	return true;
}

static void look_for_ready(struct announce *announce)
{
	bool tried = all_tried(announce);

	if (!tried && clock_us() < announce->ready_by_us)
		return;
	announce->ready = true;
	log_info("event=ready tried=%s", tried ? "yes" : "not-yet");
	say(announce, "READY=1");
}

/* --- status ---------------------------------------------------------------------------------------------------- */

/* "acts 3/3 ready, users 0/1 ready"; what would pass the buffer's size is left out. */
static void make_status(struct announce *announce)
{
	struct buf *status = &announce->status;

	buf_reset(status);
	bool room = buf_add_text(status, "STATUS=");
	if (!supervisors_engine_up(announce->supervisors))
		room = buf_add_text(status, "the engine does not answer; ");
	for (size_t i = 0; room && i < supervisors_count(announce->supervisors); i++) {
		struct supervisor *supervisor = supervisors_at(announce->supervisors, i);
		room = buf_add_format(status, "%s%s %u/%d ready", i > 0 ? ", " : "",
		                      supervisor_service(supervisor)->name,
		                      fleet_count_state(supervisor_fleet(supervisor), BACKEND_READY),
		                      supervisor_scaler(supervisor)->wanted);
	}
}

static void look_at_status(struct announce *announce)
{
	struct buf *status = &announce->status, *told = &announce->told;

	make_status(announce);
	if (status->len == told->len && memcmp(status->data, told->data, told->len) == 0)
		return;
	if (!notify_send(announce->notify, buf_text(status)))
		return;
	buf_reset(told);
	if (!buf_add(told, status->data, status->len))
		buf_reset(told);
}

/* --- timers ---------------------------------------------------------------------------------------------------- */

static void on_look(void *arg)
{
	struct announce *announce = arg;

	if (announce->due != NULL)
		say(announce, announce->due);
	if (!announce->ready && !announce->stopping)
		look_for_ready(announce);
	if (!announce->stopping)
		look_at_status(announce);
	bool soon = !announce->ready || announce->due != NULL;
	timer_set(announce->look, soon ? FIRST_LOOK_US : LOOK_US);
}

static void on_watchdog(void *arg)
{
	struct announce *announce = arg;

	timer_set(announce->watchdog, announce->watchdog_us);
	if (!notify_send(announce->notify, "WATCHDOG=1"))
		log_debug("event=watchdog-late");
}

static void start_watchdog(struct announce *announce, struct event_base *base)
{
	announce->watchdog_us = notify_watchdog_us(announce->notify) / 2;
	if (announce->watchdog_us == 0)
		return;
	announce->watchdog = timer_new_of_clients(base, on_watchdog, announce);
	timer_set(announce->watchdog, announce->watchdog_us);
}

/* --- life ------------------------------------------------------------------------------------------------------ */

struct announce *announce_new(struct event_base *base, struct notify *notify, const struct supervisors *supervisors)
{
	struct announce *announce = mem_zero(sizeof(*announce));

	announce->notify = notify;
	announce->supervisors = supervisors;
	announce->ready_by_us = clock_us() + PATIENCE_US;
	buf_init(&announce->status, STATUS_BYTES);
	buf_init(&announce->told, STATUS_BYTES);
	announce->look = timer_new(base, on_look, announce);
	if (notify_is_wanted(notify))
		timer_set(announce->look, FIRST_LOOK_US);
	start_watchdog(announce, base);
	return announce;
}

void announce_free(struct announce *announce)
{
	if (announce == NULL)
		return;
	timer_free(announce->look);
	timer_free(announce->watchdog);
	buf_clear(&announce->status);
	buf_clear(&announce->told);
	free(announce);
}

/* Before we were ready, READY would come too early. */
void announce_reloading(struct announce *announce)
{
	if (announce->ready && !notify_reloading(announce->notify))
		log_debug("event=reloading-not-told");
}

void announce_reloaded(struct announce *announce)
{
	if (announce->ready)
		say(announce, "READY=1");
}

void announce_stopping(struct announce *announce)
{
	announce->stopping = true;
	say(announce, "STOPPING=1\nSTATUS=finishing what is in flight");
}
