/* A port is worth a question when it has been refused for long, without a long pause. */
#include "orchestrator/engine/docker/docker_refusals.h"

#include "tests/unit/unit.h"

#define T0 5000000

static struct docker_refusals refusals;

static bool note(int port, int64_t at_us)
{
	return docker_refusals_note(&refusals, port, T0 + at_us);
}

START_TEST(refused_for_long)
{
	ck_assert(!note(8000, 0));
	ck_assert(!note(8000, DOCKER_REFUSALS_US - 1));
	ck_assert(!note(8001, DOCKER_REFUSALS_US));
	ck_assert(note(8000, DOCKER_REFUSALS_US));
	ck_assert(note(8000, DOCKER_REFUSALS_US + DOCKER_REFUSALS_FORGET_US));
	ck_assert(note(8001, 2 * DOCKER_REFUSALS_US));
}
END_TEST

START_TEST(a_pause_begins_anew)
{
	ck_assert(!note(8000, 0));
	ck_assert(!note(8000, DOCKER_REFUSALS_FORGET_US + 1));
	ck_assert(note(8000, DOCKER_REFUSALS_FORGET_US + 1 + DOCKER_REFUSALS_US));
}
END_TEST

START_TEST(the_oldest_makes_room)
{
	for (int i = 0; i < DOCKER_REFUSALS_MOST; i++)
		ck_assert(!note(1 + i, i));
	ck_assert(!note(9999, DOCKER_REFUSALS_MOST)); /* instead of port 1 */
	for (int i = 1; i < DOCKER_REFUSALS_MOST; i++)
		ck_assert(note(1 + i, i + DOCKER_REFUSALS_US));
	ck_assert(!note(1, DOCKER_REFUSALS_US));
	ck_assert(!note(9999, DOCKER_REFUSALS_US + DOCKER_REFUSALS_MOST)); /* it had to go in turn */
}
END_TEST

UNIT_MAIN("docker_refusals", refused_for_long, a_pause_begins_anew, the_oldest_makes_room)
