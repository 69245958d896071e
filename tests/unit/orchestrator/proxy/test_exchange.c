/* exchange: one reply to each request, whole or none; another backend only where that is harmless. */
#include "tests/unit/orchestrator/proxy/exchange_bench.h"

#define OK "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
#define ILL "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 3\r\n\r\nill"
#define LONG_HEAD "HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n"

static void expect_reply(int status, const char *body)
{
	bench_turn();
	ck_assert(bench.turn.ended && bench.turn.complete);
	ck_assert_int_eq(bench.turn.status, status);
	ck_assert_uint_eq(bench.turn.sent_len, strlen(body));
	ck_assert_int_eq(memcmp(bench.turn.sent, body, strlen(body)), 0);
}

static void expect_problem(int status, const char *words)
{
	bench_turn();
	ck_assert_int_eq(bench.turn.answered, status);
	ck_assert_msg(strstr(bench.turn.detail, words) != NULL, "\"%s\" is not in \"%s\"", words, bench.turn.detail);
}

START_TEST(a_reply_goes_through)
{
	int one = bench_add();

	bench_ask("GET", "");
	ck_assert_ptr_nonnull(strstr(bench_hear(one), "GET /api/v1/acts HTTP/1.1\r\n"));
	bench_say(one, OK);
	expect_reply(200, "hello");
	ck_assert_uint_eq(bench.service->stats.by_code[200], 1);
	ck_assert_uint_eq(bench.counted, 1);
}
END_TEST

/* --- another backend ------------------------------------------------------------------------------------------- */

START_TEST(what_changes_nothing_is_sent_again)
{
	int one = bench_add(), two = bench_add();

	bench_ask("GET", "");
	bench_hear(one);
	bench_hang_up(one);
	ck_assert_uint_eq(bench.failures, 1);
	bench_hear(two);
	bench_say(two, OK);
	expect_reply(200, "hello");
	ck_assert_uint_eq(bench.service->stats.replays[STATS_REPLAY_BROKEN], 1);
}
END_TEST

START_TEST(what_may_have_been_done_is_not)
{
	int one = bench_add(), two = bench_add();

	bench_ask("POST", "once");
	bench_hear(one);
	bench_hang_up(one);
	expect_problem(502, "may or may not have been carried out");
	bench_hear_nothing(two);
}
END_TEST

START_TEST(not_on_a_third)
{
	int all[3] = {bench_add(), bench_add(), bench_add()};

	bench_ask("GET", "");
	bench_hear(all[0]);
	fleet_note_end(bench.service->fleet, backend_serial(bench.backends[0]), false);
	bench_hang_up(all[0]);
	bench_hear(all[1]);
	fleet_note_end(bench.service->fleet, backend_serial(bench.backends[1]), false);
	bench_hang_up(all[1]);
	expect_problem(502, "broke two containers");
	bench_hear_nothing(all[2]);
}
END_TEST

START_TEST(who_was_killed_is_forgiven)
{
	int all[3] = {bench_add(), bench_add(), bench_add()};

	bench_ask("GET", "");
	for (int i = 0; i < 2; i++) {
		bench_hear(all[i]);
		fleet_note_end(bench.service->fleet, backend_serial(bench.backends[i]), true);
		bench_hang_up(all[i]);
	}
	bench_hear(all[2]);
	bench_say(all[2], OK);
	expect_reply(200, "hello");
}
END_TEST

