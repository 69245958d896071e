/* listening: the kernel's tables of sockets, as /proc/net/tcp and tcp6 have them on a little-endian machine. */
#include "orchestrator/cli/init/listening.h"

#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define HEAD "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
#define LINE(local, state)                     \
	"   0: " local " 00000000:0000 " state \
	" 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0\n"
#define ZERO6 "00000000000000000000000000000000"
#define LINE6(local, state) \
	"   1: " local " " ZERO6 ":0000 " state " 00000000:00000000 00:00000000 00000000     0        0 1\n"

static struct listening seen;

static void parse(const char *text)
{
	listening_parse(text, strlen(text), &seen);
}

static void make(void)
{
	seen = (struct listening){0};
}

START_TEST(open_ports_and_shut_ones)
{
	parse(HEAD LINE("00000000:1F90", "0A") LINE("0100007F:0050", "0A") LINE("050012AC:2328", "0A"));
	ck_assert_uint_eq(seen.open_count, 2);
	ck_assert_int_eq(seen.open[0], 8080);
	ck_assert_int_eq(seen.open[1], 9000);
	ck_assert_uint_eq(seen.shut_count, 1);
	ck_assert_int_eq(seen.shut[0], 80);
}
END_TEST

START_TEST(what_does_not_listen)
{
	parse(HEAD LINE("00000000:1F90", "01") LINE("00000000:1F91", "06")
	              LINE("00000000:0000", "0A") "garbage\n\n   0: zz:1 2 0A\n");
	ck_assert_uint_eq(seen.open_count + seen.shut_count, 0);
}
END_TEST

/* Each container of a network of one's own has it, at a port that changes. */
START_TEST(the_resolver_of_docker_is_nobodys)
{
	parse(HEAD LINE("0B00007F:A0F1", "0A"));
	ck_assert_uint_eq(seen.open_count + seen.shut_count, 0);
}
END_TEST

START_TEST(ipv6_too)
{
	parse(LINE6(ZERO6 ":0050", "0A") LINE6("00000000000000000000000001000000:0051", "0A") LINE6(
	        "0000000000000000FFFF00000100007F:0052", "0A") LINE6("0000000000000000FFFF0000050012AC:0053", "0A"));
	ck_assert_uint_eq(seen.open_count, 2);
	ck_assert_int_eq(seen.open[0], 80);
	ck_assert_int_eq(seen.open[1], 83);
	ck_assert_uint_eq(seen.shut_count, 2);
	ck_assert_int_eq(seen.shut[0], 81);
	ck_assert_int_eq(seen.shut[1], 82);
}
END_TEST

START_TEST(who_listens_on_both_is_open)
{
	parse(LINE("0100007F:0050", "0A") LINE("00000000:0050", "0A") LINE("0100007F:0050", "0A"));
	ck_assert_uint_eq(seen.open_count, 1);
	ck_assert_uint_eq(seen.shut_count, 0);
}
END_TEST

START_TEST(more_than_there_is_room_for)
{
	for (int port = 1; port <= LISTENING_MAX + 9; port++) {
		char line[200];

		snprintf(line, sizeof(line), "   0: 00000000:%04X 00000000:0000 0A 0", port);
		parse(line);
	}
	ck_assert_uint_eq(seen.open_count, LISTENING_MAX);
}
END_TEST

/* This test's own process is in no control group of that name, and no process has the number 0. */
START_TEST(a_process_that_is_not_the_containers)
{
	ck_assert(!listening_read((int)getpid(), "4309d902d5fb7df71f8c156a8ba69a4173c7ebe91c7f5f4054051e6826fe6f1d",
	                          &seen));
	ck_assert(!listening_read(0, "", &seen));
}
END_TEST

UNIT_MAIN_WITH("listening", make, NULL, open_ports_and_shut_ones, what_does_not_listen,
               the_resolver_of_docker_is_nobodys, ipv6_too, who_listens_on_both_is_open, more_than_there_is_room_for,
               a_process_that_is_not_the_containers)
