/* The supervisor on a fake engine: who ended a container, whom that excuses, and what is a crash loop. */
#include "tests/unit/orchestrator/fleet/supervisor_bench.h"

#include "common/clock.h"
#include "common/log.h"

#include <event2/event.h>
#include <signal.h>
#include <string.h>

/* Its process lives, and its connections are reset: we kill it, which is no operator's kill. */
START_TEST(our_own_kill_pardons_nobody)
{
	begin();
	for (int i = 0; i < 3; i++) {
		wait_settled();
		fake_by_name(bench.engine, "acts_0")->answer = FAKE_RESET;
		for (int ms = 0; ms < 2000 && supervisor_replacements(supervisor, REASON_PROBE_RESET) <= (unsigned)i;
		     ms++)
			bench_run(&bench, 1);
	}
	bench_run(&bench, 200);
	ck_assert_uint_eq(supervisor_replacements(supervisor, REASON_PROBE_RESET), 3);
	ck_assert_str_eq(view_of(0).state, "backing-off");
	wait_settled();
}
END_TEST

/* `docker restart`: it has ended, and runs again before it was removed. */
START_TEST(restarted_by_hand_it_is_killed)
{
	struct fake_container *old;
	char id[ENGINE_ID_SIZE];

	bench.engine->delay_us[FAKE_START] = 300000;
	begin();
	wait_settled();
	id_of("acts_0", id);
	old = fake_by_name(bench.engine, "acts_0");
	fake_kill(bench.engine, old, 143);
	bench_run(&bench, 20);
	fake_restart(bench.engine, old);
	bench_run(&bench, 100);
	ck_assert_uint_eq(fake_count(bench.engine, ENGINE_RUNNING), 0);
	check_replaced(id, REASON_EXITED);
}
END_TEST

/* 137 as well, and yet its own doing. */
START_TEST(want_of_memory_is_a_crash)
{
	begin();
	wait_settled();
	for (int i = 0; i < 3; i++) {
		wait_ready(1);
		fake_oom(bench.engine, fake_by_name(bench.engine, "acts_0"));
		ck_assert_uint_eq(supervisor_replacements(supervisor, REASON_OOM_KILLED), (unsigned)i);
		bench_run(&bench, 5);
		ck_assert_uint_eq(supervisor_replacements(supervisor, REASON_OOM_KILLED), (unsigned)i + 1);
		if (i < 2)
			wait_settled();
	}
	bench_run(&bench, 200);
	ck_assert_str_eq(view_of(0).state, "backing-off");
	wait_settled();
}
END_TEST

/* What an operator, or a chaos test, kills is no crash loop. */
START_TEST(kills_by_hand_do_not_back_off)
{
	begin();
	wait_settled();
	for (unsigned i = 0; i < 8; i++) {
		fake_kill(bench.engine, fake_by_name(bench.engine, "acts_0"), 137);
		wait_settled();
		ck_assert_uint_eq(view_of(0).faults, i + 1);
		ck_assert_int_ne(view_of(0).reason, REASON_CRASH_LOOP);
	}
}
END_TEST

static void count_back_offs(enum log_level level, const char *text, size_t len, void *arg)
{
	unsigned *count = arg;

	(void)level;
	*count += memmem(text, len, "event=backing-off", strlen("event=backing-off")) != NULL;
}

/* Two crashes, then one whose connections break first, and who killed it is heard later: nothing is said of a crash loop before
 * that. The next crash is one. */
