/* service: who is held, in which order, and when waiting is hopeless. */
#include "orchestrator/proxy/service.h"

#include "tests/unit/unit.h"

START_TEST(held_in_order_and_bounded)
{
	struct service service = {0};
	struct held held[3] = {{0}};

	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(service_hold(&service, &held[i], 2), i < 2);
	ck_assert(service.first_held == &held[0] && service.last_held == &held[1]);
	ck_assert_uint_eq(service.stats.held, 2);
	service_unhold(&service, &held[2]);
	ck_assert_uint_eq(service.held_count, 2);
	ck_assert(service_hold(&service, &held[2], 3));
	service_unhold(&service, &held[1]);
	service_unhold(&service, &held[1]);
	ck_assert(service.first_held == &held[0] && held[0].next == &held[2] && held[2].prev == &held[0]);
	service_unhold(&service, &held[0]);
	ck_assert(service.first_held == &held[2] && service.last_held == &held[2]);
	ck_assert(service_hold(&service, &held[0], 3));
	ck_assert(service.last_held == &held[0]);
	service_unhold(&service, &held[0]);
	service_unhold(&service, &held[2]);
	ck_assert(service.first_held == NULL && service.last_held == NULL && service.held_count == 0);
	ck_assert_uint_eq(service.stats.held, 0);
	ck_assert_uint_eq(service.stats.held_total, 4);
}
END_TEST

static struct backend *add(struct fleet *fleet, int slot)
{
	const struct address address = {.len = 0};
	struct backend *backend = backend_new(fleet_group(fleet), slot, "container", &address);

	fleet_add(fleet, backend);
	backend_unref(backend);
	return backend;
}

START_TEST(hopeless_only_when_all_there_is_was_tried)
{
	struct service service = {.fleet = fleet_new("acts", NULL)};
	struct fleet_tried tried = {0};

	ck_assert(service_may_recover(&service, &tried));
	struct backend *first = add(service.fleet, 0);
	ck_assert(service_may_recover(&service, &tried));
	backend_set_state(first, BACKEND_READY, REASON_PROBE_GOOD);
	ck_assert(service_may_recover(&service, &tried));
	tried.serials[tried.count++] = backend_serial(first);
	ck_assert(!service_may_recover(&service, &tried));
	struct backend *second = add(service.fleet, 1);
	ck_assert(service_may_recover(&service, &tried));
	backend_set_state(second, BACKEND_READY, REASON_PROBE_GOOD);
	ck_assert(service_may_recover(&service, &tried));
	tried.serials[tried.count++] = backend_serial(second);
	ck_assert(!service_may_recover(&service, &tried));
	backend_set_state(second, BACKEND_SUSPECT, REASON_PROBE_TIMEOUT);
	ck_assert(service_may_recover(&service, &tried));
	backend_set_state(second, BACKEND_DOWN,
	                  REASON_PROBE_TIMEOUT); /* what comes after it is the supervisor's to say */
	ck_assert(!service_may_recover(&service, &tried));
	backend_set_state(first, BACKEND_DRAINING, REASON_SCALE_DOWN);
	ck_assert(service_may_recover(&service, &tried));
	fleet_free(service.fleet);
}
END_TEST

UNIT_MAIN("service", held_in_order_and_bounded, hopeless_only_when_all_there_is_was_tried)
