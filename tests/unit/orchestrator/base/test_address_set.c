/* address_set: what was added is in, as often as it was. */
#include "orchestrator/base/address_set.h"

#include "orchestrator/base/address.h"
#include "tests/unit/unit.h"

static struct address_set *set;

static void make(void)
{
	set = address_set_new();
}

static void clear(void)
{
	address_set_free(set);
}

static struct in6_addr of(const char *host)
{
	struct address address;
	struct in6_addr out;

	ck_assert(address_of_host(host, 0, &address));
	ck_assert(address_to_v6((struct sockaddr *)&address.addr, &out));
	return out;
}

static bool has(const char *host)
{
	const struct in6_addr address = of(host);

	return address_set_has(set, &address);
}

static void add(const char *host)
{
	const struct in6_addr address = of(host);

	address_set_add(set, &address);
}

static void take(const char *host)
{
	const struct in6_addr address = of(host);

	address_set_remove(set, &address);
}

START_TEST(in_and_out)
{
	ck_assert(!has("172.18.0.2"));
	add("172.18.0.2");
	add("fd00::2");
	ck_assert(has("172.18.0.2"));
	ck_assert(has("::ffff:172.18.0.2")); /* the same */
	ck_assert(has("fd00::2"));
	ck_assert(!has("172.18.0.3"));
	ck_assert(!has("::172.18.0.2"));
	take("172.18.0.2");
	ck_assert(!has("172.18.0.2"));
	take("172.18.0.2");
	ck_assert(has("fd00::2"));
	ck_assert_uint_eq(address_set_count(set), 1);
}
END_TEST

/* Who comes after takes the address before it is heard that the first has ended. */
START_TEST(twice)
{
	add("172.18.0.2");
	add("172.18.0.2");
	ck_assert_uint_eq(address_set_count(set), 1);
	take("172.18.0.2");
	ck_assert(has("172.18.0.2"));
	take("172.18.0.2");
	ck_assert(!has("172.18.0.2"));
}
END_TEST

START_TEST(many_in_any_order)
{
	struct in6_addr address = of("10.0.0.0");

	for (unsigned i = 0; i < 1000; i++) {
		unsigned n = i * 367 % 1000; /* each number once */
		address.s6_addr[14] = (uint8_t)(n >> 8);
		address.s6_addr[15] = (uint8_t)n;
		address_set_add(set, &address);
	}
	ck_assert_uint_eq(address_set_count(set), 1000);
	for (unsigned n = 0; n < 1100; n++) {
		address.s6_addr[14] = (uint8_t)(n >> 8);
		address.s6_addr[15] = (uint8_t)n;
		ck_assert_msg(address_set_has(set, &address) == (n < 1000), "%u", n);
		address_set_remove(set, &address);
		ck_assert(!address_set_has(set, &address));
	}
	ck_assert_uint_eq(address_set_count(set), 0);
}
END_TEST

UNIT_MAIN_WITH("address_set", make, clear, in_and_out, twice, many_in_any_order)
