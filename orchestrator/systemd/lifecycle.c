/* lifecycle: one timer looks at the fleets, often until they are ready and once a second from then on; another one is the
 * watchdog's.
 */
#include "orchestrator/systemd/lifecycle.h"

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

struct lifecycle {
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

static void say(struct lifecycle *lifecycle, const char *lines)
{
	lifecycle->due = notify_send(lifecycle->notify, lines) ? NULL : lines;
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

static bool all_tried(const struct lifecycle *lifecycle)
{
	if (!supervisors_engine_known(lifecycle->supervisors))
		return false;
	if (!supervisors_engine_up(lifecycle->supervisors))
		return true;
	for (size_t i = 0; i < supervisors_count(lifecycle->supervisors); i++)
		if (!service_tried(supervisors_at(lifecycle->supervisors, i)))
			return false;
	return true;
}

static void look_for_ready(struct lifecycle *lifecycle)
{
	bool tried = all_tried(lifecycle);

	if (!tried && clock_us() < lifecycle->ready_by_us)
		return;
	lifecycle->ready = true;
	log_info("event=ready tried=%s", tried ? "yes" : "not-yet");
	say(lifecycle, "READY=1");
}

/* --- status ---------------------------------------------------------------------------------------------------- */

/* "acts 3/3 ready, users 0/1 ready"; what would pass the buffer's size is left out. */
static void make_status(struct lifecycle *lifecycle)
{
	struct buf *status = &lifecycle->status;

	buf_reset(status);
	bool room = buf_add_text(status, "STATUS=");
	if (!supervisors_engine_up(lifecycle->supervisors))
		room = buf_add_text(status, "the engine does not answer; ");
	for (size_t i = 0; room && i < supervisors_count(lifecycle->supervisors); i++) {
		struct supervisor *supervisor = supervisors_at(lifecycle->supervisors, i);
		room = buf_add_format(status, "%s%s %u/%d ready", i > 0 ? ", " : "",
		                      supervisor_service(supervisor)->name,
		                      fleet_count_state(supervisor_fleet(supervisor), BACKEND_READY),
		                      supervisor_scaler(supervisor)->wanted);
	}
}

static void look_at_status(struct lifecycle *lifecycle)
{
	struct buf *status = &lifecycle->status, *told = &lifecycle->told;

	make_status(lifecycle);
	if (status->len == told->len && memcmp(status->data, told->data, told->len) == 0)
		return;
	if (!notify_send(lifecycle->notify, buf_text(status)))
		return;
	buf_reset(told);
	if (!buf_add(told, status->data, status->len))
		buf_reset(told);
}

/* --- timers ---------------------------------------------------------------------------------------------------- */

static void on_look(void *arg)
{
	struct lifecycle *lifecycle = arg;

	if (lifecycle->due != NULL)
		say(lifecycle, lifecycle->due);
	if (!lifecycle->ready && !lifecycle->stopping)
		look_for_ready(lifecycle);
	if (!lifecycle->stopping)
		look_at_status(lifecycle);
	bool soon = !lifecycle->ready || lifecycle->due != NULL;
	timer_set(lifecycle->look, soon ? FIRST_LOOK_US : LOOK_US);
}

static void on_watchdog(void *arg)
{
	struct lifecycle *lifecycle = arg;

	timer_set(lifecycle->watchdog, lifecycle->watchdog_us);
	if (!notify_send(lifecycle->notify, "WATCHDOG=1"))
		log_debug("event=watchdog-late");
}

static void start_watchdog(struct lifecycle *lifecycle, struct event_base *base)
{
	lifecycle->watchdog_us = notify_watchdog_us(lifecycle->notify) / 2;
	if (lifecycle->watchdog_us == 0)
		return;
	lifecycle->watchdog = timer_new_of_clients(base, on_watchdog, lifecycle);
	timer_set(lifecycle->watchdog, lifecycle->watchdog_us);
}

/* --- life ------------------------------------------------------------------------------------------------------ */

struct lifecycle *lifecycle_new(struct event_base *base, struct notify *notify, const struct supervisors *supervisors)
{
	struct lifecycle *lifecycle = mem_zero(sizeof(*lifecycle));

	lifecycle->notify = notify;
	lifecycle->supervisors = supervisors;
	lifecycle->ready_by_us = clock_us() + PATIENCE_US;
	buf_init(&lifecycle->status, STATUS_BYTES);
	buf_init(&lifecycle->told, STATUS_BYTES);
	lifecycle->look = timer_new(base, on_look, lifecycle);
	if (notify_is_wanted(notify))
		timer_set(lifecycle->look, FIRST_LOOK_US);
	start_watchdog(lifecycle, base);
	return lifecycle;
}

void lifecycle_free(struct lifecycle *lifecycle)
{
	if (lifecycle == NULL)
		return;
	timer_free(lifecycle->look);
	timer_free(lifecycle->watchdog);
	buf_clear(&lifecycle->status);
	buf_clear(&lifecycle->told);
	free(lifecycle);
}

/* Before we were ready, READY would come too early. */
void lifecycle_reloading(struct lifecycle *lifecycle)
{
	if (lifecycle->ready && !notify_reloading(lifecycle->notify))
		log_debug("event=reloading-not-told");
}

void lifecycle_reloaded(struct lifecycle *lifecycle)
{
	if (lifecycle->ready)
		say(lifecycle, "READY=1");
}

void lifecycle_stopping(struct lifecycle *lifecycle)
{
	lifecycle->stopping = true;
	say(lifecycle, "STOPPING=1\nSTATUS=finishing what is in flight");
}