START_TEST(a_kill_told_late_does_not_back_off)
{
	struct fake_container *old;
	unsigned told = 0;

	begin();
	log_listen(count_back_offs, &told);
	for (unsigned i = 0; i < 2; i++) {
		wait_settled();
		fake_kill(bench.engine, fake_by_name(bench.engine, "acts_0"), 1);
	}
	wait_settled();
	old = fake_by_name(bench.engine, "acts_0");
	fake_exit(bench.engine, old);
	for (int ms = 0; ms < 2000 && view_of(0).faults == 2; ms++)
		bench_run(&bench, 1);
	ck_assert_uint_eq(view_of(0).faults, 3);
	ck_assert_str_eq(view_of(0).state, "backing-off");
	fake_exit_over(bench.engine, old);
	wait_settled();
	ck_assert_uint_eq(told, 0);
	fake_kill(bench.engine, fake_by_name(bench.engine, "acts_0"), 1);
	bench_run(&bench, 100);
	ck_assert_uint_eq(told, 1);
	wait_settled();
	ck_assert_uint_eq(told, 1);
	log_listen(NULL, NULL);
}
END_TEST

/* docker stop, where the program ends in good order. */
START_TEST(stops_by_hand_do_not_back_off)
{
	begin();
	wait_settled();
	for (unsigned i = 0; i < 8; i++) {
		fake_signal(bench.engine, fake_by_name(bench.engine, "acts_0"), SIGTERM);
		bench_run(&bench, 20);
		ck_assert_uint_eq(view_of(0).faults, i);
		fake_kill(bench.engine, fake_by_name(bench.engine, "acts_0"), 0);
		wait_settled();
		ck_assert_uint_eq(view_of(0).faults, i + 1);
		ck_assert_int_ne(view_of(0).reason, REASON_CRASH_LOOP);
	}
}
END_TEST

/* Three that had ended by themselves, and were killed by us, for the engine did not say so: of our signal it tells. */
START_TEST(a_signal_for_a_dead_one_is_ours)
{
	struct fake_container *old;

	bench.engine->delay_us[FAKE_REMOVE] = 300000; /* on a busy machine, too, its end is told before it is removed */
	begin();
	for (int i = 0; i < 3; i++) {
		unsigned stops = bench.engine->calls[FAKE_STOP];

		wait_settled();
		old = fake_by_name(bench.engine, "acts_0");
		fake_exit(bench.engine, old);
		old->exit_code = 1;
		for (int ms = 0; ms < 3000 && bench.engine->calls[FAKE_STOP] == stops; ms++)
			bench_run(&bench, 1);
		ck_assert_uint_eq(bench.engine->calls[FAKE_STOP], stops + 1);
		bench_run(&bench, 10);
		fake_exit_over(bench.engine, old);
	}
	bench_run(&bench, 10);
	ck_assert_str_eq(view_of(0).state, "backing-off");
	wait_settled();
}
END_TEST

/* Three that were ill, and killed by us. */
START_TEST(a_signal_of_ours_is_nobody_elses)
{
	begin();
	wait_settled();
	for (int i = 0; i < 3; i++) {
		fake_by_name(bench.engine, "acts_0")->answer = FAKE_ILL;
		for (int ms = 0; ms < 5000 && view_of(0).faults == (unsigned)i; ms++)
			bench_run(&bench, 1);
		if (i < 2)
			wait_settled();
	}
	bench_run(&bench, 50);
	ck_assert_str_eq(view_of(0).state, "backing-off");
	wait_settled();
}
END_TEST

/* Told to stop, it says that it is ill before it ends. */
START_TEST(stopping_it_may_be_ill)
{
	struct fleet *fleet;
	unsigned told = 0;

	begin();
	log_listen(count_back_offs, &told);
	wait_settled();
	fleet = backend_fleet(view_of(0).backend);
	for (unsigned i = 0; i < 4; i++) {
		struct fake_container *container = fake_by_name(bench.engine, "acts_0");
		uint64_t serial = backend_serial(view_of(0).backend);

		fake_signal(bench.engine, container, SIGTERM);
		container->answer = FAKE_ILL;
		for (int ms = 0; ms < 3000 && view_of(0).faults == i; ms++)
			bench_run(&bench, 1);
		ck_assert_uint_eq(view_of(0).faults, i + 1);
		wait_settled();
		ck_assert_int_eq(fleet_fate(fleet, serial), FLEET_FATE_KILLED);
	}
	log_listen(NULL, NULL);
	ck_assert_uint_eq(told, 0);
	ck_assert_uint_eq(supervisor_replacements(supervisor, REASON_PROBE_STATUS), 4);
}
END_TEST

