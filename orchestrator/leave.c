/* leave: the last steps, in their order.
 *
 *   begin -> the proxy accepts no more -> nothing in flight, or drain_ms is over -> the supervisors stop -> the loop ends
 *   now   ----------------------------------------------------------------------------------------> the loop ends
 */
#include "orchestrator/leave.h"

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "orchestrator/base/timer.h"
#include "orchestrator/config/config.h"
#include "orchestrator/fleet/supervisors.h"
#include "orchestrator/proxy/proxy.h"
#include "orchestrator/systemd/lifecycle.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>

#define CHECK_US 20000

struct leave {
	struct leave_settings settings;
	struct timer *check;
	int64_t until_ms;
	bool under_way;
	bool remove_containers;
	bool cut_short;
};

static void end_loop(void *arg)
{
	struct leave *leave = arg;

	event_base_loopexit(leave->settings.base, NULL);
}

static void on_check(void *arg)
{
	struct leave *leave = arg;
	const struct proxy *proxy = leave->settings.proxy;

	if (!proxy_is_idle(proxy) && clock_ms() < leave->until_ms) {
		timer_set(leave->check, CHECK_US);
		return;
	}
	log_info("event=drained in_flight=%llu connections=%u", (unsigned long long)proxy_in_flight(proxy),
	         proxy_connections(proxy));
	supervisors_stop(leave->settings.supervisors, leave->remove_containers, end_loop, leave);
}

void leave_begin(struct leave *leave, const char *signal_name, bool remove_containers, const struct config *config)
{
	leave->under_way = true;
	leave->remove_containers = remove_containers;
	leave->until_ms = clock_ms() + config->drain_ms;
	log_info("event=stopping signal=%s containers=%s", signal_name, remove_containers ? "to-be-removed" : "kept");
	lifecycle_stopping(leave->settings.lifecycle);
	proxy_drain(leave->settings.proxy);
	timer_set(leave->check, CHECK_US);
}

/* The log says what is left undone, and who will do it. */
void leave_now(struct leave *leave, const char *signal_name, const struct config *config)
{
	const struct proxy *proxy = leave->settings.proxy;
	size_t left = supervisors_containers(leave->settings.supervisors);
	char remedy[160] = "";

	if (left > 0)
		snprintf(remedy, sizeof(remedy),
		         " remedy=\"the next start adopts them; docker/down --name %s removes them\"", config->name);
	log_warn("event=stopping-now signal=%s in_flight=%llu containers=%s left=%zu%s", signal_name,
	         (unsigned long long)proxy_in_flight(proxy), left > 0 ? "kept" : "none", left, remedy);
	leave->cut_short = proxy_in_flight(proxy) > 0 || (leave->remove_containers && left > 0);
	end_loop(leave);
}

bool leave_is_under_way(const struct leave *leave)
{
	return leave != NULL && leave->under_way;
}

bool leave_was_cut_short(const struct leave *leave)
{
	return leave != NULL && leave->cut_short;
}

struct leave *leave_new(const struct leave_settings *settings)
{
	struct leave *leave = mem_zero(sizeof(*leave));

	leave->settings = *settings;
	leave->check = timer_new(settings->base, on_check, leave);
	return leave;
}

void leave_free(struct leave *leave)
{
	if (leave == NULL)
		return;
	timer_free(leave->check);
	free(leave);
}
