/* crowd: one client gets its share and no more, and nobody is remembered for nothing. */
#include "orchestrator/wire/crowd.h"

#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <malloc.h>
#include <stdio.h>

#define SECOND_US 1000000

static struct crowd *crowd;
static struct crowd_key key;

static void make(void)
{
	crowd = crowd_new();
}

static void clear(void)
{
	crowd_free(crowd);
}

static bool enter(const char *address, int64_t now_us)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};

	if (inet_pton(AF_INET, address, &v4.sin_addr) == 1)
		return crowd_enter(crowd, (struct sockaddr *)&v4, now_us, &key);
	ck_assert_int_eq(inet_pton(AF_INET6, address, &v6.sin6_addr), 1);
	return crowd_enter(crowd, (struct sockaddr *)&v6, now_us, &key);
}

/* How many get in at once. */
static int enter_all(const char *address, int64_t now_us)
{
	int count = 0;

	while (enter(address, now_us))
		count++;
	return count;
}

START_TEST(so_many_a_second)
{
	ck_assert_int_eq(enter_all("10.0.0.1", 0), CROWD_PER_S);
	ck_assert_int_eq(enter_all("10.0.0.1", SECOND_US / 10), CROWD_PER_S / 10);
	ck_assert_int_eq(enter_all("10.0.0.2", SECOND_US / 10), CROWD_PER_S);
	ck_assert_int_eq(enter_all("10.0.0.1", SECOND_US / 5), CROWD_PER_S / 10);
}
END_TEST

START_TEST(so_many_at_once)
{
	int count = 0;

	for (int64_t s = 0; s < 10; s++)
		count += enter_all("10.0.0.1", s * SECOND_US);
	ck_assert_int_eq(count, CROWD_UNFINISHED);
	crowd_leave(crowd, &key);
	ck_assert_int_eq(enter_all("10.0.0.1", 20 * SECOND_US), 1);
}
END_TEST

START_TEST(what_is_refused_is_not_counted)
{
	enter_all("10.0.0.1", 0);
	for (int i = 0; i < 1000; i++)
		ck_assert(!enter("10.0.0.1", 0));
	ck_assert_int_eq(enter_all("10.0.0.1", SECOND_US), CROWD_PER_S);
}
END_TEST

START_TEST(who_is_one_client)
{
	ck_assert_int_eq(enter_all("2001:db8::1", 0), CROWD_PER_S);
	ck_assert(!enter("2001:db8::ffff:2", 0));
	ck_assert(enter("2001:db8:0:1::1", 0));
	ck_assert_int_eq(enter_all("::ffff:10.0.0.1", 0), CROWD_PER_S);
	ck_assert(!enter("10.0.0.1", 0));
	ck_assert(enter("::ffff:10.0.0.2", 0));
}
END_TEST

/* A million clients, one after the other: what is remembered is what is recent. */
START_TEST(it_forgets)
{
	size_t before = mallinfo2().uordblks;
	char address[32];

	for (int i = 0; i < 1000000; i++) {
		snprintf(address, sizeof(address), "%d.%d.%d.%d", 1 + (i >> 16), i >> 8 & 255, i & 255, 7);
		ck_assert(enter(address, (int64_t)i * 1000));
		crowd_leave(crowd, &key);
	}
	ck_assert_uint_lt(mallinfo2().uordblks - before, 2000 * 200);
}
END_TEST

/* A client with something open is remembered however long that takes. */
START_TEST(it_does_not_forget_too_much)
{
	struct crowd_key open;
	char address[32];

	ck_assert(enter("10.0.0.1", 0));
	open = key;
	for (int i = 0; i < 10000; i++) {
		snprintf(address, sizeof(address), "11.0.%d.%d", i >> 8, i & 255);
		ck_assert(enter(address, (int64_t)i * 10000));
		crowd_leave(crowd, &key);
	}
	int count = 1;
	for (int64_t s = 0; s < 10; s++)
		count += enter_all("10.0.0.1", (200 + s) * SECOND_US);
	ck_assert_int_eq(count, CROWD_UNFINISHED);
	crowd_leave(crowd, &open);
	ck_assert_int_eq(enter_all("10.0.0.1", 300 * SECOND_US), 1);
}
END_TEST

UNIT_MAIN_WITH("crowd", make, clear, so_many_a_second, so_many_at_once, what_is_refused_is_not_counted,
               who_is_one_client, it_forgets, it_does_not_forget_too_much)