/* What happens next is so much later for those who look at the clock, and nobody waits for it. */
static void end_later(int seconds, int exit_code)
{
	bench.engine->delay_us[FAKE_START] = 20000;
	clock_fake(clock_us() + seconds * INT64_C(1000000));
	fake_kill(bench.engine, fake_by_name(bench.engine, "acts_0"), exit_code);
	for (int i = 0; i < 3; i++)
		event_base_loop(bench.base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	clock_fake(-1);
	bench.engine->delay_us[FAKE_START] = 1000;
}

/* A crash loop is over once a container was well for long, however that one ended. */
START_TEST(a_long_run_ends_a_crash_loop)
{
	begin();
	for (unsigned i = 0; i < 3; i++) {
		wait_settled();
		fake_kill(bench.engine, fake_by_name(bench.engine, "acts_0"), 1);
		bench_run(&bench, 5);
	}
	ck_assert_str_eq(view_of(0).state, "backing-off");
	wait_settled();
	end_later(31, 137);
	wait_settled();
	end_later(62, 1);
	ck_assert_uint_eq(view_of(0).faults, 5);
	ck_assert_int_ne(view_of(0).reason, REASON_CRASH_LOOP);
	wait_settled();
}
END_TEST

/* A process of it was killed for want of memory, and the container lived on. */
START_TEST(want_of_memory_is_forgotten)
{
	struct fleet *fleet;
	uint64_t serial;

	begin();
	wait_settled();
	fleet = backend_fleet(view_of(0).backend);
	serial = backend_serial(view_of(0).backend);
	fake_oom_lived(bench.engine, fake_by_name(bench.engine, "acts_0"));
	wait_ready(0);
	wait_ready(1);
	end_later(60, 137);
	ck_assert_int_eq(fleet_fate(fleet, serial), FLEET_FATE_KILLED);
	wait_settled();
	ck_assert_uint_eq(supervisor_replacements(supervisor, REASON_EXITED), 1);
}
END_TEST

/* The same, where nobody told of its end: the engine was away, and remembers the want of memory. */
START_TEST(want_of_memory_is_forgotten_while_the_engine_is_away)
{
	begin();
	for (unsigned i = 0; i < 4; i++) {
		struct fake_container *container;

		wait_settled();
		container = fake_by_name(bench.engine, "acts_0");
		clock_fake(clock_us() - 60000000);
		fake_oom_lived(bench.engine, container);
		clock_fake(-1);
		container->oom = true;
		wait_settled();
		bench.engine->down = true;
		bench.engine->observer.on_down("gone", bench.engine->observer.arg);
		fake_kill(bench.engine, container, 137);
		for (int ms = 0; ms < 2000 && view_of(0).faults == i; ms++)
			bench_run(&bench, 1);
		bench_run(&bench, 20);
		bench.engine->down = false;
		bench.engine->observer.on_up(bench.engine->observer.arg);
		wait_settled();
		ck_assert_uint_eq(view_of(0).faults, i + 1);
	}
	ck_assert(supervisor_times(supervisor)->sum < 0.5); /* a back-off takes as long */
}
END_TEST

/* An operator's kill of one that drains: no request that is on it did that. */
START_TEST(killed_while_it_drains)
{
	struct backend *held;
	struct fleet *fleet;
	uint64_t serial;

	bench.config.drain_ms = 3000;
	begin();
	wait_settled();
	scale_to(2);
	wait_settled();
	held = view_of(1).backend;
	fleet = backend_fleet(held);
	serial = backend_serial(held);
	request_on(held);
	scale_to(1);
	bench_run(&bench, 20);
	ck_assert_int_eq(backend_state(held), BACKEND_DRAINING);
	fake_kill(bench.engine, fake_by_name(bench.engine, "acts_1"), 137);
	ck_assert_int_eq(fleet_fate(fleet, serial), FLEET_FATE_KILLED);
	fleet_release(held, FLEET_FAILED);
	wait_settled();
}
END_TEST

static const struct {
	int signal; /* told before; 0 = none */
	int exit_code;
	enum fleet_fate fate;
} ends[] = {{0, 137, FLEET_FATE_KILLED},  {0, 143, FLEET_FATE_KILLED},     {0, 1, FLEET_FATE_ENDED},
            {0, 0, FLEET_FATE_ENDED},     {SIGTERM, 0, FLEET_FATE_KILLED}, {SIGQUIT, 1, FLEET_FATE_KILLED},
            {SIGHUP, 1, FLEET_FATE_ENDED}};

/* Signals come from somebody else, and no request that was on it is to blame. */
START_TEST(a_signal_acquits_its_requests)
{
	struct backend *backend;
	struct fleet *fleet;
	uint64_t serial;

	begin();
	wait_settled();
	backend = view_of(0).backend;
	fleet = backend_fleet(backend);
	serial = backend_serial(backend);
	if (ends[_i].signal != 0)
		fake_signal(bench.engine, fake_by_name(bench.engine, "acts_0"), ends[_i].signal);
	fake_kill(bench.engine, fake_by_name(bench.engine, "acts_0"), ends[_i].exit_code);
	bench_run(&bench, 5);
	ck_assert_int_eq(fleet_fate(fleet, serial), ends[_i].fate);
	wait_settled();
}
END_TEST

static bool is_located(void *arg)
{
	(void)arg;
	return bench.engine->calls[FAKE_INSPECT] > 0;
}

/* A container that somebody removed before it had an address, and nobody told of it, is no crash of its slot. */
START_TEST(vanished_before_it_served_is_no_crash)
{
	publish(REACH_BRIDGE);
	bench.engine->unlocated = true;
	bench.engine->silent = true;
	bench.engine->delay_us[FAKE_INSPECT] = 50000;
	bench.engine->fail_times[FAKE_INSPECT] = 1;
	bench.engine->fail_with[FAKE_INSPECT] = ENGINE_TIMEOUT;
	begin();
	ck_assert(bench_until(&bench, is_located, NULL, 2000));
	fake_remove(bench.engine, fake_by_name(bench.engine, "acts_0"));
	wait_settled();
	ck_assert_uint_eq(supervisor_replacements(supervisor, REASON_VANISHED), 1);
	ck_assert_uint_eq(supervisor_replacements(supervisor, REASON_EXITED), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("supervisor_ends");
	TCase *tcase = tcase_of(suite, "ends", 20);

	tcase_add_test(tcase, our_own_kill_pardons_nobody);
	tcase_add_test(tcase, restarted_by_hand_it_is_killed);
	tcase_add_test(tcase, want_of_memory_is_a_crash);
	tcase_add_test(tcase, kills_by_hand_do_not_back_off);
	tcase_add_test(tcase, stops_by_hand_do_not_back_off);
	tcase_add_test(tcase, a_signal_of_ours_is_nobody_elses);
	tcase_add_test(tcase, a_signal_for_a_dead_one_is_ours);
	tcase_add_test(tcase, stopping_it_may_be_ill);
	tcase_add_test(tcase, a_long_run_ends_a_crash_loop);
	tcase_add_test(tcase, want_of_memory_is_forgotten);
	tcase_add_test(tcase, want_of_memory_is_forgotten_while_the_engine_is_away);
	tcase_add_test(tcase, killed_while_it_drains);
	tcase_add_test(tcase, a_kill_told_late_does_not_back_off);
	tcase_add_test(tcase, vanished_before_it_served_is_no_crash);
	tcase_add_loop_test(tcase, a_signal_acquits_its_requests, 0, sizeof(ends) / sizeof(ends[0]));
	return run_suite(suite);
}