/* The first reply broke a rule, the second backend just ended: the answer must not name the first one's rule. */
START_TEST(an_earlier_rule_is_forgotten)
{
	int one = bench_add(), two = bench_add();

	bench_ask("GET", "");
	bench_hear(one);
	bench_say(one, "HTTP/1.1 200 OK\r\nbad name: x\r\nContent-Length : 1\r\nContent-Length: 2\r\n\r\n");
	ck_assert_uint_eq(bench.failures, 1);
	bench_hear(two);
	bench_say(two, ILL);
	fleet_note_end(bench.service->fleet, backend_serial(bench.backends[0]), false);
	bench.config->hold_ms = 0;
	backend_set_state(bench.backends[0], BACKEND_DOWN, REASON_EXITED);
	bench_say_well(false);
	backend_set_state(bench.backends[1], BACKEND_DOWN, REASON_EXITED);
	bench_turn();
	ck_assert_int_ge(bench.turn.answered, 502);
	ck_assert_msg(strstr(bench.turn.detail, "the container's reply") == NULL, "%s", bench.turn.detail);
}
END_TEST

/* --- replies that are withheld, or broken ---------------------------------------------------------------------- */

START_TEST(a_5xx_of_one_that_is_well_goes_through)
{
	int one = bench_add();

	bench_ask("GET", "");
	bench_hear(one);
	bench_say(one, ILL);
	ck_assert_uint_eq(bench.turn.sent_len, 0);
	ck_assert_ptr_eq(bench.asked, bench.backends[0]);
	bench_say_well(true);
	expect_reply(500, "ill");
}
END_TEST

START_TEST(a_5xx_of_one_that_is_ill_is_not)
{
	int one = bench_add(), two = bench_add();

	bench_ask("GET", "");
	bench_hear(one);
	bench_say(one, ILL);
	bench_say_well(false);
	bench_hear(two);
	bench_say(two, OK);
	expect_reply(200, "hello");
	ck_assert_uint_eq(bench.service->stats.replays[STATS_REPLAY_STATUS], 1);
}
END_TEST

START_TEST(begun_then_broken_is_cut)
{
	int one = bench_add(), two = bench_add();

	bench_ask("GET", "");
	bench_hear(one);
	bench_say(one, LONG_HEAD "the beginning");
	ck_assert_uint_gt(bench.turn.sent_len, 0);
	bench_hang_up(one);
	ck_assert(bench.turn.aborted);
	bench_hear_nothing(two);
}
END_TEST

