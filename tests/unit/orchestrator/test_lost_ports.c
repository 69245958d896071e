/* A port is lost when the engine has said so twice, far enough apart, and until it could be had. */
#include "orchestrator/fleet/lost_ports.h"

#include "tests/unit/unit.h"

START_TEST(said_twice_far_enough_apart)
{
	struct lost_ports ports = {.count = 0};

	ck_assert(!lost_ports_has(&ports, 8000));
	ck_assert(!lost_ports_note(&ports, 8000, 1000000));
	ck_assert(!lost_ports_note(&ports, 8000, 1000000 + LOST_PORTS_US - 1));
	ck_assert(!lost_ports_has(&ports, 8000));
	ck_assert(lost_ports_note(&ports, 8000, 1000000 + LOST_PORTS_US));
	ck_assert(lost_ports_has(&ports, 8000));
	ck_assert(!lost_ports_has(&ports, 8001));
}
END_TEST

START_TEST(had_in_between)
{
	struct lost_ports ports = {.count = 0};

	ck_assert(!lost_ports_note(&ports, 8000, 0));
	ck_assert(!lost_ports_note(&ports, 8001, 0));
	lost_ports_forget(&ports, 8000);
	lost_ports_forget(&ports, 9000);
	ck_assert(!lost_ports_note(&ports, 8000, 2 * LOST_PORTS_US));
	ck_assert(lost_ports_note(&ports, 8001, 2 * LOST_PORTS_US));
}
END_TEST

START_TEST(too_many_are_not_remembered)
{
	struct lost_ports ports = {.count = 0};

	for (int port = 1; port <= LOST_PORTS_MOST + 5; port++)
		ck_assert(!lost_ports_note(&ports, port, 0));
	ck_assert_uint_eq(ports.count, LOST_PORTS_MOST);
	ck_assert(lost_ports_note(&ports, LOST_PORTS_MOST, LOST_PORTS_US));
	ck_assert(!lost_ports_note(&ports, LOST_PORTS_MOST + 1, LOST_PORTS_US));
	ck_assert(!lost_ports_has(&ports, LOST_PORTS_MOST + 1));
}
END_TEST

UNIT_MAIN("lost_ports", said_twice_far_enough_apart, had_in_between, too_many_are_not_remembered)
