/* What a backend's traffic says: when silence is longer than usual. */
#include "orchestrator/wire/pulse.h"

#include "tests/unit/unit.h"

#define MS INT64_C(1000)

START_TEST(owes_nothing)
{
	struct pulse pulse = {0};

	ck_assert(!pulse_is_silent(&pulse, 1000000 * MS));
	pulse_begin(&pulse, 5000 * MS);
	pulse_end(&pulse);
	ck_assert(!pulse_is_silent(&pulse, 1000000 * MS));
}
END_TEST

START_TEST(silent_after_100_ms)
{
	struct pulse pulse = {0};

	pulse_begin(&pulse, 5000 * MS);
	ck_assert(!pulse_is_silent(&pulse, 5099 * MS));
	ck_assert(pulse_is_silent(&pulse, 5100 * MS));
}
END_TEST

/* A request that waits for ever beside others that are answered. */
START_TEST(any_byte_is_a_sign_of_life)
{
	struct pulse pulse = {0};

	pulse_begin(&pulse, 5000 * MS);
	for (int64_t now = 5050 * MS; now < 9000 * MS; now += 50 * MS) {
		pulse_begin(&pulse, now);
		pulse_hear(&pulse, now + 1 * MS);
		pulse_end(&pulse);
		ck_assert(!pulse_is_silent(&pulse, now + 49 * MS));
	}
	ck_assert(pulse_is_silent(&pulse, 9100 * MS));
}
END_TEST

/* What was heard before it owed anything does not count as silence. */
START_TEST(silence_begins_with_the_request)
{
	struct pulse pulse = {0};

	pulse_hear(&pulse, 1000 * MS);
	pulse_begin(&pulse, 9000 * MS);
	ck_assert(!pulse_is_silent(&pulse, 9099 * MS));
}
END_TEST

START_TEST(four_times_what_is_usual)
{
	struct pulse pulse = {0};

	for (int i = 0; i < 100; i++)
		pulse_measure(&pulse, 200 * MS);
	ck_assert_int_gt(pulse.usual_us, 190 * MS);
	ck_assert_int_le(pulse.usual_us, 200 * MS);
	pulse_begin(&pulse, 5000 * MS);
	ck_assert(!pulse_is_silent(&pulse, 5700 * MS));
	ck_assert(pulse_is_silent(&pulse, 5800 * MS));
	for (int i = 0; i < 100; i++)
		pulse_measure(&pulse, 1 * MS);
	ck_assert(pulse_is_silent(&pulse, 5100 * MS));
}
END_TEST

UNIT_MAIN("pulse", owes_nothing, silent_after_100_ms, any_byte_is_a_sign_of_life, silence_begins_with_the_request,
          four_times_what_is_usual)
