/* net_fault: a peer's faults are the peer's, and everything that is not known to be one is ours. */
#include "orchestrator/base/net_fault.h"

#include "tests/unit/unit.h"

#include <errno.h>

START_TEST(the_peer_s_faults)
{
	ck_assert_int_eq(net_fault(ECONNREFUSED), NET_FAULT_REFUSED);
	ck_assert_int_eq(net_fault(ENOENT), NET_FAULT_REFUSED);
	ck_assert_int_eq(net_fault(ECONNRESET), NET_FAULT_RESET);
	ck_assert_int_eq(net_fault(EPIPE), NET_FAULT_RESET);
	ck_assert_int_eq(net_fault(ETIMEDOUT), NET_FAULT_TIMEOUT);
	ck_assert_str_eq(net_fault_words(ECONNREFUSED), "connection refused at");
}
END_TEST

/* A host that refuses is there. */
START_TEST(the_way_s_faults)
{
	ck_assert(net_fault_is_of_the_way(EHOSTUNREACH));
	ck_assert(net_fault_is_of_the_way(ENETUNREACH));
	ck_assert(net_fault_is_of_the_way(ETIMEDOUT));
	ck_assert(!net_fault_is_of_the_way(ECONNREFUSED));
	ck_assert(!net_fault_is_of_the_way(ECONNRESET));
	ck_assert(!net_fault_is_of_the_way(EMFILE));
}
END_TEST

START_TEST(our_own_shortage)
{
	static const int ours[] = {EMFILE, ENFILE, ENOBUFS, ENOMEM, EADDRNOTAVAIL, EACCES, EPERM, EAFNOSUPPORT};

	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
		ck_assert_int_eq(net_fault(ours[i]), NET_FAULT_OURS);
		ck_assert_ptr_null(net_fault_words(ours[i]));
	}
}
END_TEST

UNIT_MAIN("net_fault", the_peer_s_faults, the_way_s_faults, our_own_shortage)