START_TEST(small_and_broken_is_replaced)
{
	int one = bench_add(), two = bench_add();

	bench_ask("GET", "");
	bench_hear(one);
	bench_say(one, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel");
	ck_assert_uint_eq(bench.turn.sent_len, 0);
	bench_hang_up(one);
	bench_hear(two);
	bench_say(two, OK);
	expect_reply(200, "hello");
}
END_TEST

START_TEST(a_slow_client_stops_the_backend)
{
	int one = bench_add();
	static char piece[60001];

	memset(piece, 'x', sizeof(piece) - 1);
	bench_ask("GET", "");
	bench_hear(one);
	bench.turn.slow = 1;
	bench_say(one, LONG_HEAD);
	bench_say(one, piece);
	ck_assert_uint_eq(bench.turn.sent_len, 0); /* the head alone was sent, and that was too much */
	turn_tell_drained(&bench.turn.turn);
	bench_turn();
	ck_assert_uint_eq(bench.turn.sent_len, 60000);
	turn_tell_gone(&bench.turn.turn);
}
END_TEST

START_TEST(a_client_that_leaves_ends_it)
{
	int one = bench_add();
	char byte;

	bench_ask("GET", "");
	bench_hear(one);
	turn_tell_gone(&bench.turn.turn);
	bench_turn();
	ck_assert_int_eq(recv(bench.peers[one], &byte, 1, 0), 0);
	ck_assert_uint_eq(bench.service->stats.by_code[0], 1);
}
END_TEST

START_TEST(no_answer_in_time)
{
	bench_add();
	bench.config->response_timeout_ms = 300;
	bench_ask("GET", "");
	turn_for(bench.base, 500);
	expect_problem(504, "in time");
}
END_TEST

/* --- waiting for a backend ------------------------------------------------------------------------------------- */

START_TEST(held_until_there_is_one)
{
	bench_ask("GET", "");
	ck_assert_uint_eq(bench.waiting, 1);
	ck_assert(!scripted_is_over(&bench.turn));
	int one = bench_add();
	exchange_release_held(bench.service);
	ck_assert_uint_eq(bench.waiting, 0);
	bench_hear(one);
	bench_say(one, OK);
	expect_reply(200, "hello");
}
END_TEST

START_TEST(held_for_so_long)
{
	bench.config->hold_ms = 300;
	bench_ask("GET", "");
	turn_for(bench.base, 500);
	expect_problem(503, "no container got ready in time");
	ck_assert_uint_eq(bench.waiting, 0);
}
END_TEST

START_TEST(held_and_left)
{
	bench_ask("GET", "");
	turn_tell_gone(&bench.turn.turn);
	ck_assert_uint_eq(bench.waiting, 0);
	ck_assert_uint_eq(bench.service->held_count, 0);
}
END_TEST

START_TEST(held_for_a_service_that_goes)
{
	bench_ask("GET", "");
	exchange_dismiss_held(bench.service);
	expect_problem(503, "taken out of the configuration");
}
END_TEST

/* --- two at once ----------------------------------------------------------------------------------------------- */

static void hedge(int one, int two)
{
	bench_ask("GET", "");
	bench_hear(one);
	pool_tell_missed(bench.backends[one]);
	bench_hear(two);
	ck_assert_uint_eq(bench.service->stats.hedged, 1);
}

static void expect_hung_up(int index)
{
	char byte;

	ck_assert_int_eq(recv(bench.peers[index], &byte, 1, 0), 0);
}

START_TEST(the_second_answers_first)
{
	int one = bench_add(), two = bench_add();

	hedge(one, two);
	bench_say(two, OK);
	expect_reply(200, "hello");
	expect_hung_up(one);
}
END_TEST

START_TEST(the_first_answers_after_all)
{
	int one = bench_add(), two = bench_add();

	hedge(one, two);
	bench_say(one, OK);
	expect_reply(200, "hello");
	expect_hung_up(two);
}
END_TEST

START_TEST(one_of_the_two_fails)
{
	int one = bench_add(), two = bench_add();

	hedge(one, two);
	bench_hang_up(one);
	ck_assert(!scripted_is_over(&bench.turn));
	bench_say(two, OK);
	expect_reply(200, "hello");
}
END_TEST

/* The client waits for one response timeout, not for one of each. */
START_TEST(two_wait_no_longer_than_one)
{
	int one = bench_add(), two = bench_add();

	bench.config->response_timeout_ms = 300;
	bench_ask("GET", "");
	bench_hear(one);
	turn_for(bench.base, 200);
	pool_tell_missed(bench.backends[one]);
	bench_hear(two);
	turn_for(bench.base, 220);
	expect_problem(504, "in time");
	expect_hung_up(two);
}
END_TEST

START_TEST(what_changes_something_is_not_hedged)
{
	int one = bench_add(), two = bench_add();

	bench_ask("PUT", "once");
	bench_hear(one);
	pool_tell_missed(bench.backends[one]);
	bench_hear_nothing(two);
	bench_say(one, OK);
	expect_reply(200, "hello");
}
END_TEST

UNIT_MAIN_WITH("exchange", bench_make, bench_clear, a_reply_goes_through, what_changes_nothing_is_sent_again,
               what_may_have_been_done_is_not, not_on_a_third, who_was_killed_is_forgiven, an_earlier_rule_is_forgotten,
               a_5xx_of_one_that_is_well_goes_through, a_5xx_of_one_that_is_ill_is_not, begun_then_broken_is_cut,
               small_and_broken_is_replaced, a_slow_client_stops_the_backend, a_client_that_leaves_ends_it,
               no_answer_in_time, held_until_there_is_one, held_for_so_long, held_and_left,
               held_for_a_service_that_goes, the_second_answers_first, the_first_answers_after_all,
               one_of_the_two_fails, two_wait_no_longer_than_one, what_changes_something_is_not_hedged)
